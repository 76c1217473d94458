/** Arrays that `icefloe/zarr` makes, read by zarr-python and xarray; and theirs, written to by us. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as zarrita from "zarrita";
import { openZarr } from "../../src/dataset/index.ts";
import type { Repository } from "../../src/index.ts";
import {
  type ArrayValues,
  createArray,
  createGroup,
  type DataTypeName,
  jsonFloat,
  resize,
  updateAttributes,
  writeRegion,
} from "../../src/zarr/index.ts";
import { createLocal, makeWorkspace, openLocal } from "./content.ts";
import { type DumpedArray, type Oracle, pythonOracle } from "./oracle.ts";

const workspace = makeWorkspace();
const path = workspace.path("zarr");
let oracle: Oracle;
let repository: Repository;

/** Per data type: values of a [3, 5] array in row-major order, and the bytes they have. */
const VALUES = {
  bool: Uint8Array.from({ length: 15 }, (_, i) => i % 2),
  int8: Int8Array.from({ length: 15 }, (_, i) => i * 17 - 120),
  int16: Int16Array.from({ length: 15 }, (_, i) => i * 4000 - 30000),
  int32: Int32Array.from({ length: 15 }, (_, i) => i * 2 ** 27 - 2 ** 30),
  int64: BigInt64Array.from({ length: 15 }, (_, i) => BigInt(i) * 2n ** 58n - 2n ** 61n),
  uint8: Uint8Array.from({ length: 15 }, (_, i) => i * 17),
  uint16: Uint16Array.from({ length: 15 }, (_, i) => i * 4000),
  uint32: Uint32Array.from({ length: 15 }, (_, i) => i * 2 ** 28),
  uint64: BigUint64Array.from({ length: 15 }, (_, i) => BigInt(i) * 2n ** 60n),
  float16: Float32Array.from({ length: 15 }, (_, i) => i / 4 - 1),
  float32: Float32Array.from({ length: 15 }, (_, i) => (i === 7 ? Number.NaN : i / 3)),
  float64: Float64Array.from({ length: 15 }, (_, i) =>
    i === 8 ? Number.NEGATIVE_INFINITY : i / 7,
  ),
} satisfies Readonly<Partial<Record<DataTypeName, ArrayValues>>>;
const NAMES = Object.keys(VALUES) as (keyof typeof VALUES)[];

function base64(values: ArrayValues): string {
  const { buffer, byteOffset, byteLength } = values as Uint8Array;
  return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
}

beforeAll(async () => {
  oracle = pythonOracle();
  repository = await createLocal(path);
  const { store, ...session } = await start();
  await createGroup(store, "/", { attributes: { title: "made by icefloe" } });
  for (const dtype of NAMES) {
    await createArray(store, `/types/${dtype}`, {
      shape: [3, 5],
      chunkShape: [2, 2],
      dtype,
      dimensionNames: ["y", "x"],
      attributes: { big: 2n ** 60n, two: jsonFloat(2), näme: "ü" },
    });
    await writeRegion(store, `/types/${dtype}`, { data: VALUES[dtype] });
  }
  await session.commit("types");
});
afterAll(async () => {
  await oracle.close();
  workspace.remove();
});

async function start() {
  const session = await repository.writableSession("main");
  return { store: session.store, commit: (message: string) => session.commit(message) };
}

describe("an array made by icefloe", () => {
  test.each(NAMES)("of %s is read by zarr-python, value for value", async (dtype) => {
    const read = await oracle.call<DumpedArray & Record<string, unknown>>("zarrRead", {
      path,
      array: `types/${dtype}`,
    });

    expect(read).toMatchObject({
      dtype,
      shape: [3, 5],
      chunks: [2, 2],
      dimensionNames: ["y", "x"],
    });
    expect(read["attributes"]).toMatchObject({ näme: "ü", two: 2 });
    if (dtype !== "float16") expect(read.bytes).toBe(base64(VALUES[dtype]));
    else expect(read.bytes).toHaveLength(Buffer.alloc(30).toString("base64").length);
  });

  test("is a variable of xarray's, with its dimensions", async () => {
    const dataset = await oracle.call<{
      sizes: Record<string, number>;
      variables: Record<string, DumpedArray & { dims: string[] }>;
    }>("xarrayRead", { path, group: "types" });

    expect(dataset.sizes).toEqual({ y: 3, x: 5 });
    expect(Object.keys(dataset.variables).sort()).toEqual([...NAMES].sort());
    expect(dataset.variables["int64"]).toEqual({
      dtype: "int64",
      shape: [3, 5],
      dims: ["y", "x"],
      bytes: base64(VALUES.int64),
    });
  });

  test.each(NAMES.filter((name) => name !== "float16"))(
    "of %s is read by zarrita",
    async (dtype) => {
      const session = await repository.readonlySession("main");
      const array = await zarrita.open.v3(zarrita.root(session.store).resolve(`/types/${dtype}`), {
        kind: "array",
      });
      const { data, shape } = await zarrita.get(array);

      expect(shape).toEqual([3, 5]);
      const values =
        dtype === "bool"
          ? [...(data as Iterable<boolean>)].map(Number)
          : [...(data as Iterable<number>)];
      expect(values).toEqual([...(VALUES[dtype] as Iterable<number>)]);
    },
  );

  test("is still read by zarr-python after a resize and new attributes", async () => {
    const { store, commit } = await start();
    await createArray(store, "/grown", { shape: [4], chunkShape: [2], dtype: "int32" });
    await writeRegion(store, "/grown", { data: Int32Array.of(1, 2, 3, 4) });
    await resize(store, "/grown", [7]);
    await writeRegion(store, "/grown", {
      region: [{ start: 5, end: 7 }],
      data: Int32Array.of(6, 7),
    });
    await updateAttributes(store, "/grown", { units: "m" });
    await commit("grown");

    const read = await oracle.call<DumpedArray & Record<string, unknown>>("zarrRead", {
      path,
      array: "grown",
    });
    expect(read).toMatchObject({ shape: [7], attributes: { units: "m" } });
    expect(read.bytes).toBe(base64(Int32Array.of(1, 2, 3, 4, 0, 6, 7)));
  });
});

test("an array made by zarr-python takes a region written by icefloe", async () => {
  const arrays = [{ path: "theirs", shape: [4, 6], chunks: [2, 3], dtype: "float64" }];
  await oracle.call("zarrWrite", { path, arrays, message: "theirs" });
  repository = await openLocal(path);
  const { store, commit } = await start();
  await writeRegion(store, "/theirs", {
    region: [
      { start: 1, end: 3 },
      { start: 2, end: 4 },
    ],
    data: Float64Array.of(-1, -2, -3, -4),
  });
  await commit("region");

  const expected = Float64Array.from({ length: 24 }, (_, i) => i);
  for (const [at, value] of [
    [8, -1],
    [9, -2],
    [14, -3],
    [15, -4],
  ] as const)
    expected[at] = value;
  const read = await oracle.call<DumpedArray>("zarrRead", { path, array: "theirs" });
  expect(read.bytes).toBe(base64(expected));
});

describe("a sharded array", () => {
  const ramp = Float64Array.from({ length: 35 }, (_, i) => i / 3);

  test.each(["start", "end"])(
    "with its index at the %s, made and changed by icefloe, is read by zarr-python",
    async (location) => {
      const { store, commit } = await start();
      const array = `/sharded-${location}`;
      await createArray(store, array, {
        shape: [5, 7],
        chunkShape: [4, 6],
        dtype: "float64",
        codecs: [
          {
            name: "sharding_indexed",
            configuration: {
              chunk_shape: [2, 3],
              codecs: [{ name: "bytes" }, { name: "zstd" }, { name: "crc32c" }],
              index_location: location,
            },
          },
        ],
      });
      await writeRegion(store, array, { data: ramp });
      await writeRegion(store, array, { region: [{ start: 1, end: 3 }, 2], data: [-1, -2] });
      await commit(array);

      const read = await oracle.call<DumpedArray & Record<string, unknown>>("zarrRead", {
        path,
        array: array.slice(1),
      });
      expect(read).toMatchObject({ chunks: [2, 3], shards: [4, 6] });
      expect(read.bytes).toBe(base64(ramp.with(9, -1).with(16, -2)));
    },
  );

  test.each(NAMES)("of %s is read by zarr-python, value for value", async (dtype) => {
    const { store, commit } = await start();
    const array = `/sharded-types/${dtype}`;
    await createArray(store, array, { shape: [3, 5], chunkShape: [1, 2], shards: [2, 4], dtype });
    await writeRegion(store, array, { data: VALUES[dtype] });
    await commit(array);

    const read = await oracle.call<DumpedArray & Record<string, unknown>>("zarrRead", {
      path,
      array: array.slice(1),
    });
    expect(read).toMatchObject({ dtype, chunks: [1, 2], shards: [2, 4] });
    if (dtype !== "float16") expect(read.bytes).toBe(base64(VALUES[dtype]));
    else expect(read.bytes).toHaveLength(Buffer.alloc(30).toString("base64").length);
  });

  test.each([
    ["whose index has big-endian bytes", [{ name: "bytes", configuration: { endian: "big" } }]],
    ["whose index has no checksum", [{ name: "bytes" }]],
    ["whose index has a checksum alone", [{ name: "crc32c" }]],
  ])("%s is read by zarr-python", async (name, index_codecs) => {
    const { store, commit } = await start();
    const array = `/sharded ${name}`;
    const configuration = { chunk_shape: [2, 3], index_codecs };
    await createArray(store, array, {
      shape: [5, 7],
      chunkShape: [4, 6],
      dtype: "float64",
      codecs: [{ name: "sharding_indexed", configuration }],
    });
    await writeRegion(store, array, { data: ramp });
    await commit(array);

    const read = await oracle.call<DumpedArray>("zarrRead", { path, array: array.slice(1) });
    expect(read.bytes).toBe(base64(ramp));
  });

  test("of shards in shards, made and changed by icefloe, is read by zarr-python", async () => {
    const { store, commit } = await start();
    const inner = { name: "sharding_indexed", configuration: { chunk_shape: [1, 3] } };
    await createArray(store, "/nested", {
      shape: [5, 7],
      chunkShape: [2, 3],
      shards: [4, 6],
      dtype: "float64",
      codecs: [inner],
    });
    await writeRegion(store, "/nested", { data: ramp });
    await writeRegion(store, "/nested", { region: [{ start: 1, end: 3 }, 2], data: [-1, -2] });
    await commit("nested");

    const read = await oracle.call<DumpedArray>("zarrRead", { path, array: "nested" });
    expect(read.bytes).toBe(base64(ramp.with(9, -1).with(16, -2)));
  });

  test("made by zarr-python is opened by icefloe, and takes a region", async () => {
    const own = { path: "theirs-sharded/v", shape: [6, 8], chunks: [2, 2], shards: [4, 4] };
    const arrays = [{ ...own, dtype: "float64", dimensionNames: ["y", "x"] }];
    await oracle.call("zarrWrite", { path, arrays, message: "theirs, sharded" });
    repository = await openLocal(path);
    const { store, commit } = await start();
    const expected = Float64Array.from({ length: 48 }, (_, i) => i);
    const opened = await openZarr(store, { group: "/theirs-sharded" });
    const variable = await opened.variables["v"]?.load();
    expect(variable?.values).toEqual(expected);

    await writeRegion(store, "/theirs-sharded/v", { region: [1, { start: 3, end: 5 }], data: -1 });
    await commit("region of a shard");

    const read = await oracle.call<DumpedArray>("zarrRead", { path, array: own.path });
    expect(read.bytes).toBe(base64(expected.with(11, -1).with(12, -1)));
  });
});
