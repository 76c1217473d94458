/**
 * The lane `shared`: what needs files that are no part of the project. `fixtures` are the official
 * project's own compatibility fixtures, `data` the NetCDF samples of the xarray tutorials; both lie
 * in `../shared`, or where ICEFLOE_SHARED says. In CI they must be there.
 */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { checkRequirements } from "./check-node.mjs";
import { checkTests, finish } from "./lane.mjs";
import { installOracles } from "./oracles.mjs";
import { prepare, ROOT } from "./prepare.mjs";

checkRequirements();
const folder = resolve(process.env.ICEFLOE_SHARED ?? join(ROOT, "..", "shared"));
const wanted = ["fixtures/README.md", "data/eraint_uvz.nc", "data/basin_mask.nc"];
const missing = wanted.filter((file) => !existsSync(join(folder, file)));
if (missing.length > 0) {
  process.stdout.write(`${folder} lacks ${missing.join(", ")}: nothing was read from there\n`);
  const isCi = process.env.CI === "true";
  process.stdout.write(`\n0 passed, ${isCi ? 1 : 0} failed\n`);
  process.exit(isCi ? 1 : 0);
}
prepare();
installOracles();
const env = {
  ICEFLOE_FIXTURES: join(folder, "fixtures"),
  ICEFLOE_DATA: join(folder, "data"),
  FUZZ_RUNS: "20000",
};
const args = ["--config", "test/shared/vitest.config.ts", ...process.argv.slice(2)];
finish([checkTests(`what needs ${folder}`, args, { env })]);
