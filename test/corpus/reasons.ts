/** Why files of the corpus are not equal, in the words of `docs/xarray.md` "Files from the wild". */
import type { Outcome, Verdict } from "./copy.ts";

interface Reason {
  readonly text: string;
  readonly applies: (found: Outcome) => boolean;
}

/** The first that applies is the reason. */
const REASONS: readonly Reason[] = [
  {
    text: "its type is compound, opaque or variable-length",
    applies: ({ outcome, why }) =>
      outcome === "refused" && /its type is (compound|opaque|variable-length)/.test(why),
  },
  {
    text: "attributes that are NaN or infinite have no form in JSON",
    applies: ({ outcome, why }) => outcome === "refused" && /JSON has no form for/.test(why),
  },
  {
    text: "an attribute of a compound or enumerated type is left out",
    applies: ({ why }) => /Attributes only on the left object:\s+\S+: (\(\(|\[0 3 8\])/.test(why),
  },
  {
    text: "what is packed by a float32 is decoded in float64 from JSON",
    applies: ({ why }) => /float32 in the file, float64|L .* float32 .*\n *R .* float64 /.test(why),
  },
  {
    text: "units with a time and a zone, which xarray takes for the time",
    applies: ({ why }) =>
      /L +time_offset .* datetime64.*\n *R +time_offset .* datetime64/.test(why),
  },
  {
    text: "integers with a missing_value of text are floats in xarray",
    applies: ({ why }) => /^dtype of \w+: float64 in the file, int\d+ in the other/.test(why),
  },
  {
    text: "characters and strings that equal their _FillValue are NaN in xarray",
    applies: ({ why }) => /L +\S+ +\(\w+\) object /.test(why),
  },
];
/** Of copies alone, where nothing else explains them. */
const OWN: Reason = {
  text: "xarray's own copy is not equal either",
  applies: () => true,
};

const UNEXPLAINED = "unexplained";
/** What these files never wrote is what happens to lie in the memory of xarray's library. */
const NEVER_WRITTEN =
  /(f03tst_open_mem|ref_tst_special_atts3\.netcdf4|compliance_checker\/tests\/data\/bad_missing_data)\.nc$/;
/** ncgen has made these from CDL texts; the others are files as they were shipped. */
const MADE = /\.(classic|offset64|cdf5|netcdf4)\.nc$/;

/** Whether xarray gives the same file twice. */
export function isJudged(file: string, { closed }: Verdict): boolean {
  return closed === "" && !NEVER_WRITTEN.test(file);
}

/** A verdict in the words of `outcomes.json`; "equal" where there is nothing to explain. */
export function explain(file: string, verdict: Verdict): string {
  const { closed, opened, copied, own } = verdict;
  if (closed !== "") return "xarray does not open it";
  if (!isJudged(file, verdict)) return "xarray shows values that were never written";
  const said = [
    reasonOf("opened", opened, REASONS),
    reasonOf("copied", copied, own === "" ? REASONS : [...REASONS, OWN]),
  ];
  return said.filter((each) => each !== "").join("; ") || "equal";
}

function reasonOf(what: string, found: Outcome, reasons: readonly Reason[]): string {
  if (found.outcome === "equal") return "";
  const reason = reasons.find(({ applies }) => applies(found));
  return `${what}: ${found.outcome}, ${reason?.text ?? UNEXPLAINED}`;
}

/** The tables of `docs/xarray.md`: how many files have which outcome, and why. */
export function tablesOf(verdicts: ReadonlyMap<string, Verdict>): string {
  const all = [...verdicts];
  const kinds = [
    ["as shipped", all.filter(([file]) => !MADE.test(file))],
    ["made from CDL", all.filter(([file]) => MADE.test(file))],
    ["all", all],
  ] as const;
  const rows = kinds.flatMap(([name, files]) => {
    const judged = files
      .filter(([file, verdict]) => isJudged(file, verdict))
      .map(([, verdict]) => verdict);
    const copiable = judged.filter(({ own }) => own === "");
    return [
      rowOf(`${name}: opened`, judged, ({ opened }) => opened),
      rowOf(`${name}: copied`, judged, ({ copied }) => copied),
      rowOf(`${name}: copied, of those that xarray can copy`, copiable, ({ copied }) => copied),
    ];
  });
  const head = "| files | of | equal | | different | refused |\n|---|---|---|---|---|---|\n";
  return `${head}${rows.join("")}\n${reasonsOf(all.map(([file, found]) => explain(file, found)))}`;
}

function rowOf(
  name: string,
  verdicts: readonly Verdict[],
  part: (verdict: Verdict) => Outcome,
): string {
  const outcomes = verdicts.map(part);
  const count = (wanted: string) => outcomes.filter(({ outcome }) => outcome === wanted).length;
  const share = `${((100 * count("equal")) / outcomes.length).toFixed(1)} %`;
  const cells = [name, outcomes.length, count("equal"), share, count("different")];
  return `| ${[...cells, count("refused")].join(" | ")} |\n`;
}

function reasonsOf(said: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const text of said.flatMap((each) => each.split("; "))) {
    if (text !== "equal") counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const sorted = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const lines = sorted.map(([text, count]) => `| ${text} | ${count} |\n`);
  return `| not equal | files |\n|---|---|\n${lines.join("")}`;
}
