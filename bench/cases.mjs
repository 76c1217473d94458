/** All cases; and what becomes of one beside another checkout of icefloe. */

const FILES = [
  "virtual-refs",
  "inline-chunks",
  "cold-open",
  "native-chunks",
  "commits",
  "history",
  "forks",
  "merges",
  "nodes",
  "large-manifests",
];

/** Every case, with the file in which `child.mjs` finds its phases. */
export async function loadCases() {
  const loaded = [];
  for (const name of FILES) {
    const { cases } = await import(`./cases/${name}.mjs`);
    loaded.push(...cases.map((bench) => ({ ...bench, file: `${name}.mjs` })));
  }
  return loaded;
}

/** The case with icefloe's own sides, each beside the same of the checkout `root`; nothing to reach. */
export function besideOther(bench, root) {
  const { sides, shared = {}, figures = [], growth = [] } = bench;
  const isOurs = ({ engine }) => engine === "icefloe";
  const keptShared = Object.entries(shared).filter(([, writer]) => isOurs(writer));
  const names = new Set(keptShared.map(([name]) => name));
  const own = Object.entries(sides).filter(
    ([, side]) => isOurs(side) && (side.at === undefined || names.has(side.at)),
  );
  const ownNames = new Set(own.map(([side]) => side));
  const beside = (figure) => {
    const { side = "icefloe" } = figure;
    const other = `${side} before`;
    return { ...figure, side, other, reach: undefined, exponent: undefined };
  };
  const isKept = ({ side = "icefloe", other = "official", most }) =>
    ownNames.has(side) && sides[other]?.engine !== "bare" && most === undefined;
  return {
    ...bench,
    shared: Object.fromEntries(keptShared),
    sides: Object.fromEntries(
      own.flatMap(([side, of]) => [
        [side, of],
        [`${side} before`, { ...of, root }],
      ]),
    ),
    figures: figures.filter(isKept).map(beside),
    growth: growth.filter(isKept).map(beside),
  };
}
