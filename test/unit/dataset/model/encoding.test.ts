/** What an encoding may say: the compiler refuses a typo, and so does the program. */
import { describe, expect, test } from "vitest";
import { DataArray, Dataset, type Encoding, openZarr } from "../../../../src/dataset/index.ts";
import { mapStore } from "../map-store.ts";

const data = Float64Array.of(1, 2, 3, 4);
const dims = ["x"];
const one = (encoding: Encoding) => new Dataset({ variables: { v: { dims, data, encoding } } });

describe("a typo in an encoding", () => {
  test("does not compile, and is refused by name", async () => {
    // @ts-expect-error: "chunk" is no key
    expect(() => one({ chunk: [2] })).toThrow(
      /variable v: unexpected encoding chunk; known: chunks,/,
    );
    // @ts-expect-error: "_fillValue" is no key
    expect(() => new DataArray({ name: "v", dims, data, encoding: { _fillValue: 0 } })).toThrow(
      /unexpected encoding _fillValue/,
    );
    // @ts-expect-error: "chunk" is no key
    const asked = { v: { chunk: [2] } } satisfies Record<string, Encoding>;
    await expect(one({}).toZarr(mapStore(), { encoding: asked as never })).rejects.toThrow(
      /unexpected encoding chunk/,
    );
    // @ts-expect-error: "scale" is no key
    await expect(one({}).toZarr(mapStore(), { encoding: { v: { scale: 2 } } })).rejects.toThrow(
      /unexpected encoding scale/,
    );
  });

  test("does not compile in a value either, and is refused where nothing else would notice", () => {
    // @ts-expect-error: there is no such dtype
    const dtype: Encoding = { dtype: "flaot32" };
    // @ts-expect-error: a list of lengths
    expect(() => one({ chunks: 2 })).toThrow(
      /variable v: chunks must be 1 positive integers, got 2/,
    );
    // @ts-expect-error: a list of lengths
    expect(() => one({ shards: "4" })).toThrow(/shards must be 1 positive integers, got "4"/);
    // @ts-expect-error: a number
    const scale: Encoding = { scale_factor: "0.1" };
    // @ts-expect-error: a codec has a name
    const codec: Encoding = { compressors: [{ id: "zstd" }] };

    expect([dtype, scale, codec]).toHaveLength(3);
  });

  test("is refused at the write, where it was set on a variable later", async () => {
    const dataset = one({});
    Object.assign(dataset.variables["v"]!.encoding, { chunk: [2] });

    await expect(dataset.toZarr(mapStore())).rejects.toThrow(/unexpected encoding chunk/);
  });

  test("in the rank of chunks is refused when the variable is made", () => {
    expect(() => one({ chunks: [2, 2] })).toThrow(
      /chunks must be 1 positive integers, got \[2, 2\]/,
    );
    expect(() => one({ chunks: [0] })).toThrow(/chunks must be 1 positive integers/);
  });
});

test("every key that xarray writes compiles, null as its None", () => {
  const encodings: Encoding[] = [
    { chunks: [1, 2], shards: [2, 2], compressors: null, filters: null, serializer: null },
    { compressors: [{ name: "zstd", configuration: { level: 3 } }, "crc32c"] },
    { compressors: { name: "gzip" }, serializer: { name: "bytes" }, write_empty_chunks: true },
    { dtype: "int16", scale_factor: 0.1, add_offset: 273, _FillValue: -9, missing_value: [-9, -8] },
    { dtype: "<f4", _FillValue: null, fill_value: Number.NaN, coordinates: "lat lon" },
    { dtype: "S8", units: "hours since 2000-01-01", calendar: "noleap", _Unsigned: "true" },
    { dtype: "<U5", chunk_key_encoding: { name: "default" }, coordinates: null },
  ];

  expect(encodings).toHaveLength(7);
});

test("what a store says of a variable can be passed on, to a variable and to a call", async () => {
  const store = mapStore();
  await one({ dtype: "int16", scale_factor: 0.5, _FillValue: -9, chunks: [2] }).toZarr(store);
  const { encoding } = (await openZarr(store)).variables["v"]!;
  const [own, asked] = [mapStore(), mapStore()];

  await one(encoding).toZarr(own);
  await one({}).toZarr(asked, { encoding: { v: encoding } });

  expect([...own.map]).toEqual([...store.map]);
  expect([...asked.map]).toEqual([...store.map]);
});

test("what a NetCDF file says of a variable can be passed on too", async () => {
  const encoding: Encoding = { char_dim_name: "string8", _Encoding: "utf-8", dtype: "S8" };
  const names = { dims, data: ["a", "b"], encoding };
  const store = mapStore();

  await new Dataset({ variables: { names } }).toZarr(store, { encoding: { names: encoding } });

  const { variables } = await (await openZarr(store)).load();
  expect(variables["names"]?.values).toEqual(["a", "b"]);
});
