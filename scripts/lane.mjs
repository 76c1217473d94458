/**
 * Running checks and counting them. Every lane ends with a line `N passed, N failed`, and its
 * exit code is 0 only if it ran something and nothing failed.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { ROOT } from "./prepare.mjs";

/** Runs one program of node_modules as one check. */
export function checkProgram(name, script, args) {
  process.stdout.write(`\n# ${name}\n`);
  const { status } = spawnSync(process.execPath, [join(ROOT, "node_modules", script), ...args], {
    cwd: ROOT,
    stdio: "inherit",
  });
  return status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

/**
 * Runs vitest with `args` and counts its tests. A file that could not be loaded, an error outside
 * a test and a skipped test each count as a failure: nothing is left out silently.
 */
export function checkTests(name, args, { node = [process.execPath], env = {} } = {}) {
  process.stdout.write(`\n# ${name}\n`);
  const folder = mkdtempSync(join(tmpdir(), "icefloe-tests-"));
  const report = join(folder, "report.json");
  const vitest = join(ROOT, "node_modules", "vitest", "vitest.mjs");
  const reporters = ["--reporter=dot", "--reporter=json", `--outputFile.json=${report}`];
  const [command, ...before] = node;
  const { status } = spawnSync(command, [...before, vitest, "run", ...reporters, ...args], {
    cwd: ROOT,
    stdio: "inherit",
    env: { ...process.env, ...env },
  });
  const counts = countTests(report);
  rmSync(folder, { recursive: true, force: true });
  if (status !== 0 && counts.failed === 0) counts.failed += 1;
  return counts;
}

function countTests(report) {
  const counts = { passed: 0, failed: 0 };
  let results;
  try {
    results = JSON.parse(readFileSync(report, "utf8")).testResults;
  } catch (error) {
    process.stdout.write(`no test report: ${error.message}\n`);
    return counts;
  }
  const byFolder = new Map();
  for (const { name, status, assertionResults } of results) {
    const passed = assertionResults.filter((test) => test.status === "passed").length;
    let failed = assertionResults.length - passed;
    if (failed === 0 && (status !== "passed" || passed === 0)) failed = 1;
    const folder = relative(ROOT, name).split(/[\\/]/).slice(0, 2).join("/");
    const row = byFolder.get(folder) ?? { passed: 0, failed: 0 };
    byFolder.set(folder, { passed: row.passed + passed, failed: row.failed + failed });
    counts.passed += passed;
    counts.failed += failed;
  }
  for (const [folder, row] of [...byFolder].sort()) {
    process.stdout.write(`${folder}: ${row.passed} passed, ${row.failed} failed\n`);
  }
  return counts;
}

/** Prints the sum as the last line and ends the process with the right code. */
export function finish(results) {
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const failed = results.reduce((sum, result) => sum + result.failed, 0);
  process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}
