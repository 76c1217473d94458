import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as zarr from "zarrita";
import { createArray, createGroup, writeRegion } from "../../../src/zarr/index.ts";
import { PlainStore } from "./plain-store.ts";
import { readArray } from "./read-array.ts";

/** All elements as zarrita reads them. */
const readAll = async (store: PlainStore, path: string): Promise<unknown[]> => {
  const array = await zarr.open.v3(zarr.root(store).resolve(path as "/a"), { kind: "array" });
  return [...((await zarr.get(array)) as { data: Iterable<unknown> }).data];
};
const uncompressed = { codecs: [] };
const asFork = (store: PlainStore): PlainStore =>
  Object.assign(store, { session: { toBytes: () => new Uint8Array() } });

describe("writeRegion", () => {
  test("writes whole chunks without reading, edge chunks padded with the fill value", async () => {
    const store = new PlainStore();
    await createArray(store, "/a", {
      shape: [3],
      chunkShape: [2],
      dtype: "int16",
      fillValue: -1,
      ...uncompressed,
    });
    store.calls.length = 0;

    await writeRegion(store, "/a", { data: Int16Array.of(1, 2, 3) });

    expect(store.chunkCalls("get")).toEqual([]);
    expect([...new Int16Array(store.entries.get("/a/c/1")!.buffer)]).toEqual([3, -1]);
    expect(await readAll(store, "/a")).toEqual([1, 2, 3]);
  });

  test("reads and changes a chunk that the region covers in part", async () => {
    const store = new PlainStore();
    await createArray(store, "/a", { shape: [4, 4], chunkShape: [2, 2], dtype: "float32" });
    await writeRegion(store, "/a", { data: Float32Array.from({ length: 16 }, (_, i) => i) });

    await writeRegion(store, "/a", {
      region: [{ start: 1, end: 3 }, 2],
      data: Float32Array.of(-1, -2),
    });

    expect(await readAll(store, "/a")).toEqual([
      0, 1, 2, 3, 4, 5, -1, 7, 8, 9, -2, 11, 12, 13, 14, 15,
    ]);
  });

  test("any region of any array reads back as a plain list of lists would", async () => {
    const dimension = fc.record({
      length: fc.integer({ min: 1, max: 6 }),
      chunk: fc.integer({ min: 1, max: 7 }),
      from: fc.nat(6),
      to: fc.nat(6),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(dimension, { maxLength: 3 }),
        fc.nat(),
        async (dimensions, seed) => {
          const store = new PlainStore();
          const shape = dimensions.map(({ length }) => length);
          const chunkShape = dimensions.map(({ chunk }) => chunk);
          const region = dimensions.map(({ length, from, to }) => {
            const [start, end] = [Math.min(from, to, length), Math.min(Math.max(from, to), length)];
            return { start, end };
          });
          const total = shape.reduce((a, b) => a * b, 1);
          const size = region.reduce((a, { start, end }) => a * (end - start), 1);
          const before = Float64Array.from({ length: total }, (_, i) => i + 1);
          const data = Float64Array.from({ length: size }, (_, i) => -(i + seed + 1));
          const expected = [...before];
          for (let i = 0; i < size; i++) {
            let rest = i;
            let at = 0;
            let stride = 1;
            for (let d = shape.length - 1; d >= 0; d--) {
              const { start, end } = region[d]!;
              at += (start + (rest % (end - start))) * stride;
              rest = Math.floor(rest / (end - start));
              stride *= shape[d]!;
            }
            expected[at] = data[i]!;
          }
          await createArray(store, "/a", { shape, chunkShape, dtype: "float64" });
          await writeRegion(store, "/a", { data: before });

          await writeRegion(store, "/a", { region, data });

          const read = await readAll(store, "/a").catch(async () => undefined);
          if (shape.length > 0) expect(read).toEqual(expected);
          else expect(store.entries.has("/a/c")).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  test.each([
    ["bool", Uint8Array.of(1, 0, 7), [true, false, true]],
    ["bool", [true, false, true], [true, false, true]],
    ["int8", Int8Array.of(-1, 0, 1), [-1, 0, 1]],
    ["uint8", [255, 0, 1], [255, 0, 1]],
    ["int64", BigInt64Array.of(-(2n ** 63n), 0n, 1n), [-(2n ** 63n), 0n, 1n]],
    ["uint64", [2 ** 53 - 1, 2n ** 64n - 1n, 0], [2n ** 53n - 1n, 2n ** 64n - 1n, 0n]],
    ["float32", Float32Array.of(1.5, Number.NaN, -0), [1.5, Number.NaN, -0]],
    ["float64", [1e300, Number.POSITIVE_INFINITY, 0], [1e300, Number.POSITIVE_INFINITY, 0]],
  ] as const)("case %#: %s values of every kind", async (dtype, data, expected) => {
    const store = new PlainStore();
    await createArray(store, "/a", { shape: [3], dtype });

    await writeRegion(store, "/a", { data: data as never });

    expect(await readAll(store, "/a")).toEqual(expected);
  });

  test("float16 is stored as halves", async () => {
    const store = new PlainStore();
    await createArray(store, "/a", { shape: [3], dtype: "float16", ...uncompressed });

    await writeRegion(store, "/a", { data: Float32Array.of(1, -2, 65504) });

    expect([...new Uint16Array(store.entries.get("/a/c/0")!.buffer)]).toEqual([
      0x3c00, 0xc000, 0x7bff,
    ]);
  });

  test("big endian arrays are written and changed in their byte order", async () => {
    const store = new PlainStore();
    const codecs = [{ name: "bytes", configuration: { endian: "big" } }];
    await createArray(store, "/a", { shape: [2], dtype: "int16", codecs });

    await writeRegion(store, "/a", { data: Int16Array.of(1, 2) });
    await writeRegion(store, "/a", { region: [1], data: 3 });

    expect([...store.entries.get("/a/c/0")!]).toEqual([0, 1, 0, 3]);
  });

  test("one value fills a region; a scalar array takes one too", async () => {
    const store = new PlainStore();
    await createArray(store, "/a", { shape: [5], chunkShape: [2], dtype: "int32" });
    await createArray(store, "/s", { shape: [], dtype: "float64" });

    await writeRegion(store, "/a", { region: [{ start: 1, end: 4 }], data: 7 });
    await writeRegion(store, "/s", { data: 2.5 });

    expect(await readAll(store, "/a")).toEqual([0, 7, 7, 7, 0]);
    expect(store.entries.has("/s/c")).toBe(true);
  });

  test("a chunk of nothing but the fill value is deleted, not stored", async () => {
    const store = new PlainStore();
    await createArray(store, "/a", { shape: [4], chunkShape: [2], dtype: "float64" });

    await writeRegion(store, "/a", { data: Float64Array.of(Number.NaN, Number.NaN, 1, 2) });
    expect([store.entries.has("/a/c/0"), store.entries.has("/a/c/1")]).toEqual([false, true]);
    expect(store.chunkCalls("delete")).toEqual(["delete /a/c/0"]);

    await writeRegion(store, "/a", { region: [null], data: Number.NaN });
    expect(store.entries.has("/a/c/1")).toBe(false);
  });

  test("minus zero is not the fill value zero", async () => {
    const store = new PlainStore();
    await createArray(store, "/a", { shape: [1], dtype: "float64", fillValue: 0 });

    await writeRegion(store, "/a", { data: -0 });

    expect(store.entries.has("/a/c/0")).toBe(true);
  });

  test("a NaN with a payload survives a change beside it", async () => {
    const store = new PlainStore();
    await createArray(store, "/a", { shape: [2], dtype: "float64", ...uncompressed });
    const payload = new Float64Array(BigUint64Array.of(0x7ff80000deadbeefn).buffer)[0]!;
    const data = new Float64Array(2);
    new BigUint64Array(data.buffer)[0] = 0x7ff80000deadbeefn;
    expect(payload).toBeNaN();

    await writeRegion(store, "/a", { data });
    await writeRegion(store, "/a", { region: [1], data: 5 });

    expect(new BigUint64Array(store.entries.get("/a/c/0")!.buffer)[0]).toBe(0x7ff80000deadbeefn);
  });

  test("tasks that share a chunk lose no write", async () => {
    const store = new PlainStore();
    await createArray(store, "/a", { shape: [64], chunkShape: [32], dtype: "int32" });

    await Promise.all(
      Array.from({ length: 64 }, (_, i) =>
        writeRegion(store, "/a", { region: [i], data: Int32Array.of(i + 1) }),
      ),
    );

    expect(await readAll(store, "/a")).toEqual(Array.from({ length: 64 }, (_, i) => i + 1));
  });

  test("a fork refuses to write a part of a chunk, and writes nothing", async () => {
    const store = new PlainStore();
    await createArray(store, "/a", { shape: [6], chunkShape: [2], dtype: "int32" });
    asFork(store);

    const region = [{ start: 0, end: 3 }];
    await expect(writeRegion(store, "/a", { region, data: 1 })).rejects.toMatchObject({
      kind: "region-not-aligned",
      message: expect.stringContaining("[0:3] covers chunk [1] only in part"),
      details: { path: "/a", coordinates: [1] },
    });
    expect(store.entries.has("/a/c/0")).toBe(false);

    await writeRegion(store, "/a", { region, data: 1, safeChunks: false });
    expect(await readAll(store, "/a")).toEqual([1, 1, 1, 0, 0, 0]);
  });

  test("on a fork the end of the array is a border", async () => {
    const store = asFork(new PlainStore());
    await createArray(store, "/a", { shape: [5, 3], chunkShape: [2, 2], dtype: "int8" });

    await writeRegion(store, "/a", { region: [{ start: 4, end: 5 }, null], data: 1 });

    expect((await readAll(store, "/a")).slice(-4)).toEqual([0, 1, 1, 1]);
  });

  test("zarrita's slice is understood, an empty region is nothing", async () => {
    const store = new PlainStore();
    await createArray(store, "/a", { shape: [4], chunkShape: [4], dtype: "int8" });

    await writeRegion(store, "/a", { region: [zarr.slice(2, null)], data: [1, 2] });
    await writeRegion(store, "/a", { region: [{ start: 4, end: 4 }], data: [] });

    expect(await readAll(store, "/a")).toEqual([0, 0, 1, 2]);
  });

  test.each([
    [{ region: [{ start: 0, end: 5 }], data: 1 }, "dimension 0"],
    [{ region: [{ start: 2, end: 1 }], data: 1 }, "dimension 0"],
    [{ region: [{ start: -1, end: 1 }], data: 1 }, "dimension 0"],
    [{ region: [{ start: 0.5, end: 1 }], data: 1 }, "dimension 0"],
    [{ region: [4], data: 1 }, "dimension 0"],
    [{ region: [zarr.slice(0, 4, 2)], data: 1 }, "dimension 0"],
    [{ region: ["0"], data: 1 }, "dimension 0"],
    [{ region: [0, 0], data: 1 }, "the region has 2 dimensions, the array has 1"],
    [{ region: "auto", data: 1 }, "the region has"],
    [{ data: Int16Array.of(1, 2, 3) }, "has 4 elements, data has 3"],
    [{ data: Int32Array.of(1, 2, 3, 4) }, "must come as Int16Array or a list, got a Int32Array"],
    [{ data: [1, 2, 3, 40000] }, "element 3 must be of type int16, got 40000"],
    [{ data: 1.5 }, "must be of type int16, got 1.5"],
    [{ data: "1" }, "must come as Int16Array"],
    [{}, "got undefined"],
    [{ data: 1, regions: [] }, 'unknown option "regions"'],
    [undefined, "must be a plain object"],
  ])("refuses bad input, case %#, and writes nothing", async (options, message) => {
    const store = new PlainStore();
    await createArray(store, "/a", { shape: [4], dtype: "int16" });
    const before = store.entries.size;

    await expect(writeRegion(store, "/a", options as never)).rejects.toMatchObject({
      kind: "invalid-option",
      message: expect.stringContaining(message),
    });
    expect(store.entries.size).toBe(before);
  });

  test("names what is missing or no array", async () => {
    const store = new PlainStore();
    await createGroup(store, "/g");

    await expect(writeRegion(store, "/x", { data: 1 })).rejects.toMatchObject({
      kind: "node-not-found",
    });
    await expect(writeRegion(store, "/g", { data: 1 })).rejects.toMatchObject({
      kind: "not-an-array",
    });
  });

  test.each([
    ['"codecs":[{"name":"bytes"}]', '"codecs":[{"name":"bytes"},{"name":"lz4"}]', "codec lz4"],
    ['"data_type":"int8"', '"data_type":{"name":"numpy.datetime64"}', "numpy.datetime64"],
    ['"data_type":"int8"', '"data_type":{"name":"struct"}', "struct"],
    ['"name":"regular"', '"name":"rectilinear"', "rectilinear"],
    ['"storage_transformers":[]', '"storage_transformers":[{"name":"t"}]', "storage transformer t"],
  ])("names what it cannot write: %s as %s", async (from, to, message) => {
    const store = new PlainStore();
    await createArray(store, "/a", { shape: [4], dtype: "int8", ...uncompressed });
    store.put("/a/zarr.json", store.text("/a/zarr.json").replace(from, to));

    await expect(writeRegion(store, "/a", { data: 1 })).rejects.toMatchObject({
      kind: "unimplemented",
      message: expect.stringContaining(message),
    });
  });

  test.each([
    ["not zstd at all", Uint8Array.of(1, 2, 3)],
    ["a frame of another size", undefined],
  ])("a damaged chunk is named and stays: %s", async (_, bytes) => {
    const store = new PlainStore();
    await createArray(store, "/a", { shape: [4], dtype: "int8" });
    await createArray(store, "/b", { shape: [8], dtype: "int8" });
    await writeRegion(store, "/b", { data: 9 });
    const damaged = bytes ?? store.entries.get("/b/c/0")!;
    store.entries.set("/a/c/0", damaged);

    await expect(writeRegion(store, "/a", { region: [0], data: 1 })).rejects.toMatchObject({
      kind: "deserialization",
      message: expect.stringContaining("chunk a/c/0 is damaged"),
    });
    expect(store.entries.get("/a/c/0")).toBe(damaged);
  });

  test("an aborted call rejects with the reason", async () => {
    const store = new PlainStore();
    await createArray(store, "/a", { shape: [4], chunkShape: [1], dtype: "int8" });
    const reason = new Error("enough");

    const write = writeRegion(store, "/a", { data: 1, signal: AbortSignal.abort(reason) });

    await expect(write).rejects.toBe(reason);
  });

  test("fill values spelled by their bits, or as 0.0 for integers, are understood", async () => {
    const store = new PlainStore();
    for (const [path, dtype, fill] of [
      ["/f", "float32", '"0x7fc00000"'],
      ["/i", "int16", "0.0"],
    ] as const) {
      await createArray(store, path, { shape: [2], chunkShape: [1], dtype });
      const text = store.text(`${path}/zarr.json`);
      store.put(
        `${path}/zarr.json`,
        text.replace(/"fill_value":("NaN"|0)/, `"fill_value":${fill}`),
      );
    }

    await writeRegion(store, "/f", { data: Float32Array.of(Number.NaN, 1) });
    await writeRegion(store, "/i", { data: Int16Array.of(0, 1) });

    expect([...store.entries.keys()].filter((key) => key.includes("/c/"))).toEqual([
      "/f/c/1",
      "/i/c/1",
    ]);
  });
});

test("a chunk that two compressors lengthen one after the other is read back", async () => {
  const store = new PlainStore();
  const codecs = [{ name: "gzip" }, { name: "zstd" }, { name: "crc32c" }];
  const data = new Uint8Array(2 ** 22);
  let state = 7;
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    data[i] = state >>> 24;
  }
  const options = { shape: [data.length], chunkShape: [data.length], codecs };
  await createArray(store, "/a", { ...options, dtype: "uint8" });
  await writeRegion(store, "/a", { data });
  expect(store.entries.get("/a/c/0")?.length).toBeGreaterThan(data.length + 1024);

  await writeRegion(store, "/a", { region: [0], data: 1 });

  const read = await readArray(store, [{ start: 0, end: 3 }]);
  expect(read).toEqual(Uint8Array.of(1, data[1] as number, data[2] as number));
});
