import { deflateSync, gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { crc32c } from "../../../../src/codec/crc32c.ts";
import { type DataArray, Dataset, openZarr } from "../../../../src/dataset/index.ts";
import { type MapStore, mapStore } from "../map-store.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A group with one array `v`, as somebody else may have written it. */
function foreign(
  members: Record<string, unknown>,
  chunks: Record<string, Uint8Array> = {},
): MapStore {
  const store = mapStore();
  store.map.set("/zarr.json", encode('{"zarr_format":3,"node_type":"group"}'));
  const document = {
    zarr_format: 3,
    node_type: "array",
    shape: [4],
    data_type: "int16",
    chunk_grid: { name: "regular", configuration: { chunk_shape: [2] } },
    chunk_key_encoding: { name: "default" },
    fill_value: 7,
    codecs: [{ name: "bytes", configuration: { endian: "little" } }],
    dimension_names: ["x"],
    ...members,
  };
  store.map.set("/v/zarr.json", encode(JSON.stringify(document)));
  for (const [key, bytes] of Object.entries(chunks)) store.map.set(`/v/${key}`, bytes);
  return store;
}

async function valuesOf(store: MapStore, options?: object): Promise<unknown> {
  const dataset = await openZarr(store, options);
  return (await (dataset.variables["v"] as DataArray).load()).values;
}

const LITTLE = Uint8Array.of(1, 0, 2, 0);
const BIG = Uint8Array.of(0, 1, 0, 2);

describe("openZarr reads", () => {
  test.each([
    ["plain little-endian bytes", [{ name: "bytes", configuration: { endian: "little" } }], LITTLE],
    ["big-endian bytes", [{ name: "bytes", configuration: { endian: "big" } }], BIG],
    ["gzip", [{ name: "bytes" }, { name: "gzip", configuration: { level: 1 } }], gzipSync(LITTLE)],
    ["zlib", [{ name: "bytes" }, { name: "numcodecs.zlib" }], deflateSync(LITTLE)],
    [
      "a checksum",
      [{ name: "bytes" }, { name: "crc32c" }],
      Uint8Array.of(...LITTLE, ...new Uint8Array(Uint32Array.of(crc32c(LITTLE)).buffer)),
    ],
  ])("%s", async (_, codecs, chunk) => {
    const store = foreign({ codecs }, { "c/0": new Uint8Array(chunk) });

    expect(await valuesOf(store)).toEqual(Int16Array.of(1, 2, 7, 7));
  });

  test("transposed chunks", async () => {
    const store = foreign(
      {
        shape: [2, 3],
        chunk_grid: { name: "regular", configuration: { chunk_shape: [2, 3] } },
        dimension_names: ["y", "x"],
        data_type: "int8",
        codecs: [{ name: "transpose", configuration: { order: [1, 0] } }, { name: "bytes" }],
      },
      { "c/0/0": Uint8Array.of(1, 4, 2, 5, 3, 6) },
    );

    expect(await valuesOf(store)).toEqual(Int8Array.of(1, 2, 3, 4, 5, 6));
  });

  test.each([
    ["dots", { name: "default", configuration: { separator: "." } }, "c.1"],
    ["version 2's", { name: "v2" }, "1"],
  ])("chunk keys with %s", async (_, encoding, key) => {
    const store = foreign({ chunk_key_encoding: encoding }, { [key]: LITTLE });

    expect(await valuesOf(store)).toEqual(Int16Array.of(7, 7, 1, 2));
  });

  test("a shard whose index lies at its start, with chunks left out", async () => {
    const absent = 2n ** 64n - 1n;
    const index = new Uint8Array(BigUint64Array.of(32n, 4n, absent, absent).buffer);
    const store = foreign(
      {
        chunk_grid: { name: "regular", configuration: { chunk_shape: [4] } },
        codecs: [
          {
            name: "sharding_indexed",
            configuration: {
              chunk_shape: [2],
              codecs: [{ name: "bytes", configuration: { endian: "little" } }],
              index_codecs: [{ name: "bytes", configuration: { endian: "little" } }],
              index_location: "start",
            },
          },
        ],
      },
      { "c/0": Uint8Array.of(...index, ...LITTLE) },
    );

    expect(await valuesOf(store)).toEqual(Int16Array.of(1, 2, 7, 7));
  });

  test("fill values as bits and words", async () => {
    for (const [fill, value] of [
      ["0x7fc00000", Number.NaN],
      ["-Infinity", Number.NEGATIVE_INFINITY],
    ]) {
      const store = foreign({ data_type: "float32", fill_value: fill });

      expect(await valuesOf(store)).toEqual(new Float32Array(4).fill(value as number));
    }
  });

  test("a _FillValue that is a word, which xarray does not", async () => {
    const store = foreign({
      data_type: "float64",
      fill_value: 0,
      attributes: { _FillValue: "NaN" },
    });

    expect(await valuesOf(store)).toEqual(new Float64Array(4));
  });

  test("numbers as they are stored without maskAndScale and decodeTimes", async () => {
    const attributes = { scale_factor: 0.5, units: "days since 2000-01-01" };
    const store = foreign({ attributes }, { "c/0": LITTLE });

    const dataset = await openZarr(store, { maskAndScale: false, decodeTimes: false });

    expect((await dataset.load()).variables["v"]?.values).toEqual(Int16Array.of(1, 2, 7, 7));
    expect(dataset.variables["v"]?.attributes).toEqual(attributes);
  });

  test("only arrays of its group, and only chunks that a selection touches", async () => {
    const store = foreign({}, { "c/0": LITTLE, "c/1": LITTLE });
    store.map.set("/g/zarr.json", encode('{"zarr_format":3,"node_type":"group"}'));
    store.map.set("/g/w/zarr.json", store.map.get("/v/zarr.json") as Uint8Array);
    const dataset = await openZarr(store);
    store.gets.length = 0;

    const part = await dataset.isel({ x: [3] }).load();

    expect(Object.keys(dataset.variables)).toEqual(["v"]);
    expect(part.variables["v"]?.values).toEqual(Int16Array.of(2));
    expect(store.gets).toEqual(["/v/c/1"]);
  });

  test("coordinates by attribute of variable and group, and hides _nc attributes", async () => {
    const store = foreign({ attributes: { coordinates: "a missing" } });
    const scalar = {
      shape: [],
      dimension_names: [],
      chunk_grid: { name: "regular", configuration: { chunk_shape: [] } },
    };
    const document = JSON.parse(new TextDecoder().decode(store.map.get("/v/zarr.json"))) as object;
    for (const name of ["a", "b"]) {
      store.map.set(
        `/${name}/zarr.json`,
        encode(JSON.stringify({ ...document, ...scalar, attributes: {} })),
      );
    }
    store.map.set(
      "/zarr.json",
      encode(
        '{"zarr_format":3,"node_type":"group","attributes":{"coordinates":"b","_NCx":1,"t":2}}',
      ),
    );

    const dataset = await openZarr(store);

    expect(Object.keys(dataset.coordinates)).toEqual(["a", "b"]);
    expect(dataset.attributes).toEqual({ t: 2 });
    expect(dataset.variables["v"]?.encoding["coordinates"]).toBe("a missing");
  });
});

describe("openZarr refuses", () => {
  test.each([
    [
      "lz4",
      { codecs: [{ name: "bytes" }, { name: "numcodecs.lz4" }] },
      "unimplemented",
      /array \/v: codec numcodecs.lz4/,
    ],
    [
      "complex numbers",
      { data_type: "complex128", fill_value: [0, 0] },
      "unimplemented",
      /\/v: data type "complex128"/,
    ],
    ["another grid", { chunk_grid: { name: "rectilinear" } }, "unimplemented", /rectilinear/],
    [
      "no dimension names",
      { dimension_names: undefined },
      "invalid-array-metadata",
      /a name for each/,
    ],
    ["no codecs", { codecs: [] }, "invalid-array-metadata", /codecs must be a list/],
    ["a null fill value", { fill_value: null }, "invalid-array-metadata", /fill_value/],
    [
      "strings through bytes",
      { data_type: "string", fill_value: "" },
      "invalid-array-metadata",
      /does not fit/,
    ],
    [
      "chunks of no size",
      { chunk_grid: { name: "regular", configuration: { chunk_shape: [0] } } },
      "invalid-array-metadata",
      /do not fit/,
    ],
    [
      "enormous chunks",
      { chunk_grid: { name: "regular", configuration: { chunk_shape: [2 ** 40] } } },
      "unimplemented",
      /too large/,
    ],
  ])("%s, naming the array", async (_, members, kind, message) => {
    const store = foreign(members);

    await expect(openZarr(store)).rejects.toMatchObject({
      kind,
      message: expect.stringMatching(message),
    });
    expect(Object.keys((await openZarr(store, { dropVariables: ["v"] })).variables)).toEqual([]);
  });

  test("a group that is not there, and an array in its place", async () => {
    await expect(openZarr(mapStore())).rejects.toMatchObject({ kind: "node-not-found" });
    await expect(openZarr(foreign({}), { group: "v" })).rejects.toMatchObject({
      kind: "not-a-group",
    });
  });

  test.each([
    ["cut short", [{ name: "bytes" }], Uint8Array.of(1, 0, 2)],
    [
      "that is no zstd",
      [{ name: "bytes" }, { name: "zstd", configuration: { level: 0, checksum: false } }],
      LITTLE,
    ],
    ["that is no gzip", [{ name: "bytes" }, { name: "gzip" }], LITTLE],
    [
      "that unzips to more",
      [{ name: "bytes" }, { name: "gzip" }],
      gzipSync(new Uint8Array(100_000)),
    ],
    [
      "with a wrong checksum",
      [{ name: "bytes" }, { name: "crc32c" }],
      Uint8Array.of(...LITTLE, 1, 2, 3, 4),
    ],
  ])("a chunk %s, naming it", async (_, codecs, chunk) => {
    const store = foreign({ codecs }, { "c/0": new Uint8Array(chunk) });

    await expect(valuesOf(store)).rejects.toMatchObject({
      kind: "deserialization",
      details: { chunk: "v/c/0" },
    });
  });

  test.each([
    ["another count", Uint8Array.of(9, 0, 0, 0)],
    ["a length beyond its end", Uint8Array.of(2, 0, 0, 0, 255, 255, 0, 0)],
    ["no UTF-8", Uint8Array.of(2, 0, 0, 0, 1, 0, 0, 0, 255, 0, 0, 0, 0)],
  ])("a chunk of strings with %s", async (_, chunk) => {
    const codecs = [{ name: "vlen-utf8" }];
    const store = foreign({ data_type: "string", fill_value: "", codecs }, { "c/0": chunk });

    await expect(valuesOf(store)).rejects.toMatchObject({ kind: "deserialization" });
  });
});

test("openZarr lists the groups right below, each to be opened by its path", async () => {
  const store = mapStore();
  const dataset = new Dataset({ variables: { v: { dims: ["x"], data: [1] } } });
  await dataset.toZarr(store);
  await dataset.toZarr(store, { group: "inner" });
  await dataset.toZarr(store, { group: "inner/deep" });

  const root = await openZarr(store);
  const inner = await openZarr(store, { group: root.groups[0] });

  expect(root.groups).toEqual(["/inner"]);
  expect(inner.groups).toEqual(["/inner/deep"]);
  expect(dataset.groups).toEqual([]);
});

test.each(["v", ["v", 1], new Set(["v"])])("openZarr drops no %j", async (dropVariables) => {
  await expect(openZarr(foreign({}), { dropVariables } as never)).rejects.toMatchObject({
    kind: "invalid-option",
    message: expect.stringContaining("dropVariables must be a list of names"),
  });
});
