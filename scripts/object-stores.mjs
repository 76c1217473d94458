/** The lane of object stores: `test/servers` on real servers, which are installed first, as is the official engine. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { checkRequirements } from "./check-node.mjs";
import { checkTests, finish } from "./lane.mjs";
import { installOracles } from "./oracles.mjs";
import { prepare, ROOT } from "./prepare.mjs";

checkRequirements();
prepare();
installOracles();
spawnSync(process.execPath, [join(ROOT, "scripts", "servers", "install.mjs")], {
  stdio: "inherit",
});
finish([checkTests("object stores", ["--config", "test/servers/vitest.config.ts"])]);
