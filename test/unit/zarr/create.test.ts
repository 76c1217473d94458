import { describe, expect, test } from "vitest";
import * as zarr from "zarrita";
import { createArray, createGroup, defaultChunkShape, jsonFloat } from "../../../src/zarr/index.ts";
import { PlainStore } from "./plain-store.ts";

const GROUP = { attributes: {}, zarr_format: 3, node_type: "group" };

describe("createGroup", () => {
  test("makes a group and the groups above it", async () => {
    const store = new PlainStore();

    await createGroup(store, "/a/b", {
      attributes: { title: "t", scale: jsonFloat(2), big: 2n ** 60n },
    });

    expect([...store.entries.keys()]).toEqual(["/zarr.json", "/a/zarr.json", "/a/b/zarr.json"]);
    expect(store.json("/zarr.json")).toEqual(GROUP);
    expect(store.text("/a/b/zarr.json")).toBe(
      '{"attributes":{"title":"t","scale":2.0,"big":1152921504606846976},"zarr_format":3,"node_type":"group"}',
    );
  });

  test("the leading slash may be missing; groups above stay as they are", async () => {
    const store = new PlainStore();
    await createGroup(store, "", { attributes: { mine: 1 } });

    await createGroup(store, "a");

    expect(store.json("/zarr.json")).toEqual({ ...GROUP, attributes: { mine: 1 } });
    expect(store.json("/a/zarr.json")).toEqual(GROUP);
  });

  test("refuses a path where something is", async () => {
    const store = new PlainStore();
    await createArray(store, "/a", { shape: [1], dtype: "int8" });

    await expect(createGroup(store, "/a")).rejects.toMatchObject({
      kind: "node-already-exists",
      message: "there is already an array at /a",
      details: { path: "/a", found: "array" },
    });
  });

  test("of two tasks that make one group, one is told", async () => {
    const store = new PlainStore();

    const outcomes = await Promise.allSettled([createGroup(store, "/a"), createGroup(store, "/a")]);

    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  });

  test("overwrites with everything below", async () => {
    const store = new PlainStore();
    await createArray(store, "/g/a", { shape: [1], dtype: "int8" });
    await createGroup(store, "/h");

    await createGroup(store, "/g", { overwrite: true });

    expect([...store.entries.keys()].sort()).toEqual([
      "/g/zarr.json",
      "/h/zarr.json",
      "/zarr.json",
    ]);
  });

  test("overwriting needs a store that can delete", async () => {
    const plain = new Map<string, Uint8Array>();
    await createGroup(plain, "/");

    await expect(createGroup(plain, "/", { overwrite: true })).rejects.toMatchObject({
      kind: "invalid-option",
    });
  });

  test("refuses to lie below an array, and writes nothing", async () => {
    const store = new PlainStore();
    await createArray(store, "/a", { shape: [1], dtype: "int8" });
    const before = [...store.entries.keys()];

    await expect(createGroup(store, "/a/b/c")).rejects.toMatchObject({ kind: "not-a-group" });
    expect([...store.entries.keys()]).toEqual(before);
  });

  test.each([
    [{ attributes: { a: { b: Number.NaN } } }, "bad-metadata", "attributes.a.b: NaN"],
    [
      { attributes: { when: new Date(0) } },
      "bad-metadata",
      "attributes.when: the Date 1970-01-01T00:00:00.000Z",
    ],
    [{ attributes: [1] }, "invalid-option", "attributes must be a plain object"],
    [{ attribute: {} }, "invalid-option", 'unknown option "attribute"'],
    ["x", "invalid-option", "must be a plain object"],
  ])("refuses %j and writes nothing", async (options, kind, message) => {
    const store = new PlainStore();

    await expect(createGroup(store, "/g", options as never)).rejects.toMatchObject({
      kind,
      message: expect.stringContaining(message),
    });
    expect(store.entries.size).toBe(0);
  });

  test("refuses what is no store", async () => {
    await expect(createGroup({} as never, "/")).rejects.toMatchObject({ kind: "invalid-option" });
  });
});

describe("createArray", () => {
  test("writes the document that zarr-python and xarray expect", async () => {
    const store = new PlainStore();

    await createArray(store, "/air", {
      shape: [24, 205, 275],
      chunkShape: [1, 205, 275],
      dtype: "float64",
      dimensionNames: ["time", "y", "x"],
      attributes: { units: "C" },
    });

    expect(store.text("/air/zarr.json")).toBe(
      '{"shape":[24,205,275],"data_type":"float64",' +
        '"chunk_grid":{"name":"regular","configuration":{"chunk_shape":[1,205,275]}},' +
        '"chunk_key_encoding":{"name":"default","configuration":{"separator":"/"}},"fill_value":"NaN",' +
        '"codecs":[{"name":"bytes","configuration":{"endian":"little"}},{"name":"zstd","configuration":{"level":0,"checksum":false}}],' +
        '"attributes":{"units":"C"},"dimension_names":["time","y","x"],"zarr_format":3,"node_type":"array","storage_transformers":[]}',
    );
  });

  test("a scalar has an empty chunk shape, an empty dimension chunks of one", async () => {
    const store = new PlainStore();
    await createArray(store, "/s", { shape: [], dtype: "bool", fillValue: true });
    await createArray(store, "/e", { shape: [0, 4], dtype: "int32" });

    expect(store.json("/s/zarr.json")).toMatchObject({
      fill_value: true,
      chunk_grid: { configuration: { chunk_shape: [] } },
      codecs: [{ name: "bytes" }, { name: "zstd" }],
    });
    expect(store.json("/e/zarr.json")).toMatchObject({
      fill_value: 0,
      chunk_grid: { configuration: { chunk_shape: [1, 4] } },
    });
  });

  test.each([
    ["float32", 0.1, "0.10000000149011612"],
    ["float32", 2, "2.0"],
    ["float64", -0, "-0.0"],
    ["float64", Number.NEGATIVE_INFINITY, '"-Infinity"'],
    ["float16", 1 / 3, "0.333251953125"],
    ["float16", 1e6, '"Infinity"'],
    ["int64", 9223372036854775807n, "9223372036854775807"],
    ["uint64", 7, "7"],
    ["int8", -128, "-128"],
    ["bool", true, "true"],
  ] as const)("a %s fill value %s prints as %s", async (dtype, fillValue, printed) => {
    const store = new PlainStore();

    await createArray(store, "/a", { shape: [1], dtype, fillValue });

    expect(store.text("/a/zarr.json")).toContain(`"fill_value":${printed},`);
  });

  test.each([
    [[], [{ name: "bytes", configuration: { endian: "little" } }]],
    [
      [{ name: "zstd" }],
      [
        { name: "bytes", configuration: { endian: "little" } },
        { name: "zstd", configuration: { level: 0, checksum: false } },
      ],
    ],
    [
      [
        { name: "bytes", configuration: { endian: "big" } },
        { name: "gzip", configuration: { level: 5 } },
      ],
      [
        { name: "bytes", configuration: { endian: "big" } },
        { name: "gzip", configuration: { level: 5 } },
      ],
    ],
    [
      [{ name: "bytes", configuration: {} }],
      [{ name: "bytes", configuration: { endian: "little" } }],
    ],
    [
      [{ name: "zstd", configuration: { level: -5 } }],
      [
        { name: "bytes", configuration: { endian: "little" } },
        { name: "zstd", configuration: { level: -5, checksum: false } },
      ],
    ],
    [
      [{ name: "blosc", configuration: { cname: "lz4" } }],
      [
        { name: "bytes", configuration: { endian: "little" } },
        {
          name: "blosc",
          configuration: { typesize: 2, cname: "lz4", clevel: 5, shuffle: "shuffle", blocksize: 0 },
        },
      ],
    ],
  ])("codecs %j are completed", async (codecs, written) => {
    const store = new PlainStore();

    await createArray(store, "/a", { shape: [1], dtype: "int16", codecs });

    expect(store.json("/a/zarr.json")).toMatchObject({ codecs: written });
  });

  test.each([
    [{ shape: [4, -1] }, "invalid-array-metadata"],
    [{ shape: 4 }, "invalid-option"],
    [{ chunkShape: [2] }, "invalid-array-metadata"],
    [{ chunkShape: [0, 2] }, "invalid-array-metadata"],
    [{ dimensionNames: ["x"] }, "invalid-array-metadata"],
    [{ dtype: "numpy.datetime64" }, "unimplemented"],
    [{ dtype: { name: "struct", configuration: { fields: [] } } }, "unimplemented"],
    [{ dtype: "r12" }, "invalid-option"],
    [{ dtype: { name: "raw_bytes", configuration: { length_bytes: 0 } } }, "invalid-option"],
    [{ dtype: "datetime64[ns]" }, "unimplemented"],
    [{ dtype: "bfloat16" }, "unimplemented"],
    [{ dtype: "float" }, "invalid-option"],
    [{ dtype: { name: "flaot32" } }, "invalid-option"],
    [{ dtype: "int8", fillValue: 128 }, "invalid-option"],
    [{ dtype: "int8", fillValue: 1.5 }, "invalid-option"],
    [{ dtype: "int8", fillValue: "1" }, "invalid-option"],
    [{ dtype: "uint64", fillValue: -1n }, "invalid-option"],
    [{ dtype: "bool", fillValue: 1 }, "invalid-option"],
    [{ codecs: "zstd" }, "invalid-option"],
    [{ overwrite: "yes" }, "invalid-option"],
    [{ shards: [8] }, "invalid-option"],
    [{ chunkShape: [2, 3], shards: [4, 4] }, "invalid-option"],
    [{ chunkShape: [2, 2], shards: [0, 2] }, "invalid-option"],
    [{ chunkShape: [2, 2], shards: [-2, 2] }, "invalid-option"],
    [{ chunkShape: [2, 2], shards: [Number.NaN, 2] }, "invalid-option"],
    [{ chunkShape: [2, 2], shards: [Number.POSITIVE_INFINITY, 2] }, "invalid-option"],
    [{ chunkShape: [2, 2], shards: ["4", 2] }, "invalid-option"],
    [{ chunkShape: [2, 2], shards: [4n, 2] }, "invalid-option"],
    [{ chunkShape: [2.5, 2], shards: [2.5, 2] }, "invalid-option"],
    [{ chunkShape: [0.5, 2], shards: [4, 2] }, "invalid-array-metadata"],
    [{ chunkShape: [0, 2], shards: [4, 2] }, "invalid-option"],
    [{ chunkShape: 2, shards: [4, 2] }, "invalid-option"],
    [{ chunkShape: [2, 2], shards: 4 }, "invalid-option"],
    [{ shape: [], shards: [1] }, "invalid-option"],
    [{ codecs: [null] }, "invalid-option"],
    [{ codecs: [{ name: "gzip", configuration: { level: 12 } }] }, "invalid-option"],
    [{ codecs: [{ name: "gzip", configuration: { level: "x" } }] }, "invalid-option"],
    [{ codecs: [{ name: "zstd", configuration: { lvl: 9 } }] }, "invalid-option"],
    [{ codecs: [{ name: "zstd", configuration: { level: 99 } }] }, "invalid-option"],
    [{ codecs: [{ name: "zstd", configuration: { checksum: 1 } }] }, "invalid-option"],
    [{ codecs: [{ name: "blosc", configuration: { cname: "lzma" } }] }, "invalid-option"],
    [{ codecs: [{ name: "blosc", configuration: { typesize: 0 } }] }, "invalid-option"],
    [
      { codecs: [{ name: "bytes", configuration: { endian: "middle" } }] },
      "invalid-array-metadata",
    ],
    [{ codecs: [{ name: "transpose" }] }, "invalid-array-metadata"],
    [{ codecs: [{ name: "zstd" }, { name: "bytes" }] }, "invalid-array-metadata"],
    [{ codecs: [{ name: "bytes" }, { name: "bytes" }] }, "invalid-array-metadata"],
    [
      { codecs: [{ name: "zstd" }, { name: "transpose", configuration: { order: [1, 0] } }] },
      "invalid-array-metadata",
    ],
    [{ codecs: [{ name: "bytes", configuration: { endian: null } }] }, "invalid-array-metadata"],
    [{ dtype: new Date(0) }, "invalid-option"],
    [
      { codecs: [{ name: "transpose", configuration: { order: [0, 0] } }] },
      "invalid-array-metadata",
    ],
    [{ codecs: [{ configuration: {} }] }, "invalid-option"],
    [
      { codecs: [{ name: "sharding_indexed", configuration: { chunk_shape: [0.5, 1] } }] },
      "invalid-array-metadata",
    ],
    [{ codecs: [{ name: "sharding_indexed" }] }, "invalid-array-metadata"],
    [{ codecs: [{ name: "vlen-utf8" }] }, "invalid-array-metadata"],
    [{ attributes: { bad: Number.NaN } }, "bad-metadata"],
    [{ fill_value: 1 }, "invalid-option"],
  ])("refuses bad options, case %#, and writes nothing", async (options, kind) => {
    const store = new PlainStore();
    const complete = { shape: [4, 4], dtype: "float32", ...options } as never;

    await expect(createArray(store, "/g/a", complete)).rejects.toMatchObject({ kind });
    expect(store.entries.size).toBe(0);
  });

  test("zarrita opens what was made", async () => {
    const store = new Map<string, Uint8Array>();
    await createArray(store, "/g/a", {
      shape: [3],
      dtype: "float32",
      fillValue: 2,
      attributes: { a: [1] },
    });

    const array = await zarr.open.v3(zarr.root(store as never).resolve("/g/a"), { kind: "array" });

    expect([array.shape, array.dtype, array.attrs]).toEqual([[3], "float32", { a: [1] }]);
    expect((await zarr.get(array)).data).toEqual(Float32Array.of(2, 2, 2));
  });
});

describe("defaultChunkShape", () => {
  test.each([
    [[], 8, []],
    [[0], 8, [1]],
    [[131072], 8, [131072]],
    [[131073], 8, [131073]],
    [[1_000_000], 8, [250_000]],
    [[168, 360], 4, [168, 360]],
    [[24, 205, 275], 8, [4, 205, 275]],
    [[100, 721, 1440], 4, [1, 721, 1440]],
    [[100, 2000, 2000], 8, [1, 125, 2000]],
  ])("of %j with %i bytes each is %j", (shape, bytesPerElement, expected) => {
    expect(defaultChunkShape(shape, bytesPerElement)).toEqual(expected);
  });
});
