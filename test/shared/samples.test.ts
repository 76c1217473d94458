/** Real NetCDF files: the samples of the xarray tutorials. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { bytesSource } from "../../src/dataset/netcdf/byte-source.ts";
import { openHdf5Bytes } from "../../src/dataset/netcdf/open-hdf5.ts";
import type { RawDataset } from "../../src/dataset/netcdf/raw-variable.ts";
import { readNetcdf3 } from "../../src/dataset/netcdf/read-netcdf3.ts";
import { wholeBox } from "../../src/zarr/box.ts";

const DATA = process.env["ICEFLOE_DATA"] ?? expect.fail("node scripts/shared.mjs says where");
const sourceOf = (name: string) =>
  bytesSource(new Uint8Array(readFileSync(join(DATA, name))), name);

function variableOf(dataset: RawDataset, name: string) {
  return dataset.variables.find((v) => v.name === name) ?? expect.fail(`no variable ${name}`);
}

test("the ERA-Interim sample has the expected shape and packing", async () => {
  const dataset = await readNetcdf3(sourceOf("eraint_uvz.nc"));
  const z = variableOf(dataset, "z");
  const month = variableOf(dataset, "month").source;

  expect(z.source.shape).toEqual([2, 3, 241, 480]);
  expect(z.source.type).toEqual({ name: "int16" });
  expect(z.attributes.values.get("scale_factor")).toBe(-1.7250274674967954);
  expect(await month.read(wholeBox(month.shape))).toEqual(Int32Array.of(1, 7));
});

test("the basin mask has the expected shape and attributes", async () => {
  const basin = variableOf(await openHdf5Bytes(sourceOf("basin_mask.nc"), "/"), "basin");

  expect(basin.dims).toEqual(["Z", "Y", "X"]);
  expect(basin.source.shape).toEqual([33, 180, 360]);
  expect(basin.source.type).toEqual({ name: "int8" });
  expect(basin.attributes.values.get("missing_value")).toBe(-100);
});
