/**
 * `npm run sim -- --seeds N --start S`: many actors on one repository over a network that loses,
 * repeats and delays, with a virtual clock. One seed is one history; add `--trace` to see it.
 */
import { spawn } from "node:child_process";
import { bundleForNode } from "./bundle.mjs";
import { checkRequirements } from "./check-node.mjs";
import { prepare } from "./prepare.mjs";

checkRequirements();
prepare();
const file = await bundleForNode("test/sim/main.ts", "sim");
const child = spawn(process.execPath, ["--enable-source-maps", file, ...process.argv.slice(2)], {
  stdio: "inherit",
});
child.on("exit", (code, signal) => process.exit(signal === null ? code : 1));
