/** The lane of object stores: `test/servers` on real servers, which are installed first. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { checkRequirements } from "./check-node.mjs";
import { checkTests, finish } from "./lane.mjs";
import { prepare, ROOT } from "./prepare.mjs";

checkRequirements();
prepare();
spawnSync(process.execPath, [join(ROOT, "scripts", "servers", "install.mjs")], {
  stdio: "inherit",
});
finish([checkTests("object stores", ["--config", "test/servers/vitest.config.ts"])]);
