/**
 * Runs the whole ledger and prints what it counted.
 *
 * Arguments: bundled worker, bundled verifier, then `--processes 8 --commits 50 --kills 104 --seed 1`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { memoryStorage, Repository } from "icefloe";
import { localFilesystemStorage } from "icefloe/storage/local";
import { runCampaign } from "./driver.ts";
import { runTasks } from "./tasks.ts";

const KILLS_MIN = 100;
const KILLS_INSIDE_COMMIT_MIN = 20;
const TASKS = 32;
const COMMITS_PER_TASK = 10;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    processes: { type: "string", default: "8" },
    commits: { type: "string", default: "50" },
    kills: { type: "string", default: "120" },
    seed: { type: "string", default: "1" },
  },
});
const [workerFile, verifyFile] = positionals as [string, string];
const folder = mkdtempSync(join(tmpdir(), "icefloe-ledger-"));
let passed = 0;
let failed = 0;

function check(name: string, isTrue: boolean): void {
  if (isTrue) passed += 1;
  else failed += 1;
  process.stdout.write(`${isTrue ? "ok" : "FAILED"}: ${name}\n`);
}

const processes = Number(values.processes);
const commits = Number(values.commits);
const report = await runCampaign({
  folder: join(folder, "processes"),
  address: { type: "local", folder: join(folder, "processes", "repository") },
  workerFile,
  verifyFile,
  processes,
  commits,
  kills: Number(values.kills),
  seed: Number(values.seed),
});
process.stdout.write(`processes on a local folder: ${JSON.stringify(report)}\n`);
check(
  `${processes} x ${commits} commits are acknowledged`,
  report.acknowledged === processes * commits,
);
check("no acknowledged commit is lost", report.lost.length === 0);
check("no acknowledged chunk is torn", report.torn.length === 0);
check("no commit is made twice", report.doubled.length === 0);
check("no worker ended but by a kill or at its end", report.crashes.length === 0);
check(`at least ${KILLS_MIN} kills with -9`, report.kills >= KILLS_MIN);
check(
  `at least ${KILLS_INSIDE_COMMIT_MIN} of them inside a commit`,
  report.killsInsideCommit >= KILLS_INSIDE_COMMIT_MIN,
);

const memory = memoryStorage();
await Repository.create(memory);
const local = join(folder, "tasks");
await Repository.create(localFilesystemStorage(local));
const backends: readonly (readonly [string, () => Promise<Repository>])[] = [
  ["memory", () => Repository.open(memory)],
  ["a local folder", () => Repository.open(localFilesystemStorage(local))],
];
for (const [name, open] of backends) {
  const found = await runTasks(open, TASKS, COMMITS_PER_TASK);
  process.stdout.write(`${TASKS} tasks on ${name}: ${JSON.stringify(found)}\n`);
  const isWhole = found.lost.length === 0 && found.torn.length === 0;
  check(
    `${TASKS} tasks on ${name} lose nothing`,
    isWhole && found.acknowledged === TASKS * COMMITS_PER_TASK,
  );
}

rmSync(folder, { recursive: true, force: true });
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
