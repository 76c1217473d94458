import { describe, expect, test } from "vitest";
import { Dataset, openZarr } from "../../../../src/dataset/index.ts";
import { mapStore } from "../map-store.ts";

const { NaN: NAN } = Number;

describe("toZarr refuses", () => {
  const one = (variable: object): Dataset =>
    new Dataset({ variables: { v: { dims: ["x"], data: Float64Array.of(1, 2), ...variable } } });

  test.each([
    [
      "an attribute of NaN",
      one({ attributes: { valid_max: NAN } }),
      {},
      /variable v: .*valid_max.*NaN/,
    ],
    ["a date as attribute", one({ attributes: { when: new Date(0) } }), {}, /variable v: .*when/],
    [
      "an unknown encoding",
      one({}),
      { encoding: { v: { zlib: true } } },
      /unexpected encoding zlib/,
    ],
    ["an encoding of no variable", one({}), { encoding: { w: {} } }, /no variable w/],
    [
      "chunks of another rank",
      one({}),
      { encoding: { v: { chunks: [1, 1] } } },
      /chunks must be 1 positive/,
    ],
    [
      "shards that chunks do not fill",
      one({}),
      { encoding: { v: { chunks: [2], shards: [3] } } },
      /no multiples/,
    ],
    [
      "an unknown compressor",
      one({}),
      { encoding: { v: { compressors: [{ name: "lzma" }] } } },
      /compressor lzma/,
    ],
    [
      "filters",
      one({}),
      { encoding: { v: { filters: [{ name: "delta" }] } } },
      /filters are not supported/,
    ],
    ["an unknown mode", one({}), { mode: "x" }, /unknown mode "x"/],
    ["an unknown option", one({}), { moed: "w" }, /unknown option "moed"/],
    ['compute: "no"', one({}), { compute: "no" }, /compute must be true or false, got "no"/],
    [
      "a level that gzip lacks",
      one({}),
      { encoding: { v: { compressors: [{ name: "gzip", configuration: { level: 12 } }] } } },
      /codec gzip: level must be an integer from 0 to 9, got 12/,
    ],
    [
      "a region with mode w",
      one({}),
      { mode: "w", region: "auto" },
      /region cannot be written with mode w/,
    ],
    [
      "region and appendDim together",
      one({}),
      { region: "auto", appendDim: "x" },
      /exclude each other/,
    ],
    [
      "safeChunks without a region",
      one({}),
      { safeChunks: false },
      /safeChunks goes with region only/,
    ],
    [
      "writeInvariant with a whole dataset",
      one({}),
      { writeInvariant: true },
      /writeInvariant goes with region or appendDim/,
    ],
    [
      "floats as int16 out of range",
      one({ data: [1, 99_999] }),
      { encoding: { v: { dtype: "int16" } } },
      /99999 cannot be stored as int16/,
    ],
  ])("%s", async (_, dataset, options, message) => {
    await expect(dataset.toZarr(mapStore(), options as never)).rejects.toThrow(message);
  });

  test("an attribute that JSON has no form for, saying what to do about it", async () => {
    const dataset = one({ data: [1, 2], attributes: { valid_min: Number.NaN } });

    await expect(dataset.toZarr(mapStore())).rejects.toMatchObject({
      kind: "bad-metadata",
      message:
        "variable v: JSON has no form for attributes.valid_min: NaN; delete the attribute, or make it a text",
    });
  });

  test("a name that would be a group, before anything is written", async () => {
    const store = mapStore();
    const dataset = new Dataset({ variables: { "a/b": { dims: ["x"], data: [1] } } });

    await expect(dataset.toZarr(store)).rejects.toThrow(/it would be a group/);
    expect(store.sets).toEqual([]);
  });

  test.each([
    "",
    ".",
    "..",
    "...",
    "zarr.json",
    ".zarray",
    ".zgroup",
    ".zattrs",
    ".zmetadata",
    "\ud800",
  ])("the name %j, which no store can hold, before anything is written", async (name) => {
    const store = mapStore();
    const dataset = new Dataset({ variables: { [name]: { dims: ["x"], data: [1] } } });

    await expect(dataset.toZarr(store)).rejects.toMatchObject({
      kind: "invalid-option",
      message: expect.stringContaining(
        `cannot hold a variable of the name ${JSON.stringify(name)}`,
      ),
    });
    expect(store.sets).toEqual([]);
  });

  test.each(["c", "__v", "a b", "höhe", ".hidden"])("not the name %j", async (name) => {
    const store = mapStore();
    const dataset = new Dataset({ variables: { [name]: { dims: ["x"], data: [1, 2] } } });

    await dataset.toZarr(store);

    const opened = await openZarr(store);
    expect((await opened.get(name)!.load()).values).toEqual(Float64Array.of(1, 2));
  });

  test("a number out of range, saying where it stands in what is written", async () => {
    const data = new Float32Array(4 * 2 * 3).fill(280);
    data[(3 * 2 + 1) * 3 + 2] = 700;
    const t2m = {
      ...{ dims: ["time", "lat", "lon"], shape: [4, 2, 3], data },
      encoding: { dtype: "int16", scale_factor: 0.01, add_offset: 273.15, chunks: [1, 2, 2] },
    } as const;

    await expect(new Dataset({ variables: { t2m } }).toZarr(mapStore())).rejects.toThrow(
      /^variable t2m: 700 \(packed 42685\) cannot be stored as int16, at time 3, lat 1, lon 2$/,
    );
  });

  test("a scalar out of range, which stands nowhere", async () => {
    const dataset = new Dataset({
      variables: { v: { dims: [], data: 99_999, encoding: { dtype: "int16" } } },
    });

    await expect(dataset.toZarr(mapStore())).rejects.toThrow(/cannot be stored as int16$/);
  });

  describe("other units than the store has", () => {
    const air = (units?: string): Dataset => {
      const attributes = units === undefined ? {} : { units };
      const encoding = { chunks: [2] };
      return new Dataset({
        variables: { air: { dims: ["x"], data: [1, 2], attributes, encoding } },
        coordinates: { x: { dims: ["x"], data: [0, 1] } },
      });
    };
    const WAYS = [{ region: "auto" }, { appendDim: "x" }, { mode: "a" }, { mode: "r+" }] as const;

    test.each(WAYS)("with %j, naming both", async (options) => {
      const store = mapStore();
      await air("K").toZarr(store);
      store.sets.length = 0;

      await expect(air("degC").toZarr(store, options)).rejects.toMatchObject({
        kind: "invalid-option",
        message: expect.stringContaining('variable air has units "degC", the store has "K"'),
      });
      expect(store.sets).toEqual([]);
    });

    test.each(WAYS)("but not none, with %j", async (options) => {
      const store = mapStore();
      await air("K").toZarr(store);

      await air().toZarr(store, options);

      expect((await openZarr(store)).get("air")!.attributes).toEqual({ units: "K" });
    });
  });

  test("fractions into a variable that is there and holds integers", async () => {
    const store = mapStore();
    await one({ data: Int16Array.of(1, 2) }).toZarr(store);

    await expect(one({ data: [1, 2.5] }).toZarr(store, { mode: "a" })).rejects.toThrow(
      /2.5 cannot be stored as int16, at x 1/,
    );
  });

  test("units among the attributes of times", async () => {
    const dataset = new Dataset({
      variables: {
        t: { dims: ["x"], data: [new Date(0)], attributes: { units: "days" } },
      },
    });

    await expect(dataset.toZarr(mapStore())).rejects.toThrow(/units is an attribute and part/);
  });

  test("other sizes than an existing variable has", async () => {
    const store = mapStore();
    await one({}).toZarr(store);

    await expect(one({ data: [1, 2, 3] }).toZarr(store, { mode: "a" })).rejects.toThrow(
      /size 3 along x, the store has 2/,
    );
  });
});
