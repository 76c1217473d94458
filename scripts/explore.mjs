/**
 * The lane `explore`: every test that throws dice, with a seed that no run has had. All other lanes
 * have fixed seeds. A seed that fails is printed and kept in `.cache/explore-failed`, with the
 * command that runs the same again: `node scripts/explore.mjs --seed N`.
 */
import { randomInt } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { checkRequirements } from "./check-node.mjs";
import { checkTests, finish } from "./lane.mjs";
import { prepare, ROOT } from "./prepare.mjs";
import { testFilesWith } from "./test-files.mjs";

const SEED_END = 2 ** 31;

checkRequirements();
const { values } = parseArgs({ options: { seed: { type: "string" } } });
const seed = Number(values.seed ?? randomInt(1, SEED_END));
if (!Number.isInteger(seed) || seed < 1 || seed >= SEED_END) {
  process.stderr.write(`a seed is a whole number from 1 to ${SEED_END - 1}\n`);
  process.exit(2);
}
const again = `node scripts/explore.mjs --seed ${seed}`;
process.stdout.write(`seed ${seed}; the same again: ${again}\n`);
prepare();
const files = testFilesWith(/"fast-check"|env\["(KILL_)?SEED"\]/);
const env = { SEED: String(seed), KILL_SEED: String(seed), ICEFLOE_RUNS: "all" };
const result = checkTests(`tests with seed ${seed}`, files, { env });
if (result.failed > 0) {
  const file = join(ROOT, ".cache", "explore-failed");
  mkdirSync(join(ROOT, ".cache"), { recursive: true });
  const names = result.failures.map(({ name, message }) => `${name}: ${message}`);
  writeFileSync(file, [again, ...names, ""].join("\n"));
  process.stdout.write(`\nseed ${seed} fails (kept in ${file}); the same again: ${again}\n`);
}
finish([result]);
