import { describe, expect, test } from "vitest";
import { openNetcdf } from "../../../../src/dataset/index.ts";
import {
  addDimension,
  addScale,
  addVariable,
  netcdf4File,
  openThrough,
} from "../../../netcdf4-file.ts";

const ramp = (length: number): Float32Array => Float32Array.from({ length }, (_, i) => i);

async function dimsOf(bytes: Uint8Array, group?: string): Promise<Record<string, string[]>> {
  const dataset = await openNetcdf(bytes, { group });
  const dims = dataset.all().map(({ name, dims, shape }) => {
    return [name, dims.map((dim, d) => `${dim}:${shape[d]}`)] as const;
  });
  await dataset.close();
  return Object.fromEntries(dims);
}

describe("dimensions of a NetCDF-4 file", () => {
  test("are not made by a variable that only has the id of one", async () => {
    // The library writes _Netcdf4Dimid onto the first variable of a dimension, too.
    const bytes = await netcdf4File((file) => {
      addDimension(file, "lat", 2, 0);
      addDimension(file, "lon", 3, 1);
      const variable = addVariable(file, { name: "t", data: ramp(6), shape: [2, 3] }, [
        "lat",
        "lon",
      ]);
      variable.create_attribute("_Netcdf4Dimid", Int32Array.of(0), []);
      variable.create_attribute("_Netcdf4Coordinates", Int32Array.of(0, 1));
    });

    expect(await dimsOf(bytes)).toEqual({ t: ["lat:2", "lon:3"] });
  });

  test("are found for a coordinate of two dimensions that has the name of one", async () => {
    const bytes = await netcdf4File((file) => {
      const lat = addScale(file, { name: "lat", data: ramp(6), shape: [2, 3] }, 0);
      lat.create_attribute("_Netcdf4Coordinates", Int32Array.of(0, 1));
      const lon = addScale(file, { name: "lon", data: ramp(3) }, 1);
      lon.create_attribute("_Netcdf4Coordinates", Int32Array.of(1));
      const t = file.create_dataset({ name: "t", data: ramp(6), shape: [2, 3] });
      t.create_attribute("_Netcdf4Dimid", Int32Array.of(0), []);
      t.create_attribute("_Netcdf4Coordinates", Int32Array.of(0, 1));
    });

    expect(await dimsOf(bytes)).toEqual({
      lat: ["lat:2", "lon:3"],
      lon: ["lon:3"],
      t: ["lat:2", "lon:3"],
    });
  });

  test("without a scale are numbered in the order of the file and shared by size", async () => {
    const bytes = await netcdf4File((file) => {
      file.create_dataset({ name: "z", data: ramp(6), shape: [2, 3] });
      file.create_dataset({ name: "b", data: ramp(3) });
      file.create_dataset({ name: "a", data: ramp(9), shape: [3, 3] });
      file.create_dataset({ name: "grows", data: ramp(3), maxshape: [null], chunks: [2] });
    });

    expect(await dimsOf(bytes)).toEqual({
      z: ["phony_dim_0:2", "phony_dim_1:3"],
      b: ["phony_dim_1:3"],
      a: ["phony_dim_1:3", "phony_dim_2:3"],
      grows: ["phony_dim_3:3"],
    });
  });

  test("without a scale are taken from the scales of the group where the size fits", async () => {
    const bytes = await netcdf4File((file) => {
      addScale(file, { name: "x", data: ramp(3) }, 0);
      file.create_dataset({ name: "a", data: ramp(12), shape: [3, 4] });
      // Like the library: nothing on the first axis, so nothing on the others.
      const b = file.create_dataset({ name: "b", data: ramp(15), shape: [5, 3] });
      b.attach_scale(1, "/x");
    });

    expect(await dimsOf(bytes)).toEqual({
      x: ["x:3"],
      a: ["x:3", "phony_dim_1:4"],
      b: ["phony_dim_2:5", "x:3"],
    });
  });

  test("without a scale are numbered in the groups below first", async () => {
    const bytes = await netcdf4File((file) => {
      file.create_dataset({ name: "a", data: ramp(2) });
      file.create_group("g", true).create_dataset({ name: "b", data: ramp(2) });
    });

    expect(await dimsOf(bytes)).toEqual({ a: ["phony_dim_1:2"] });
    expect(await dimsOf(bytes, "g")).toEqual({ b: ["phony_dim_0:2"] });
  });

  test("of groups above are there below, unless one of the name is nearer", async () => {
    const bytes = await netcdf4File((file) => {
      addScale(file, { name: "x", data: ramp(2) }, 0);
      const group = file.create_group("g", true);
      addDimension(group, "y", 3, 1);
      addVariable(group, { name: "a", data: ramp(6), shape: [2, 3] }, ["/x", "/g/y"]);
      const deep = group.create_group("h", true);
      addDimension(deep, "x", 5, 2);
      addVariable(deep, { name: "b", data: ramp(15), shape: [5, 3] }, ["/g/h/x", "/g/y"]);
    });

    expect(await dimsOf(bytes, "/g")).toEqual({ a: ["x:2", "y:3"] });
    expect(await dimsOf(bytes, "/g/h/")).toEqual({ b: ["x:5", "y:3"] });
  });

  test("that grow are as long as the longest variable, in groups below too", async () => {
    const bytes = await netcdf4File((file) => {
      const options = { maxshape: [null], chunks: [4] };
      addScale(file, { name: "t", data: ramp(1), ...options }, 0);
      addVariable(file, { name: "short", data: ramp(2), ...options }, ["t"]);
      const group = file.create_group("g", true);
      addVariable(group, { name: "long", data: ramp(4), ...options }, ["/t"]);
    });

    expect(await dimsOf(bytes)).toEqual({ t: ["t:4"], short: ["t:4"] });
    const dataset = await openNetcdf(bytes, { maskAndScale: false });
    await dataset.load();
    const fill = Math.fround(9.969209968386869e36);
    expect(dataset.get("short")?.values).toEqual(Float32Array.of(0, 1, fill, fill));
    expect(dataset.encoding).toEqual({ unlimited_dims: ["t"] });
    await dataset.close();
  });
});

test("scales are found by name where references are of another form", async () => {
  const bytes = await netcdf4File((file) => {
    addScale(file, { name: "x", data: ramp(3) }, 0);
    addVariable(file, { name: "a", data: ramp(9), shape: [3, 3] }, ["/x", "/x"]);
    addVariable(file, { name: "b", data: ramp(6), shape: [3, 2] }, ["/x"]);
  });
  const raw = await openThrough(bytes, (module) => ({
    get_attribute_metadata: (...args) => {
      const type = module.get_attribute_metadata(...args);
      return args[2] === "DIMENSION_LIST" ? { ...type, vlen_type: { type: 7, size: 64 } } : type;
    },
  }));

  expect(raw.variables.map(({ name, dims }) => [name, dims])).toEqual([
    ["x", ["x"]],
    ["a", ["x", "x"]],
    ["b", ["x", "phony_dim_1"]],
  ]);
  await raw.close();
});

describe("groups of a NetCDF-4 file", () => {
  const grouped = (): Promise<Uint8Array> =>
    netcdf4File((file) => {
      file.create_attribute("title", "outer");
      const group = file.create_group("one", true);
      group.create_attribute("title", "inner");
      group.create_group("deep", true).create_dataset({ name: "a", data: ramp(2) });
      file.create_group("two", true).create_dataset({ name: "b", data: ramp(2) });
    });

  test("are listed, and opened by path", async () => {
    const root = await openNetcdf(await grouped(), { group: "/" });
    const one = await openNetcdf(await grouped(), { group: "one" });

    expect(root.groups).toEqual(["/one", "/two"]);
    expect(root.attributes).toEqual({ title: "outer" });
    expect(one.groups).toEqual(["/one/deep"]);
    expect(one.attributes).toEqual({ title: "inner" });
    expect(one.isel({}).groups).toEqual(one.groups);
    await Promise.all([root.close(), one.close()]);
  });

  test("are named where the root has no variables and no group was asked for", async () => {
    await expect(openNetcdf(await grouped())).rejects.toMatchObject({
      kind: "invalid-option",
      message: expect.stringContaining("/one, /one/deep, /two"),
      details: { option: "group", groups: ["/one", "/one/deep", "/two"] },
    });
  });

  test("that are not there are refused, naming those that are", async () => {
    await expect(openNetcdf(await grouped(), { group: "/three" })).rejects.toMatchObject({
      kind: "node-not-found",
      details: { path: "/three", groups: ["/", "/one", "/one/deep", "/two"] },
    });
  });
});
