/** What `npm test` prints: no logs of passing tests, why a test fails, and all failures' names last. */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT } from "./source-tree.ts";

// Inside the project, where `vitest` resolves; git ignores it.
const FOLDER = join(ROOT, ".cache", `reporter-${process.pid}`);
const FILES = {
  "vitest.config.mjs": `export default { test: {
    root: ${JSON.stringify(FOLDER)},
    reporters: [${JSON.stringify(join(ROOT, "scripts", "test-reporter.mjs"))}],
  } };`,
  "mixed.test.mjs": `import { describe, expect, test } from "vitest";
    test("passes", () => console.log("a log of a passing test"));
    describe("a group", () => test("fails", () => {
      console.log("a log of a failing test");
      expect(1, "one is not two").toBe(2);
    }));
    test.skip("is left out", () => {});`,
  "broken.test.mjs": `throw new Error("no such thing\\nsecond line");`,
};

let output: string;
let status: number | null;
beforeAll(() => {
  mkdirSync(FOLDER, { recursive: true });
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(FOLDER, name), text);
  const vitest = join(ROOT, "node_modules", "vitest", "vitest.mjs");
  const args = [vitest, "run", "--config", join(FOLDER, "vitest.config.mjs")];
  const { ICEFLOE_REPORT: _, ...env } = process.env;
  ({ stdout: output, status } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    encoding: "utf8",
    env: { ...env, NO_COLOR: "1" },
  }));
});
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

test("the end of a run names each failure with its file and the first line of its message", () => {
  const folder = `.cache/reporter-${process.pid}`;

  expect(output.split("\n").slice(-6)).toEqual([
    `FAILED ${folder}/broken.test.mjs: no such thing`,
    `FAILED ${folder}/mixed.test.mjs > a group > fails: one is not two: expected 1 to be 2 // Object.is equality`,
    `FAILED ${folder}/mixed.test.mjs > is left out: was skipped`,
    "",
    "1 passed, 3 failed",
    "",
  ]);
  expect(status).toBe(1);
});

test("a folder has one line with its files, tests and seconds", () => {
  expect(output).toMatch(/^ {2}\.cache\/reporter-\d+ +2 files +4 tests +\d+\.\d s +3 FAILED$/m);
});

test("logs are shown of tests that fail, not of those that pass", () => {
  expect(output).toContain("log: a log of a failing test");
  expect(output).not.toContain("a log of a passing test");
});
