/** The browser lane: `test/browser` in headless Chromium, which has to be installed. */
import { checkRequirements } from "./check-node.mjs";
import { checkTests, finish } from "./lane.mjs";
import { prepare } from "./prepare.mjs";

checkRequirements();
prepare();
finish([checkTests("browser", ["--config", "test/browser/vitest.config.ts"])]);
