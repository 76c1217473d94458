/**
 * The ledger lane: is any acknowledged commit lost when processes die? Bundles the programs of
 * `test/ledger` and runs them; arguments are theirs (`--processes --commits --kills --seed`).
 */
import { spawn } from "node:child_process";
import { bundleForNode } from "./bundle.mjs";
import { checkRequirements } from "./check-node.mjs";
import { prepare } from "./prepare.mjs";

checkRequirements();
prepare();
const files = [];
for (const name of ["main", "worker", "verify"]) {
  files.push(await bundleForNode(`test/ledger/${name}.ts`, "ledger"));
}
const args = ["--enable-source-maps", ...files, ...process.argv.slice(2)];
const child = spawn(process.execPath, args, { stdio: "inherit" });
child.on("exit", (code, signal) => process.exit(signal === null ? code : 1));
