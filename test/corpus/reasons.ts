/** Why files of the corpus are not equal, in the words of `docs/xarray.md` "Files from the wild". */
import type { Outcome, Verdict } from "./copy.ts";

interface Reason {
  readonly text: string;
  readonly applies: (found: Outcome, own: string) => boolean;
}

/** The first that applies is the reason. */
const REASONS: readonly Reason[] = [
  {
    text: "a type that is compound, opaque or variable-length",
    applies: ({ outcome, why }) =>
      outcome === "refused" && /its type is (compound|opaque|variable-length)/.test(why),
  },
];
/** Of copies alone. */
const OWN: Reason = { text: "xarray's copy is not equal either", applies: (_, own) => own !== "" };

const UNEXPLAINED = "unexplained";
/** ncgen has made these from CDL texts; the others are files as they were shipped. */
const MADE = /\.(classic|offset64|cdf5|netcdf4)\.nc$/;

/** A verdict in the words of `outcomes.json`; "equal" where there is nothing to explain. */
export function explain({ closed, opened, copied, own }: Verdict): string {
  if (closed !== "") return "xarray does not open it";
  const said = [
    reasonOf("opened", opened, own, REASONS),
    reasonOf("copied", copied, own, [...REASONS, OWN]),
  ];
  return said.filter((each) => each !== "").join("; ") || "equal";
}

function reasonOf(what: string, found: Outcome, own: string, reasons: readonly Reason[]): string {
  if (found.outcome === "equal") return "";
  const reason = reasons.find(({ applies }) => applies(found, own));
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
  const rows = kinds.flatMap(([name, of]) => {
    const judged = of.map(([, verdict]) => verdict).filter(({ closed }) => closed === "");
    return [
      rowOf(
        `${name}: opened`,
        judged.map(({ opened }) => opened),
      ),
      rowOf(
        `${name}: copied`,
        judged.map(({ copied }) => copied),
      ),
      rowOf(
        `${name}: copied, those that xarray copies`,
        judged.filter(({ own }) => own === "").map(({ copied }) => copied),
      ),
    ];
  });
  const head = "| files | of | equal | | different | refused |\n|---|---|---|---|---|---|\n";
  return `${head}${rows.join("")}\n${reasonsOf(all.map(([, verdict]) => explain(verdict)))}`;
}

function rowOf(name: string, outcomes: readonly Outcome[]): string {
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
