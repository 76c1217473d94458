/** The tables of a report, as Markdown. */
import { isRate } from "./figures.mjs";

const MISSED = "**missed**";

/** Under which conditions it was measured, one line. */
export function machineLine({ machine, nodes, rounds }) {
  const { cpus, model, loadBefore, loadAfter } = machine;
  const load = [loadBefore, loadAfter].map(([minute]) => minute.toFixed(1)).join(" before and ");
  return `${cpus} x ${model}, Node ${Object.values(nodes).join(" and ")}, load ${load} after, medians of ${rounds} rounds`;
}

/** All tables; cases that were run on the same versions of Node share one. */
export function allTables({ cases, other }) {
  const sets = [...new Set(cases.map(({ nodes }) => nodes.join()))];
  const groups = sets.map((set) => cases.filter(({ nodes }) => nodes.join() === set));
  const tables = [figureTable, growthTable].flatMap((make) =>
    groups.map((group) => make(group, group[0].nodes, other)),
  );
  return tables.filter((made) => made !== undefined);
}

function figureTable(cases, nodes, other) {
  const head = ["case", "figure", ...nodes.map((node) => `Node ${node}: icefloe / ${other}`)];
  const rows = cases.flatMap(({ name, title, figures }) =>
    figures.map((figure, at) => [
      at === 0 ? `\`${name}\`: ${title}` : "",
      figure.label,
      ...nodes.map((node) => figureCell(figure, figure.byNode[node])),
      reachOf(figure),
      markOf(figure),
    ]),
  );
  return table([...head, "reach", ""], rows);
}

function figureCell({ unit }, { ours, other, ratio, spread }) {
  const both = `${plain(ours)} / ${withUnit(other, unit)}`;
  if (ratio === undefined) return both;
  const range = spread.map((value) => plain(value, 2)).join("–");
  return `**${plain(ratio)}** (${range}): ${both}`;
}

function reachOf({ unit, reach, most, exponent }) {
  if (exponent !== undefined) return `≤ n^${exponent}`;
  if (most !== undefined) return `at most ${most}`;
  if (reach === undefined) return "";
  return `${isRate(unit) ? "≥" : "≤"} ${reach}`;
}

function markOf({ isMet }) {
  return isMet === undefined ? "" : isMet ? "met" : MISSED;
}

/** What grows with n: the values, and e of n^e; then the ratios, engine by engine. */
function growthTable(cases, nodes, other) {
  const rows = cases.flatMap(({ name, title, growth }) =>
    growth.flatMap((figure, at) => {
      const cells = (write) => nodes.map((node) => write(figure.byNode[node]));
      const hasOther = nodes.some((node) => figure.byNode[node].other.values.some(isFound));
      const ours = [
        at === 0 ? `\`${name}\`: ${title}` : "",
        figure.label,
        figure.n.map((value) => plain(value)).join(", "),
        "icefloe",
        ...cells(({ ours: values }) => growthCell(figure, values)),
        reachOf(figure),
        markOf(figure),
      ];
      if (!hasOther) return [ours];
      const beside = ["", "", "", other, ...cells(({ other: of }) => growthCell(figure, of))];
      const ratios = cells((found) => found.ratios.map((value) => plain(value)).join(", "));
      const ratio = ["", "", "", "ratio", ...ratios];
      return [ours, [...beside, "", ""], [...ratio, "", ""]];
    }),
  );
  const head = ["case", "figure", "n", "", ...nodes.map((node) => `Node ${node}`), "reach", ""];
  return table(head, rows);
}

const isFound = (value) => value !== undefined && value !== null;

function growthCell({ unit }, { values, exponent }) {
  if (!values.some(isFound)) return "–";
  const all = values.map((value) => withUnit(value, unit)).join(", ");
  if (!isFound(exponent)) return all;
  const steps = values.slice(1).map((value, at) => `×${(value / values[at]).toPrecision(2)}`);
  return `${all}: ${steps.join(", ")}: **n^${exponent.toFixed(2)}**`;
}

function withUnit(value, unit) {
  return value?.tookLonger === undefined ? `${plain(value)} ${unit}`.trim() : plain(value);
}

function plain(value, digits = 3) {
  if (!isFound(value) || Number.isNaN(value)) return "–";
  if (value.tookLonger !== undefined) return `over ${value.tookLonger} s`;
  return value >= 100
    ? Math.round(value).toLocaleString("en")
    : String(Number(value.toPrecision(digits)));
}

/** The table of requests and bytes of icefloe's phases, which are exact. */
export function countTable({ cases }) {
  const rows = cases.flatMap(({ name, counts = {} }) =>
    Object.entries(counts)
      .filter(([, { counts: found }]) => found !== undefined)
      .map(([phase, { counts: found }]) => {
        const { requests, sentBytes, receivedBytes, byOperation } = found;
        const operations = Object.entries(byOperation).map(([key, count]) => `${key} ${count}`);
        return [name, phase, requests, sentBytes, receivedBytes, operations.join(", ")];
      }),
  );
  const head = ["case", "phase", "requests", "sent bytes", "received bytes", "by operation"];
  return table(head, rows);
}

function table(head, rows) {
  if (rows.length === 0) return undefined;
  const line = (cells) => `| ${cells.join(" | ")} |`;
  return [line(head), `|${head.map(() => "---").join("|")}|`, ...rows.map(line)].join("\n");
}
