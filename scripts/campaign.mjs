/**
 * The lane `campaign`: the tests of which `npm test` has time for a part only (`test/runs.ts`),
 * with all their runs.
 */
import { checkRequirements } from "./check-node.mjs";
import { checkTests, finish } from "./lane.mjs";
import { prepare } from "./prepare.mjs";
import { testFilesWith } from "./test-files.mjs";

checkRequirements();
prepare();
const files = testFilesWith(/from "(\.\.\/)+runs\.ts"/);
finish([checkTests("tests with all their runs", files, { env: { ICEFLOE_RUNS: "all" } })]);
