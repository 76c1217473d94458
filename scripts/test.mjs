/**
 * `npm test`: everything that needs Node, npm and git alone. Formatter and linter, types, then
 * all tests but those that need another engine, a browser or minutes (`.ci/run` has them).
 */
import { checkRequirements } from "./check-node.mjs";
import { checkProgram, checkTests, finish } from "./lane.mjs";
import { prepare } from "./prepare.mjs";

checkRequirements();
prepare();
finish([
  checkProgram("format and lint", "@biomejs/biome/bin/biome", ["ci", "."]),
  checkProgram("types", "typescript/bin/tsc", ["-p", "tsconfig.json"]),
  checkTests("tests", []),
]);
