/** The interop lane: installs the official engines and runs `test/interop` against them. */
import { checkRequirements } from "./check-node.mjs";
import { checkTests, finish } from "./lane.mjs";
import { installOracles } from "./oracles.mjs";
import { prepare } from "./prepare.mjs";

checkRequirements();
prepare();
installOracles();
const args = ["--config", "test/interop/vitest.config.ts", ...process.argv.slice(2)];
finish([checkTests("interop", args)]);
