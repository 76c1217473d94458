/** Medians, ratios, growth and marks, from the results of a case. */

/** The figures and the growth of a case, each for every Node. */
export function summarise(bench, results, nodes) {
  const { figures = [], growth = [] } = bench;
  return {
    figures: figures.map((figure) => summariseFigure(figure, results, nodes)),
    growth: growth.map((figure) => summariseGrowth(figure, results, nodes)),
  };
}

function summariseFigure(figure, results, nodes) {
  const { label, unit, of, reach, most, side = "icefloe", other = "official" } = figure;
  const byNode = Object.fromEntries(
    nodes.map((node) => {
      const ofNode = results.filter((result) => result.node === node);
      const ours = valuesOf(ofNode, side, of);
      const theirs = valuesOf(ofNode, other, of);
      const ratios = most === undefined ? ratiosOf(ours, theirs) : [];
      const spread = ratios.length > 0 ? [Math.min(...ratios), Math.max(...ratios)] : undefined;
      return [node, { ours: middle(ours), other: middle(theirs), ratio: median(ratios), spread }];
    }),
  );
  const isMet = every(
    Object.values(byNode).map((found) =>
      most === undefined ? isReached(found, reach, unit) : found.ours <= most,
    ),
  );
  const name = side.startsWith("icefloe") ? label : `${label} (${side})`;
  return { label: name, unit, reach, most, isMet, byNode };
}

/** What each round has found: a number, `{ tookLonger }`, or nothing where it failed. */
function valuesOf(results, side, of) {
  return results
    .filter((result) => result.side === side)
    .sort((a, b) => a.round - b.round)
    .map(({ phases, tookLonger }) =>
      tookLonger !== undefined ? { tookLonger } : phases && of(phases),
    );
}

const isNumber = (value) => typeof value === "number";

function ratiosOf(ours, theirs) {
  return ours.map((value, at) => value / theirs[at]).filter((ratio) => Number.isFinite(ratio));
}

/** The median; but of rounds of which one took too long, that. */
function middle(values) {
  return values.find((value) => value?.tookLonger !== undefined) ?? median(values.filter(isNumber));
}

function median(values) {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** Rates shall be high, all else low. */
export const isRate = (unit) => unit.endsWith("/s");

/** `undefined` without a mark, and if it was the other engine that did not come to an end. */
function isReached({ ours, ratio }, reach, unit) {
  if (reach === undefined || (isNumber(ours) && ratio === undefined)) return undefined;
  return isRate(unit) ? ratio >= reach : ratio <= reach;
}

/** Whether all are met; `undefined` if none is missed, but one is not known. */
function every(marks) {
  if (marks.includes(false)) return false;
  return marks.includes(undefined) ? undefined : true;
}

function summariseGrowth(figure, results, nodes) {
  const { label, unit, of, exponent, side = "icefloe", other = "official" } = figure;
  const n = [...new Set(results.map((result) => result.n))];
  const byNode = Object.fromEntries(
    nodes.map((node) => {
      const at = (name) =>
        n.map((size) =>
          middle(
            valuesOf(
              results.filter((result) => result.node === node && result.n === size),
              name,
              of,
            ),
          ),
        );
      const [ours, theirs] = [at(side), at(other)];
      return [
        node,
        {
          ours: { values: ours, exponent: exponentOf(n, ours) },
          other: { values: theirs, exponent: exponentOf(n, theirs) },
          ratios: ours.map((value, i) => value / theirs[i]),
        },
      ];
    }),
  );
  const isMet = exponent && Object.values(byNode).every(({ ours }) => ours.exponent <= exponent);
  return { label, unit, n, exponent, isMet, byNode };
}

/** e of values that grow as n^e between the first and the last; `undefined` unless all are there. */
function exponentOf(n, values) {
  if (!values.every(isNumber)) return undefined;
  return Math.log(values.at(-1) / values[0]) / Math.log(n.at(-1) / n[0]);
}
