/**
 * `npm test`: what needs Node, npm and git alone, and nothing beside the clone. Formatter and
 * linter, types, then all tests but those that need another engine, a browser or minutes: `.ci/run`
 * has them, and all runs of those that do a part of them here.
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
