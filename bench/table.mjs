/** Medians, ratios and marks, and how they are printed. */

/** The figures of one case, from the results of its rounds. */
export function summarise(bench, rounds) {
  return bench.figures.map(
    ({ label, unit, of, reach, most, side = "icefloe", other = "official" }) => {
      const complete = rounds.filter((round) => round[side] && round[other]);
      const ours = complete.map((round) => of({ ...round[side] }));
      const official = complete.map((round) => of(round[other]));
      const ratios = most === undefined ? ours.map((value, at) => value / official[at]) : [];
      const ratio = median(ratios);
      return {
        label: side === "icefloe" ? label : `${label} (${side})`,
        unit,
        ours: median(ours),
        official: median(official),
        ratio,
        spread: ratios.length > 0 ? [Math.min(...ratios), Math.max(...ratios)] : [],
        reach,
        isMet: most === undefined ? isReached(ratio, reach, unit) : Math.max(...ours) <= most,
      };
    },
  );
}

/** Rates shall be high, all else low. */
function isReached(ratio, reach, unit) {
  if (reach === undefined || ratio === undefined) return undefined;
  return unit.endsWith("/s") ? ratio >= reach : ratio <= reach;
}

function median(values) {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The table of figures, as Markdown. */
export function printFigures({ machine, other, rounds, cases }) {
  const { cpus, model, node, loadBefore, loadAfter } = machine;
  const load = [loadBefore, loadAfter].map(([minute]) => minute.toFixed(1)).join(" to ");
  const lines = [
    `${cpus} x ${model}, Node ${node}, load ${load}, ${rounds} rounds`,
    "",
    `| case | figure | icefloe | ${other} | ratio | spread | reach | |`,
    "|---|---|---:|---:|---:|---:|---:|---|",
  ];
  for (const { title, figures } of cases) {
    for (const figure of figures) {
      const { label, unit, ours, official, ratio, spread, reach, isMet } = figure;
      const target = reach === undefined ? "" : `${unit.endsWith("/s") ? ">=" : "<="} ${reach}`;
      const mark = isMet === undefined ? "" : isMet ? "met" : "**missed**";
      const range = spread.map((value) => value.toPrecision(2)).join("–");
      const cells = [
        title,
        label,
        `${plain(ours)} ${unit}`,
        `${plain(official)} ${unit}`,
        ratio === undefined ? "" : ratio.toPrecision(3),
        range,
        target,
        mark,
      ];
      lines.push(`| ${cells.join(" | ")} |`);
    }
  }
  process.stdout.write(`\n${lines.join("\n")}\n`);
}

function plain(value) {
  if (value === undefined) return "–";
  return value === 0
    ? "0"
    : value >= 100
      ? Math.round(value).toLocaleString("en")
      : value.toPrecision(3);
}

/** Requests and bytes of icefloe's phases, as Markdown. */
export function printCounts({ cases }) {
  const lines = [
    "| case | phase | requests | sent bytes | received bytes | by operation |",
    "|---|---|---:|---:|---:|---|",
  ];
  for (const { title, counts = {} } of cases) {
    for (const [phase, { counts: found }] of Object.entries(counts)) {
      if (found === undefined) continue;
      const { requests, sentBytes, receivedBytes, byOperation } = found;
      const operations = Object.entries(byOperation).map(([name, count]) => `${name} ${count}`);
      const cells = [title, phase, requests, sentBytes, receivedBytes, operations.join(", ")];
      lines.push(`| ${cells.join(" | ")} |`);
    }
  }
  process.stdout.write(`\n${lines.join("\n")}\n`);
}
