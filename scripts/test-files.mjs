/** Finds test files by what they use, so that a lane misses none that is added later. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./prepare.mjs";

/** Folders whose tests have lanes of their own. */
const OTHER_LANES = /^test\/(interop|browser|ledger|shared)\//;

/** Paths of the test files of `npm test` whose text matches `pattern`. */
export function testFilesWith(pattern) {
  return readdirSync(join(ROOT, "test"), { recursive: true })
    .map((name) => `test/${name.replaceAll("\\", "/")}`)
    .filter((path) => path.endsWith(".test.ts") && !OTHER_LANES.test(path))
    .filter((path) => pattern.test(readFileSync(join(ROOT, path), "utf8")))
    .sort();
}
