/**
 * The ledger on real object stores: `--server minio` for one of them, `--no-python` without official
 * writers; other arguments are those of `test/ledger/servers.ts`. Installs what it needs.
 */
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { bundleForNode } from "./bundle.mjs";
import { checkRequirements } from "./check-node.mjs";
import { ENGINES, installOracles } from "./oracles.mjs";
import { prepare, ROOT } from "./prepare.mjs";

checkRequirements();
prepare();
const given = process.argv.slice(2);
spawnSync(process.execPath, [join(ROOT, "scripts", "servers", "install.mjs")], {
  stdio: ["ignore", "ignore", "inherit"],
});
const python = [];
if (!given.includes("--no-python")) {
  installOracles();
  python.push("--python", join(ENGINES.python, "bin", "python"));
}
const files = [];
for (const name of ["servers", "worker", "verify"]) {
  files.push(await bundleForNode(`test/ledger/${name}.ts`, "ledger"));
}
const args = [...files, ...python, ...given.filter((name) => name !== "--no-python")];
const child = spawn(process.execPath, ["--enable-source-maps", ...args], {
  cwd: ROOT,
  stdio: "inherit",
});
child.on("exit", (code, signal) => process.exit(signal === null ? code : 1));
