import { describe, expect, test } from "vitest";
import {
  assertIdentical,
  Dataset,
  openNetcdf,
  openZarr,
  TimeArray,
} from "../../../../src/dataset/index.ts";
import { netcdf3File } from "../../../netcdf3-file.ts";
import { chunkKeys, documentAt, mapStore } from "../map-store.ts";

const { NaN: NAN } = Number;

const sample = (): Dataset =>
  new Dataset({
    variables: {
      v: {
        dims: ["time", "x"],
        data: Float32Array.of(1, NAN, 3, 4, 5, 6, 7, 8, 9),
        attributes: { units: "K" },
        encoding: { chunks: [1, 2] },
      },
      label: { dims: [], data: "text" },
    },
    coordinates: {
      time: { dims: ["time"], data: BigInt64Array.of(0n, 1n, 2n) },
      xc: { dims: ["x"], data: Float64Array.of(1, 2, 3) },
    },
    attributes: { title: "sample" },
  });

/** A file of one variable, packed by scale and offset of that type. */
const packedFile = (
  values: readonly number[],
  type: "int" | "short",
  scaleType: "float" | "double",
  [scale, offset]: readonly [number, number],
): Uint8Array =>
  netcdf3File({
    version: 1,
    dimensions: { x: values.length },
    variables: {
      v: {
        dims: ["x"],
        type,
        values,
        attributes: { scale_factor: [scaleType, [scale]], add_offset: [scaleType, [offset]] },
      },
    },
  });

describe("toZarr", () => {
  test("writes documents that xarray reads", async () => {
    const store = mapStore();

    await sample().toZarr(store);

    expect(documentAt(store, "/")).toEqual({
      attributes: { title: "sample" },
      zarr_format: 3,
      node_type: "group",
    });
    expect(documentAt(store, "/v")).toEqual({
      shape: [3, 3],
      data_type: "float32",
      chunk_grid: { name: "regular", configuration: { chunk_shape: [1, 2] } },
      chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
      fill_value: "NaN",
      codecs: [
        { name: "bytes", configuration: { endian: "little" } },
        { name: "zstd", configuration: { level: 0, checksum: false } },
      ],
      attributes: { units: "K", _FillValue: "AAAAAAAA+H8=", coordinates: "xc" },
      dimension_names: ["time", "x"],
      zarr_format: 3,
      node_type: "array",
      storage_transformers: [],
    });
  });

  test("pads edge chunks and writes the array's metadata before its chunks", async () => {
    const store = mapStore();

    await new Dataset({
      variables: {
        v: {
          dims: ["x"],
          data: Int16Array.of(1, 2, 3),
          encoding: { chunks: [2], compressors: null, fill_value: 9 },
        },
      },
    }).toZarr(store);

    expect(store.map.get("/v/c/1")).toEqual(Uint8Array.of(3, 0, 9, 0));
    expect(store.sets.indexOf("/v/zarr.json")).toBeLessThan(store.sets.indexOf("/v/c/0"));
  });

  test("stores no chunk of nothing but the fill value, bit for bit", async () => {
    const store = mapStore();

    await new Dataset({
      variables: {
        nan: { dims: ["x"], data: Float64Array.of(NAN, NAN, 1), encoding: { chunks: [1] } },
        zero: {
          dims: ["x"],
          data: Float64Array.of(0, -0, 1),
          encoding: { chunks: [1], fill_value: 0 },
        },
        all: {
          dims: ["x"],
          data: Int8Array.of(0, 0, 0),
          encoding: { chunks: [1], write_empty_chunks: true },
        },
      },
    }).toZarr(store);

    expect(chunkKeys(store, "/nan")).toEqual(["/nan/c/2"]);
    expect(chunkKeys(store, "/zero")).toEqual(["/zero/c/1", "/zero/c/2"]);
    expect(chunkKeys(store, "/all")).toHaveLength(3);
  });

  test("passes packed values on bit for bit, whatever decoding would lose", async () => {
    // Half of the numbers cannot be told apart once they are unpacked.
    const packed = [2 ** 31 - 1, 2 ** 31 - 2, -(2 ** 31), 5];
    const store = mapStore();
    const dataset = await openNetcdf(packedFile(packed, "int", "double", [1e-12, 1e6]));

    await dataset.toZarr(store, { encoding: { v: { compressors: null } } });

    const bytes = store.map.get("/v/c/0") as Uint8Array;
    expect(new Int32Array(bytes.slice().buffer)).toEqual(Int32Array.from(packed));
    await assertIdentical(dataset, await openZarr(store));
  });

  test("single-precision scales are identical unpacked, and bit for bit packed", async () => {
    const [packed, unpacked] = [mapStore(), mapStore()];
    const dataset = await openNetcdf(packedFile([1, 7], "short", "float", [0.3, 0]));

    await dataset.toZarr(packed);
    await dataset.toZarr(unpacked, { encoding: { v: { dtype: "float32" } } });

    await assertIdentical(dataset, await openZarr(unpacked));
    await expect(assertIdentical(dataset, await openZarr(packed))).rejects.toThrow(
      /dtype float32 and float64/,
    );
    expect(documentAt(packed, "/v")).toMatchObject({ data_type: "int16" });
  });

  test("a missing value of NaN is left out of what JSON cannot say", async () => {
    const store = mapStore();
    const v = { dims: ["x"], data: [1, NAN], attributes: { missing_value: NAN } };

    await new Dataset({ variables: { v } }).toZarr(store);

    expect(documentAt(store, "/v")["attributes"]).toEqual({ _FillValue: "AAAAAAAA+H8=" });
  });

  test("an encoding that says what is stored replaces the variable's own words on it", async () => {
    const dataset = await openNetcdf(packedFile([1, 2], "short", "double", [0.5, 1]));
    const store = mapStore();

    await dataset.toZarr(store, { encoding: { v: { dtype: "float32" } } });

    expect(documentAt(store, "/v")).toMatchObject({ data_type: "float32" });
    expect((await (await openZarr(store)).load()).variables["v"]?.values).toEqual(
      Float32Array.of(1.5, 2),
    );
  });

  test("stores times in units that are asked for, whole numbers where they are", async () => {
    const store = mapStore();
    const times = (units: string) => ({
      dims: ["time"],
      data: new TimeArray(BigInt64Array.of(0n, 36n), "hours since 2000-01-01", "noleap"),
      encoding: { units },
    });
    const dataset = new Dataset({
      variables: {
        minutes: times("minutes since 2000-01-01"),
        days: times("days since 1999-12-31"),
      },
    });

    await dataset.toZarr(store);

    expect(documentAt(store, "/minutes")).toMatchObject({
      data_type: "int64",
      attributes: { units: "minutes since 2000-01-01", calendar: "noleap" },
    });
    expect(documentAt(store, "/days")).toMatchObject({ data_type: "float64" });
    await assertIdentical(dataset, await openZarr(store));
  });

  test("prints integers beyond 2^53 and floats as they are, attributes as they were spelled", async () => {
    const first = mapStore();
    const second = mapStore();
    await new Dataset({
      variables: {
        v: {
          dims: ["x"],
          data: BigInt64Array.of(1n),
          encoding: { _FillValue: 2n ** 62n, scale_factor: 2, add_offset: 1, dtype: "int64" },
        },
      },
    }).toZarr(first);
    first.map.set(
      "/zarr.json",
      new TextEncoder().encode(
        '{"attributes":{"a":2.0,"b":1e5,"c":12345678901234567890},"zarr_format":3,"node_type":"group"}',
      ),
    );

    await (await openZarr(first)).toZarr(second);

    const text = (key: string) => new TextDecoder().decode(second.map.get(key));
    expect(text("/zarr.json")).toContain('"a":2.0,"b":1e5,"c":12345678901234567890');
    expect(text("/v/zarr.json")).toContain(`"_FillValue":${2n ** 62n}`);
    expect(text("/v/zarr.json")).toContain('"scale_factor":2.0');
  });

  test("leaves values out with compute: false, but for coordinates and single chunks", async () => {
    const store = mapStore();

    await sample().toZarr(store, { compute: false });

    expect(chunkKeys(store, "/v")).toEqual([]);
    expect(chunkKeys(store, "/time")).toEqual(["/time/c/0"]);
    expect(chunkKeys(store, "/xc")).toEqual(["/xc/c/0"]);
    expect(chunkKeys(store, "/label")).toEqual(["/label/c"]);
    expect(documentAt(store, "/v")).toMatchObject({ shape: [3, 3] });
  });

  test("chooses one chunk up to a MiB, and leading dimensions beyond", async () => {
    const store = mapStore();
    const dataset = new Dataset({
      variables: {
        small: { dims: ["a"], data: new Float64Array(131_072) },
        large: { dims: ["t", "b"], shape: [24, 131_072], data: new Float64Array(24 * 131_072) },
      },
    });

    await dataset.toZarr(store, { compute: false });

    const chunks = (path: string) =>
      (documentAt(store, path)["chunk_grid"] as { configuration: { chunk_shape: number[] } })
        .configuration.chunk_shape;
    expect(chunks("/small")).toEqual([131_072]);
    expect(chunks("/large")).toEqual([2, 131_072]);
  });

  test("writes into a group, and makes the ones above", async () => {
    const store = mapStore();

    await sample().toZarr(store, { group: "a/b" });

    expect(documentAt(store, "/")).toMatchObject({ node_type: "group" });
    expect(documentAt(store, "/a")).toMatchObject({ node_type: "group" });
    await assertIdentical(sample(), await openZarr(store, { group: "a/b" }));
  });

  test("copies a store into another, chunks, shards and compressors kept", async () => {
    const first = mapStore();
    const second = mapStore();
    await sample().toZarr(first, {
      encoding: { v: { chunks: [1, 1], shards: [2, 3], compressors: [{ name: "gzip" }] } },
    });

    await (await openZarr(first)).toZarr(second);

    expect(documentAt(second, "/v")).toEqual(documentAt(first, "/v"));
    await assertIdentical(sample(), await openZarr(second));
  });
});

describe("modes", () => {
  const other = (): Dataset =>
    new Dataset({
      variables: { v: { dims: ["time", "x"], data: new Float32Array(9), shape: [3, 3] } },
      attributes: { title: "other" },
    });

  test("w- refuses a group that is there, w replaces it with all below", async () => {
    const store = mapStore();
    await sample().toZarr(store);

    await expect(other().toZarr(store)).rejects.toMatchObject({ kind: "node-already-exists" });
    await other().toZarr(store, { mode: "w" });

    expect([...store.map.keys()].sort()).toEqual(["/v/c/0/0", "/v/zarr.json", "/zarr.json"]);
  });

  test("a keeps the group, overwrites values and replaces the group's attributes", async () => {
    const store = mapStore();
    await sample().toZarr(store);

    await other().toZarr(store, { mode: "a" });

    const opened = await (await openZarr(store)).load();
    expect(opened.attributes).toEqual({ title: "other" });
    expect(opened.variables["v"]?.attributes).toEqual({ units: "K" });
    expect(opened.variables["v"]?.values).toEqual(new Float32Array(9));
    expect(opened.variables["label"]?.values).toEqual(["text"]);
  });

  test("a chunk that becomes nothing but the fill value is deleted", async () => {
    const store = mapStore();
    await sample().toZarr(store);
    const before = chunkKeys(store, "/v").length;
    const empty = new Dataset({
      variables: { v: { dims: ["time", "x"], shape: [3, 3], data: new Float32Array(9).fill(NAN) } },
    });

    await empty.toZarr(store, { mode: "a" });

    expect(before).toBe(6);
    expect(chunkKeys(store, "/v")).toEqual([]);
  });

  test("r+ leaves the group's attributes alone and makes no variables", async () => {
    const store = mapStore();
    await sample().toZarr(store);

    await other().toZarr(store, { mode: "r+" });
    const news = new Dataset({ variables: { n: { dims: ["q"], data: [1] } } });

    expect((await openZarr(store)).attributes).toEqual({ title: "sample" });
    await expect(news.toZarr(store, { mode: "r+" })).rejects.toThrow(/no variable n/);
    await expect(news.toZarr(mapStore(), { mode: "r+" })).rejects.toMatchObject({
      kind: "node-not-found",
    });
  });

  test("dimensions in another order are transposed into an existing variable", async () => {
    const store = mapStore();
    await sample().toZarr(store);
    const turned = new Dataset({
      variables: {
        v: { dims: ["x", "time"], shape: [3, 3], data: Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8) },
      },
    });

    await turned.toZarr(store, { mode: "a" });

    expect((await (await openZarr(store)).load()).variables["v"]?.values).toEqual(
      Float32Array.of(0, 3, 6, 1, 4, 7, 2, 5, 8),
    );
  });
});
