/** What the bench makes of its measurements: ratios, growth, marks, and a document that forgets none. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "./source-tree.ts";

/** What an expression over the exports of a module of the bench yields; JSON holds no `undefined`. */
function evaluate(module: string, expression: string): unknown {
  const url = JSON.stringify(join(ROOT, "bench", module));
  const program = `import(${url}).then((bench) => console.log(JSON.stringify(${expression})))`;
  const { stdout, stderr } = spawnSync(process.execPath, ["-e", program], { encoding: "utf8" });
  expect(stderr).toBe("");
  return JSON.parse(stdout);
}

type Result = Record<string, unknown>;

function summarise(bench: Record<string, unknown[]>, results: readonly Result[]) {
  const figures = `[...(${JSON.stringify(bench["figures"] ?? [])}), ...(${JSON.stringify(bench["growth"] ?? [])})]`;
  const kind = bench["figures"] === undefined ? "growth" : "figures";
  const withOf = `{ ${kind}: ${figures}.map((figure) => ({ ...figure, of: (r) => r.go.ms })) }`;
  const call = `bench.summarise(${withOf}, ${JSON.stringify(results)}, ["20"]).${kind}[0]`;
  return evaluate("figures.mjs", call) as { isMet?: boolean; byNode: { 20: Result } };
}

const took = (side: string, round: number, ms: number, n?: number): Result => {
  return { node: "20", side, round, n, phases: { go: { ms } } };
};

test("a ratio is the median of each round's ratio", () => {
  const rounds = [took("icefloe", 0, 1), took("official", 0, 2)].concat(
    [took("icefloe", 1, 9), took("official", 1, 10)],
    [took("official", 2, 100), took("icefloe", 2, 10)],
  );
  const { byNode, isMet } = summarise({ figures: [{ unit: "ms", reach: 0.4 }] }, rounds);

  expect({ ...byNode[20], isMet }).toEqual({
    ours: 9,
    other: 10,
    ratio: 0.5,
    spread: [0.1, 0.9],
    isMet: false,
  });
});

test("what took longer than its bound misses its mark; beside what did, nothing is known", () => {
  const slow = (side: string): Result => ({ node: "20", side, round: 0, tookLonger: 60 });
  const bench = { figures: [{ unit: "ms", reach: 0.4 }] };

  expect(summarise(bench, [slow("icefloe"), took("official", 0, 1)]).isMet).toBe(false);
  expect(summarise(bench, [took("icefloe", 0, 1), slow("official")]).isMet).toBeUndefined();
});

test("growth is the exponent between the first and the last size", () => {
  const results = [
    took("icefloe", 0, 10, 1),
    took("icefloe", 0, 40, 2),
    took("icefloe", 0, 160, 4),
  ];
  const { byNode, isMet } = summarise({ growth: [{ unit: "ms", exponent: 1.25 }] }, results);

  expect(byNode[20]["ours"]).toEqual({ values: [10, 40, 160], exponent: 2 });
  expect(isMet).toBe(false);
});

test("a missed figure without an item that says why is a problem, and so is another number in README.md", () => {
  const tables = [
    "| `commits`: many | written | 1 | ≥ 2 | **missed** |",
    "|  | read | 1 | ≥ 2 | **missed** |",
    "|  | listed | 1 | ≥ 1 | met |",
  ].join("\n");
  const document = `<!-- tables: begin, made by bench/document.mjs -->\n<!-- tables: end -->\n
- \`commits\`: *written*: the disk\n  is slow`;
  const problems = `bench.findProblems(bench.withTables(${JSON.stringify(document)}, ${JSON.stringify(tables)}), "1 of 3 figures miss their mark")`;

  expect(evaluate("marks.mjs", problems)).toEqual([
    "docs/performance.md: no item says why `commits` misses *read*",
    'README.md: "1 of 3 figures miss their mark", not "2 of 3 figures miss their mark"',
  ]);
});
