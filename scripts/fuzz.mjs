/**
 * `npm run fuzz -- --runs N --seed S --start I`: damaged files of every type, each refused with a
 * typed error or read as valid content. Input I of seed S is always the same.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { bundleForNode } from "./bundle.mjs";
import { checkRequirements } from "./check-node.mjs";
import { prepare, ROOT } from "./prepare.mjs";

checkRequirements();
prepare();
const file = await bundleForNode("test/fuzz/main.ts", "fuzz");
const child = spawn(process.execPath, ["--enable-source-maps", file, ...process.argv.slice(2)], {
  stdio: "inherit",
  // The bundle lies elsewhere than the module that looks for the repositories beside itself.
  env: { ICEFLOE_FIXTURES: join(ROOT, "test", "data", "official"), ...process.env },
});
child.on("exit", (code, signal) => process.exit(signal === null ? code : 1));
