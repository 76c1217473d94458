/** Runs a TypeScript program of this repository: `node scripts/run.mjs examples/tasks.ts [arguments]`. */
import { spawn } from "node:child_process";
import { bundleForNode } from "./bundle.mjs";
import { checkRequirements } from "./check-node.mjs";
import { prepare } from "./prepare.mjs";

checkRequirements();
const [entry, ...args] = process.argv.slice(2);
if (entry === undefined) {
  process.stderr.write("usage: node scripts/run.mjs <program.ts> [arguments]\n");
  process.exit(2);
}
prepare();
const file = await bundleForNode(entry, "run");
const child = spawn(process.execPath, ["--enable-source-maps", file, ...args], {
  stdio: "inherit",
});
child.on("exit", (code, signal) => process.exit(signal === null ? code : 1));
