/**
 * The lane of other versions of Node, and of Deno and Bun: each writes a repository, and each
 * reads what every other wrote; all write to one folder at once while they are killed; then the
 * unit tests run under the newest Node, which has a zstd of its own.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkRequirements } from "./check-node.mjs";
import { checkTests, finish } from "./lane.mjs";
import { nodeProgram } from "./node-program.mjs";
import { prepare, ROOT } from "./prepare.mjs";

const VERSIONS = ["22", "24"];
/** Runtimes that npm installs, and what stands before a program's name. */
const OTHERS = [
  { name: "deno", version: "2.9.6", args: ["run", "--quiet", "--allow-all"] },
  { name: "bun", version: "1.4.5", args: [] },
];
const PROGRAM = join(ROOT, "test", "node-versions", "round-trip.mjs");

checkRequirements();
prepare();
const { checkMixedWriters } = await import("../test/node-versions/mixed-writers.mjs");
const nodes = [{ name: `node ${process.versions.node}`, command: [process.execPath] }];
for (const version of VERSIONS)
  nodes.push({ name: `node ${version}`, command: [nodeProgram(version)] });
const others = OTHERS.map(install).filter((runtime) => runtime !== undefined);
const runtimes = [...nodes, ...others];

/** Installs a runtime into `.cache`; says by name if that is not possible on this machine. */
function install({ name, version, args }) {
  const folder = join(ROOT, ".cache", "runtimes", `${name}-${version}`);
  const program = join(folder, "node_modules", ".bin", name);
  if (!existsSync(program)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), '{"private":true}\n');
    const npm = ["install", "--no-audit", "--no-fund", "--loglevel=error", `${name}@${version}`];
    spawnSync("npm", npm, { cwd: folder, stdio: "inherit", shell: process.platform === "win32" });
  }
  const found = spawnSync(program, ["--version"], { encoding: "utf8" });
  if (found.status === 0) return { name: `${name} ${version}`, command: [program, ...args] };
  rmSync(folder, { recursive: true, force: true });
  process.stdout.write(`${name} ${version} cannot be installed from npm here: not tested\n`);
  return undefined;
}

const results = [];
const folder = mkdtempSync(join(tmpdir(), "icefloe-node-"));

function run({ command: [program, ...before] }, args) {
  const { status } = spawnSync(program, [...before, ...args], { cwd: ROOT, stdio: "inherit" });
  results.push(status === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });
}

for (const [i, runtime] of runtimes.entries()) {
  run(runtime, [PROGRAM, "write", join(folder, String(i))]);
}
for (const runtime of runtimes) {
  for (const i of runtimes.keys()) run(runtime, [PROGRAM, "read", join(folder, String(i))]);
}
rmSync(folder, { recursive: true, force: true });
results.push(...(await checkMixedWriters([nodes[0], nodes.at(-1), ...others])));
results.push(
  checkTests("unit tests under the newest Node", ["test/unit", "test/model"], {
    node: nodes.at(-1).command,
  }),
);
finish(results);
