/**
 * The bench: icefloe beside the official engine, case by case.
 *
 *   node bench/run.mjs [--short] [--rounds N] [--node 20,24] [--case PART]... [--json FILE]
 *                      [--counts] [--against FOLDER]
 *
 * Each phase runs in a process of its own and within a bound; within a round all engines run one
 * after the other, in one order, then in the other. Figures are medians over the rounds, ratios the
 * median of each round's ratio; what is measured at n, 2n and 4n runs once. `--short` makes
 * everything tiny and checks only that it works. `--against` compares with another checkout of
 * icefloe, installed and built, in place of the official engine. `bench/document.mjs` makes
 * docs/performance.md of the JSON.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { checkRequirements } from "../scripts/check-node.mjs";
import { finish } from "../scripts/lane.mjs";
import { installOracles } from "../scripts/oracles.mjs";
import { prepare, ROOT } from "../scripts/prepare.mjs";
import { besideOther, loadCases } from "./cases.mjs";
import { summarise } from "./figures.mjs";
import { RUNNING_NODE, runPhase, versionOfNode } from "./phase.mjs";
import { allTables, countTable, machineLine } from "./table.mjs";

const { values: options } = parseArgs({
  options: {
    short: { type: "boolean", default: false },
    rounds: { type: "string", default: "3" },
    node: { type: "string", default: RUNNING_NODE },
    case: { type: "string", multiple: true, default: [] },
    json: { type: "string", default: join(ROOT, ".cache", "bench.json") },
    counts: { type: "boolean", default: false },
    against: { type: "string" },
  },
});

checkRequirements();
prepare();
const against = options.against && resolve(options.against);
if (against === undefined) installOracles();
const outcome = { passed: 0, failed: 0, failures: [] };
const report = {
  machine: { cpus: cpus().length, model: cpus()[0].model, loadBefore: loadavg() },
  nodes: Object.fromEntries(options.node.split(",").map((node) => [node, versionOfNode(node)])),
  other: against === undefined ? "official" : "before",
  rounds: options.short ? 1 : Number(options.rounds),
  short: options.short,
  cases: [],
};
for (const bench of await loadCases()) {
  if (!isChosen(bench.name)) continue;
  report.cases.push(runCase(against === undefined ? bench : besideOther(bench, against)));
  report.machine.loadAfter = loadavg();
  mkdirSync(dirname(options.json), { recursive: true });
  writeFileSync(options.json, `${JSON.stringify(report, undefined, 2)}\n`);
}
const tables = options.short ? [] : [machineLine(report), ...allTables(report)];
if (options.counts || options.short) tables.push(countTable(report));
process.stdout.write(`\n${tables.filter(Boolean).join("\n\n")}\n\nwritten to ${options.json}\n`);
finish([outcome]);

function isChosen(name) {
  return options.case.length === 0 || options.case.some((part) => name.includes(part));
}

/** A case on every Node and engine; cases with growth for each of their sizes, in one round. */
function runCase(bench) {
  const { name, title, rounds = bench.growth?.length > 0 ? 1 : report.rounds } = bench;
  const nodes = (!options.short && bench.nodes) || Object.keys(report.nodes);
  const chosen = options.short ? bench.sizes.short : bench.sizes.full;
  const folder = mkdtempSync(join(tmpdir(), "icefloe-bench-"));
  const beganMs = performance.now();
  const results = [];
  let counts;
  try {
    for (const size of [chosen].flat()) {
      const shared = writeShared(bench, { size, folder, nodes });
      for (let round = 0; round < rounds; round++)
        runRound(bench, { size, folder, nodes, round, shared, results });
    }
    const [side] = Object.keys(bench.sides);
    const run = { size: [chosen].flat().at(-1), folder, node: nodes[0], counted: true };
    if (options.counts || options.short) counts = runSide(bench, side, run).phases;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const seconds = Math.round((performance.now() - beganMs) / 1000);
  process.stderr.write(`${name}: ${seconds} s\n`);
  return { name, title, nodes, seconds, ...summarise(bench, results, nodes), results, counts };
}

/** Writes what the sides share, each in a folder of its own; the outcomes by name. */
function writeShared(bench, { size, folder, nodes }) {
  const outcomes = {};
  for (const [name, { phase, node, ...side }] of Object.entries(bench.shared ?? {})) {
    const own = join(folder, name);
    const isFirst = mkdirSync(own, { recursive: true }) !== undefined;
    const run = { size, folder: own, node: (!options.short && node) || nodes[0], isFirst };
    outcomes[name] = attempt(bench, `${name}, for all`, { ...side, steps: [phase] }, run);
  }
  return outcomes;
}

function runRound(bench, { size, folder, nodes, round, shared, results }) {
  const sides = Object.entries(bench.sides);
  if (round % 2 === 1) sides.reverse();
  for (const node of nodes) {
    for (const [side, of] of sides) {
      const own = results.filter((result) => result.side === side);
      const found =
        unusable(shared[of.at]) ??
        // What took too long once is not tried again, nor with more.
        own.find((result) => result.node === node && result.tookLonger !== undefined) ??
        // Python does not depend on Node.
        (of.engine === "python"
          ? own.find((result) => result.n === size.n && result.round === round)
          : undefined) ??
        runSide(bench, side, { size, folder, node });
      results.push({ ...found, n: size.n, node, round, side });
    }
  }
}

function unusable(outcome) {
  return outcome?.phases === undefined ? outcome : undefined;
}

/** One side once, in the folder that it shares or in one of its own. */
function runSide(bench, name, { folder, ...run }) {
  const side = bench.sides[name];
  const steps = bench.steps ?? Object.keys(bench.phases);
  const what = `${name}, Node ${run.node}${run.size.n ? `, n = ${run.size.n}` : ""}`;
  if (side.at !== undefined)
    return attempt(bench, what, { ...side, steps }, { ...run, folder: join(folder, side.at) });
  const own = mkdtempSync(join(folder, "own-"));
  try {
    return attempt(bench, what, { ...side, steps }, { ...run, folder: own });
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}

/** `{ phases }` with what each step has measured, `{ tookLonger }` or `{ failed }`. */
function attempt(bench, what, { steps, ...side }, run) {
  process.stderr.write(`${bench.name}: ${what}\n`);
  const phases = {};
  try {
    for (const phase of steps) {
      phases[phase] = runPhase(bench, side, { ...run, phase });
      const { tookLonger } = phases[phase];
      if (tookLonger === undefined) continue;
      if (options.short) throw new Error(`${phase} took longer than ${tookLonger} s`);
      process.stderr.write(`${bench.name}: ${phase} took longer than ${tookLonger} s\n`);
      return { tookLonger, phase };
    }
  } catch ({ message }) {
    outcome.failed++;
    outcome.failures.push({ name: `${bench.name}: ${what}`, message });
    return { failed: message };
  }
  outcome.passed++;
  return { phases };
}
