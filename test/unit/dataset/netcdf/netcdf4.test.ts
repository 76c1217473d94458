import * as h5wasm from "h5wasm";
import { beforeAll, describe, expect, test } from "vitest";
import { bytesSource } from "../../../../src/dataset/netcdf/byte-source.ts";
import { openHdf5Bytes } from "../../../../src/dataset/netcdf/open-hdf5.ts";
import type { RawDataset } from "../../../../src/dataset/netcdf/raw-variable.ts";
import { wholeBox } from "../../../../src/zarr/box.ts";

const DIMENSION_ONLY = "This is a netCDF dimension but not a netCDF variable.         3";

/** A file as the NetCDF library would write it: time unlimited, x without a variable. */
async function sampleBytes(): Promise<Uint8Array> {
  const { FS } = await h5wasm.ready;
  const file = new h5wasm.File("/sample.nc", "w");
  const time = file.create_dataset({
    name: "time",
    data: Float64Array.of(0, 1, 2),
    maxshape: [null],
    chunks: [8],
  });
  time.make_scale("time");
  time.create_attribute("_Netcdf4Dimid", Int32Array.of(0), []);
  time.create_attribute("units", "days since 2000-01-01");
  const x = file.create_dataset({ name: "x", data: Float32Array.of(0, 0, 0) });
  x.make_scale(DIMENSION_ONLY);
  x.create_attribute("_Netcdf4Dimid", Int32Array.of(1), []);
  const packed = file.create_dataset({
    name: "packed",
    data: Int16Array.of(1, 2, 3, 4, 5, 6),
    shape: [2, 3],
    maxshape: [null, 3],
    chunks: [1, 3],
  });
  packed.attach_scale(0, "/time");
  packed.attach_scale(1, "/x");
  packed.create_attribute("_FillValue", Int16Array.of(-9));
  packed.create_attribute("scale_factor", Float32Array.of(0.5));
  packed.create_attribute("list", Int32Array.of(3, 4));
  const texts = file.create_dataset({ name: "texts", data: ["é", "b", ""] });
  texts.attach_scale(0, "/x");
  const chars = file.create_dataset({
    name: "chars",
    data: ["a", "b", "", "c", "d", "e"],
    shape: [2, 3],
    dtype: "A1",
  });
  chars.attach_scale(1, "/x");
  file.create_dataset({ name: "big", data: BigInt64Array.of(2n ** 60n), shape: [] });
  file.create_dataset({
    name: "pairs",
    data: new Map([["a", Int32Array.of(1)]]) as never,
  });
  file.create_group("inner");
  file.create_attribute("title", "höhe");
  file.close();
  const bytes = FS?.readFile("/sample.nc") as Uint8Array;
  FS?.unlink("/sample.nc");
  return bytes.slice();
}

let bytes: Uint8Array;
beforeAll(async () => {
  bytes = await sampleBytes();
});

const open = (content = bytes): Promise<RawDataset> =>
  openHdf5Bytes(bytesSource(content, "s.nc"), "/");

function variableOf(dataset: RawDataset, name: string) {
  return dataset.variables.find((v) => v.name === name) ?? expect.fail(`no variable ${name}`);
}

async function valuesOf(dataset: RawDataset, name: string): Promise<unknown> {
  const { source } = variableOf(dataset, name);
  return source.read(wholeBox(source.shape));
}

describe("a NetCDF-4 file", () => {
  test("shows variables, not dimensions, groups or bookkeeping", async () => {
    const dataset = await open();

    expect(dataset.variables.map(({ name }) => name).sort()).toEqual(
      ["big", "chars", "packed", "texts", "time"].sort(),
    );
    expect([...variableOf(dataset, "time").attributes.values]).toEqual([
      ["units", "days since 2000-01-01"],
    ]);
    expect(dataset.unlimited).toEqual(["time"]);
  });

  test("names dimensions by their scales", async () => {
    const dataset = await open();

    expect(variableOf(dataset, "packed").dims).toEqual(["time", "x"]);
    expect(variableOf(dataset, "big").dims).toEqual([]);
  });

  test("pads what was not written to the end of an unlimited dimension", async () => {
    const dataset = await open();

    expect(variableOf(dataset, "packed").source.shape).toEqual([3, 3]);
    expect(await valuesOf(dataset, "packed")).toEqual(Int16Array.of(1, 2, 3, 4, 5, 6, -9, -9, -9));
  });

  test("reads a box that lies partly beyond what was written", async () => {
    const { source } = variableOf(await open(), "packed");

    const part = await source.read([
      { start: 1, end: 3 },
      { start: 1, end: 3 },
    ]);

    expect(part).toEqual(Int16Array.of(5, 6, -9, -9));
  });

  test("gives strings, characters and 64-bit integers as they are", async () => {
    const dataset = await open();

    expect(await valuesOf(dataset, "texts")).toEqual(["é", "b", ""]);
    expect(await valuesOf(dataset, "big")).toEqual(BigInt64Array.of(2n ** 60n));
    const chars = (await valuesOf(dataset, "chars")) as Uint8Array[];
    expect(chars.map((bytes) => bytes[0] ?? 0)).toEqual([97, 98, 0, 99, 100, 101]);
  });

  test("gives attributes of one element alone, and says which are single precision", async () => {
    const dataset = await open();
    const { values, float32Names } = variableOf(dataset, "packed").attributes;

    expect(values.get("_FillValue")).toBe(-9);
    expect(values.get("list")).toEqual([3, 4]);
    expect([...float32Names]).toEqual(["scale_factor"]);
    expect(dataset.attributes.values.get("title")).toBe("höhe");
  });

  test("refuses a compound variable by name", async () => {
    const { refused } = await open();

    expect(refused).toEqual([
      { name: "pairs", dims: ["phony_dim_3"], reason: "its type is compound" },
    ]);
  });

  test("that is cut short is a format error naming the file", async () => {
    await expect(open(bytes.slice(0, bytes.length - 900))).rejects.toMatchObject({
      kind: "invalid-file-format",
      details: { object: "s.nc" },
    });
  });
});
