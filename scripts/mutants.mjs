/**
 * `npm run mutants -- [--area commit] [--only PART]`: plants one bug after the other in a copy of the
 * sources and runs the tests that should notice. Prints what survives and the score per area; a
 * bug whose place is gone from the source is an error. `--only`: bugs of files whose name has PART.
 * Not for CI: it takes minutes.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { AREAS } from "./mutants/areas.mjs";
import { prepare, ROOT } from "./prepare.mjs";

const SCORE_MIN = 0.8;
const HANG_MS = 180_000;
/** Tests that take long and look at other things. */
const SLOW = ["clock", "many-writers", "dataset-regions"].flatMap((name) => [
  "--exclude",
  `**/${name}.test.ts`,
]);

const { values } = parseArgs({
  options: { area: { type: "string", multiple: true }, only: { type: "string" } },
});

prepare();
const copy = mkdtempSync(join(tmpdir(), "icefloe-mutants-"));
for (const name of [
  "src",
  "test",
  "scripts",
  "package.json",
  "tsconfig.json",
  "vitest.config.ts",
]) {
  cpSync(join(ROOT, name), join(copy, name), { recursive: true });
}
symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"), "dir");

/** Whether the tests fail; a test that hangs fails too. */
function isNoticed(stages) {
  return stages.some((tests) => {
    const exclude = tests.some((name) => name.includes("clock")) ? [] : SLOW;
    const vitest = join(ROOT, "node_modules", "vitest", "vitest.mjs");
    const { status } = spawnSync(
      process.execPath,
      [vitest, "run", "--bail=1", "--silent", "--reporter=dot", ...exclude, ...tests],
      {
        cwd: copy,
        stdio: "ignore",
        timeout: HANG_MS,
        env: {
          ...process.env,
          SESSION_LAWS_RUNS: "30",
          FUZZ_RUNS: "1500",
        },
      },
    );
    return status !== 0;
  });
}

const rows = [];
let isStale = false;
for (const [area, { mutants, tests }] of Object.entries(AREAS)) {
  if (values.area !== undefined && !values.area.includes(area)) continue;
  const chosen = mutants.filter(
    ([file]) => values.only === undefined || file.includes(values.only),
  );
  if (!tests.every((stage) => !isNoticed([stage]))) {
    process.stdout.write(`${area}: the tests fail without a bug; nothing can be said\n`);
    process.exitCode = 1;
    continue;
  }
  const began = Date.now();
  let killed = 0;
  for (const [file, from, to] of chosen) {
    const source = readFileSync(join(copy, file), "utf8");
    const at = source.indexOf(from);
    if (at < 0 || source.indexOf(from, at + 1) >= 0) {
      process.stdout.write(`STALE ${file}: ${at < 0 ? "not there" : "twice"}: ${from}\n`);
      isStale = true;
      continue;
    }
    const mutant = source.slice(0, at) + to + source.slice(at + from.length);
    writeFileSync(join(copy, file), mutant);
    const isKilled = isNoticed(tests);
    if (isKilled) killed++;
    else
      process.stdout.write(`survives: ${file}: ${JSON.stringify(from)} -> ${JSON.stringify(to)}\n`);
    writeFileSync(join(copy, file), source);
  }
  const seconds = Math.round((Date.now() - began) / 1000);
  rows.push({ area, killed, planted: chosen.length, seconds });
}
rmSync(copy, { recursive: true, force: true });
for (const { area, killed, planted, seconds } of rows) {
  const percent = Math.round((100 * killed) / Math.max(1, planted));
  process.stdout.write(
    `${area.padEnd(10)} ${killed} of ${planted} noticed (${percent} %), ${seconds} s\n`,
  );
}
if (isStale || rows.some(({ killed, planted }) => killed < SCORE_MIN * planted))
  process.exitCode = 1;
