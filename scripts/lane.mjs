/**
 * Running checks and counting them. Every lane ends with a line `N passed, N failed`, and its
 * exit code is 0 only if it ran something and nothing failed.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "./prepare.mjs";
import { listFailures } from "./test-reporter.mjs";

const REPORTER = `--reporter=${join(ROOT, "scripts", "test-reporter.mjs")}`;

/** Runs one program of node_modules as one check. */
export function checkProgram(name, script, args) {
  process.stdout.write(`\n# ${name}\n`);
  const { status } = spawnSync(process.execPath, [join(ROOT, "node_modules", script), ...args], {
    cwd: ROOT,
    stdio: "inherit",
  });
  if (status === 0) return { passed: 1, failed: 0 };
  const failures = [{ name, message: `${script} ended with code ${status}, see above` }];
  return { passed: 0, failed: 1, failures };
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
  const [command, ...before] = node;
  const { status } = spawnSync(command, [...before, vitest, "run", REPORTER, ...args], {
    cwd: ROOT,
    stdio: "inherit",
    env: { ...process.env, ...env, ICEFLOE_REPORT: report },
  });
  const { passed, failures } = readReport(report);
  rmSync(folder, { recursive: true, force: true });
  if (status !== 0 && failures.length === 0) {
    failures.push({ name, message: `vitest ended with code ${status}` });
  }
  return { passed, failed: failures.length, failures };
}

function readReport(report) {
  try {
    return JSON.parse(readFileSync(report, "utf8"));
  } catch (error) {
    return { passed: 0, failures: [{ name: "vitest", message: `no report: ${error.message}` }] };
  }
}

/** Prints what failed and, as the last line, the sum; ends the process with the right code. */
export function finish(results) {
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const failed = results.reduce((sum, result) => sum + result.failed, 0);
  process.stdout.write(`\n${listFailures(results.flatMap(({ failures = [] }) => failures))}`);
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}
