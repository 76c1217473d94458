/**
 * The bench: icefloe beside the official engine, case by case.
 *
 *   node bench/run.mjs [--short] [--rounds N] [--case PART]... [--json FILE] [--counts]
 *                       [--against FOLDER]
 *
 * Each phase runs in a process of its own; within a round both engines run one after the other,
 * first one first, then the other. Figures are medians over the rounds, ratios the median of each
 * round's ratio. `--short` makes everything tiny and checks only that it works. `--against` compares
 * with another checkout of icefloe, installed and built, in place of the official engine.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { checkRequirements } from "../scripts/check-node.mjs";
import { finish } from "../scripts/lane.mjs";
import { installOracles } from "../scripts/oracles.mjs";
import { prepare, ROOT } from "../scripts/prepare.mjs";
import { printCounts, printFigures, summarise } from "./table.mjs";

const FILES = ["virtual-refs", "inline-chunks", "native-chunks", "commits", "forks"];
const ROUNDS_MIN = 5;
const HERE = import.meta.dirname;
const SHIM = join(ROOT, ".cache", "oracle-npm", "glibc-shim.so");
const PYTHON = join(ROOT, ".cache", "oracle", "bin", "python");

const { values: options } = parseArgs({
  options: {
    short: { type: "boolean", default: false },
    rounds: { type: "string", default: String(ROUNDS_MIN) },
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
const { cases: all } = await loadCases();
const chosen = all.filter(({ name }) => isChosen(name));
const rounds = options.short ? 1 : Number(options.rounds);
const other = against === undefined ? "official" : "before";
const report = { machine: machine(), other, rounds, short: options.short, cases: [] };
const outcome = { passed: 0, failed: 0 };
for (const bench of chosen) {
  report.cases.push(runCase(bench));
  report.machine.loadAfter = loadavg();
  mkdirSync(dirname(options.json), { recursive: true });
  writeFileSync(options.json, `${JSON.stringify(report, undefined, 2)}\n`);
}
if (!options.short) printFigures(report);
if (options.counts || options.short) printCounts(report);
process.stdout.write(`\nwritten to ${options.json}\n`);
finish([outcome]);

async function loadCases() {
  const loaded = [];
  for (const name of FILES) {
    const { cases } = await import(`./cases/${name}.mjs`);
    loaded.push(...cases.map((bench) => ({ ...bench, file: `${name}.mjs` })));
  }
  return { cases: against === undefined ? loaded : loaded.map(againstOther) };
}

/** The case with icefloe's own sides, each beside the same of the other checkout; nothing to reach. */
function againstOther(bench) {
  const own = Object.entries(bench.sides).filter(([, { engine }]) => engine === "icefloe");
  const sides = own.flatMap(([side, of]) => [
    [side, of],
    [`${side} before`, { ...of, root: against }],
  ]);
  const figures = bench.figures
    .filter(({ most }) => most === undefined)
    .map(({ side = "icefloe", ...figure }) => {
      return { ...figure, side, other: `${side} before`, reach: undefined };
    });
  return { ...bench, sides: Object.fromEntries(sides), figures };
}

function isChosen(name) {
  return options.case.length === 0 || options.case.some((part) => name.includes(part));
}

function machine() {
  const [{ model }] = cpus();
  const { version } = process;
  return { cpus: cpus().length, model, node: version, loadBefore: loadavg() };
}

/** All rounds of one case: per round and side the results of its phases. */
function runCase(bench) {
  const results = [];
  for (let round = 0; round < rounds; round++) {
    const sides = Object.keys(bench.sides);
    if (round % 2 === 1) sides.reverse();
    const ofRound = {};
    for (const side of sides) {
      process.stderr.write(`${bench.name}: round ${round + 1} of ${rounds}, ${side}\n`);
      const result = runSide(bench, side, false);
      if (result !== undefined) ofRound[side] = result;
    }
    results.push(ofRound);
  }
  const counts = options.counts || options.short ? runSide(bench, "icefloe", true) : undefined;
  const { name, title } = bench;
  return { name, title, figures: summarise(bench, results), rounds: results, counts };
}

/** One side once, in a folder of its own; `undefined` if it failed. */
function runSide(bench, side, counted) {
  const folder = mkdtempSync(join(tmpdir(), "icefloe-bench-"));
  try {
    const result = {};
    for (const phase of bench.steps ?? Object.keys(bench.phases))
      result[phase] = runPhase(bench, side, { phase, folder, counted });
    outcome.passed++;
    return result;
  } catch (error) {
    outcome.failed++;
    process.stderr.write(`${bench.name}, ${side}: ${error.message}\n`);
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runPhase(bench, side, { phase, folder, counted }) {
  const { engine, options: ofSide, root = ROOT } = bench.sides[side];
  const { file, name, sizes } = bench;
  const size = options.short ? sizes.short : sizes.full;
  const argument = JSON.stringify({
    engine,
    file,
    name,
    phase,
    size,
    folder,
    options: ofSide,
    counted,
  });
  const [command, script] =
    engine === "python"
      ? [PYTHON, join(HERE, "engines", "python_forks.py")]
      : [process.execPath, join(root, "bench", "child.mjs")];
  const shim = engine === "official" && existsSync(SHIM) ? { LD_PRELOAD: SHIM } : {};
  const { status, signal, stdout } = spawnSync(command, [script, argument], {
    env: { ...process.env, ...shim },
    stdio: ["ignore", "pipe", "inherit"],
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${phase} failed: ${signal ?? `code ${status}`}`);
  return JSON.parse(stdout.trim().split("\n").at(-1));
}
