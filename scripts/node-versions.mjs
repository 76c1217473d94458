/**
 * The lane of other versions of Node: each writes a repository, and each reads what every other
 * wrote; then the unit tests run under the newest, which has a zstd of its own.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkRequirements } from "./check-node.mjs";
import { checkTests, finish } from "./lane.mjs";
import { prepare, ROOT } from "./prepare.mjs";

const VERSIONS = ["22", "24"];
const PROGRAM = join(ROOT, "test", "node-versions", "round-trip.mjs");

checkRequirements();
prepare();
const folder = mkdtempSync(join(tmpdir(), "icefloe-node-"));
const nodes = [
  [process.execPath],
  ...VERSIONS.map((version) => ["npx", "--yes", "-p", `node@${version}`, "node"]),
];
const results = [];

function run([command, ...before], args) {
  const { status } = spawnSync(command, [...before, ...args], { cwd: ROOT, stdio: "inherit" });
  results.push(status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });
}

for (const [i, node] of nodes.entries()) run(node, [PROGRAM, "write", join(folder, String(i))]);
for (const node of nodes) {
  for (const i of nodes.keys()) run(node, [PROGRAM, "read", join(folder, String(i))]);
}
rmSync(folder, { recursive: true, force: true });
results.push(
  checkTests("unit tests under the newest Node", ["test/unit", "test/model"], {
    node: nodes.at(-1),
  }),
);
finish(results);
