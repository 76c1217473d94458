import { beforeEach, describe, expect, test } from "vitest";
import {
  assertIdentical,
  Dataset,
  openZarr,
  type VariableInput,
} from "../../../../src/dataset/index.ts";
import { Repository } from "../../../../src/repository/repository.ts";
import { memoryStorage } from "../../../../src/storage/memory.ts";
import { airDataset, chunked, filledAir, time } from "../air-dataset.ts";
import { chunkKeys, documentAt, type MapStore, mapStore } from "../map-store.ts";

const SIZE = { time: 4, x: 3 };
const dims = ["time", "x"];

let store: MapStore;
beforeEach(() => {
  store = mapStore();
});

describe("a template without data", () => {
  test("makes arrays of its dtype, coordinates, and no chunk of data", async () => {
    await airDataset(chunked).toZarr(store, { compute: false });

    expect(documentAt(store, "/air")).toMatchObject({ shape: [4, 3], data_type: "float32" });
    expect(chunkKeys(store, "/air")).toEqual([]);
    expect(chunkKeys(store, "/time")).toEqual(["/time/c/0"]);
  });

  test("is filled by region, part by part, and reads as what was filled in", async () => {
    await airDataset(chunked).toZarr(store, { compute: false });

    for (const i of [2, 0, 3, 1]) {
      await filledAir()
        .isel({ time: [i] })
        .toZarr(store, { region: "auto" });
    }

    await assertIdentical(filledAir(), await openZarr(store));
  });

  test("is never held in memory, however large it is", async () => {
    const hours = 24 * 365 * 1000;
    const shape = [hours, 1800, 3600];
    const huge = new Dataset({
      variables: {
        air: {
          dims: ["time", "y", "x"],
          shape,
          dtype: "float64",
          encoding: { chunks: [1, 1800, 3600] },
        },
      },
    });

    await huge.isel({ time: { start: 24 } }).toZarr(store, { compute: false });

    expect(documentAt(store, "/air")).toMatchObject({ shape: [hours - 24, 1800, 3600] });
  });

  test("takes the sizes of its dimensions from other variables", () => {
    const { sizes } = new Dataset({
      variables: { air: { dims, dtype: "float32" }, wind: { dims, shape: [4, 3], dtype: "int8" } },
    });

    expect(sizes).toEqual(SIZE);
    expect(() => airDataset({ shape: undefined, dtype: "float32" })).toThrow(
      /the sizes of x are not/,
    );
  });

  test.each([
    [{ dtype: "float64" }, "float64", "NaN"],
    [{ dtype: "int64" }, "int64", 0],
    [{ dtype: "bool" }, "bool", false],
    [{ dtype: "float16" }, "float16", "NaN"],
    [{ dtype: "string" }, "string", ""],
    [
      { dtype: "float32", encoding: { dtype: "int16", scale_factor: 0.1, _FillValue: -9 } },
      "int16",
      -9,
    ],
    [{ dtype: "datetime", encoding: { units: "hours since 2000-01-01" } }, "int64", 0],
    [
      { dtype: "datetime", encoding: { units: "days since 2000-01-01", dtype: "f8" } },
      "float64",
      "NaN",
    ],
  ])("%j is stored as %s", async (air, dataType, fill) => {
    await airDataset(air).toZarr(store, { compute: false });

    const document = documentAt(store, "/air");
    expect([document["data_type"], document["fill_value"]]).toEqual([dataType, fill]);
    const [variable] = Object.values((await openZarr(store)).variables);
    // Packed values are decoded in doubles.
    expect(variable?.dtype).toBe(dataType === "int16" ? "float64" : air.dtype);
  });

  test("of byte strings has their width", async () => {
    await airDataset({ dtype: "bytes", encoding: { dtype: "S5" } }).toZarr(store, {
      compute: false,
    });

    expect(documentAt(store, "/air")["data_type"]).toMatchObject({
      configuration: { length_bytes: 5 },
    });
    expect(() => airDataset({ dtype: "bytes" })).toThrow(/air: dtype bytes needs a width/);
  });

  test.each([
    [{ dtype: "flaot32" }, /variable air: dtype must be .*got "flaot32"/],
    [{ dtype: "datetime" }, /dtype datetime needs its units: encoding: \{ units/],
    [{}, /variable air: data must be/],
    [{ dtype: "int8", data: undefined }, /variable air: data must be .*got undefined/],
    [{ dtype: "int8", shape: [4] }, /shape must be a size for each of \[time, x\]/],
    [{ dtype: "int8", shape: [4, -1] }, /shape must be a size/],
    [{ dtype: "int8", read: 7 }, /read must be a function, got 7/],
    [{ dtype: "int8", read: () => [], data: [1] }, /data and read exclude each other/],
  ])("%j is refused", (air, message) => {
    expect(() => airDataset(air)).toThrow(message);
  });
});

describe("a template has no values:", () => {
  const wrote = () => store.sets.length;

  test("writing it without compute: false is refused before anything is touched", async () => {
    await filledAir().toZarr(store);
    const before = wrote();

    for (const options of [
      { mode: "w" },
      { mode: "a" },
      { region: "auto" },
      { appendDim: "time" },
    ] as const) {
      await expect(airDataset(chunked).toZarr(store, options)).rejects.toMatchObject({
        kind: "invalid-option",
        message: expect.stringMatching(/air is a template without data: pass compute: false/),
      });
    }
    expect([wrote(), store.deletes]).toEqual([before, []]);
  });

  test("a coordinate without data is refused", async () => {
    const bare = new Dataset({ coordinates: { x: { dims: ["x"], shape: [3], dtype: "int8" } } });

    await expect(bare.toZarr(store, { compute: false })).rejects.toThrow(
      /coordinate x has no data/,
    );
  });

  test("reading it says what to do instead", async () => {
    const air = airDataset(chunked).isel({ time: 0 }).variables["air"];

    expect([air?.isLoaded, air?.dims, air?.dtype]).toEqual([false, ["x"], "float32"]);
    expect(() => air?.values).toThrow(/variable air is a template without data.*compute: false/);
    await expect(air?.load()).rejects.toMatchObject({ kind: "not-allowed" });
    await expect(assertIdentical(airDataset(chunked), filledAir())).rejects.toMatchObject({
      kind: "not-allowed",
    });
  });
});

describe("a template of one chunk", () => {
  const single = { ...chunked, encoding: { chunks: [4, 3] } };
  const part = (i: number) => filledAir().isel({ time: [i] });
  beforeEach(() => airDataset(single).toZarr(store, { compute: false }));

  test("is filled by a region that is all of it", async () => {
    await filledAir().toZarr(store, { region: "auto" });

    await assertIdentical(filledAir(), await openZarr(store));
  });

  test("is not filled in part: writers would share the chunk, which is named", async () => {
    await expect(part(1).toZarr(store, { region: "auto" })).rejects.toMatchObject({
      kind: "region-not-aligned",
      details: { path: "/air", coordinates: [0, 0], dimension: "time" },
    });
    expect(chunkKeys(store, "/air")).toEqual([]);
  });

  test("is filled in parts with safeChunks: false, at once too", async () => {
    await Promise.all(
      [3, 1, 0, 2].map((i) => part(i).toZarr(store, { region: "auto", safeChunks: false })),
    );

    await assertIdentical(filledAir(), await openZarr(store));
  });

  const withMask = (mask: object) =>
    new Dataset({
      variables: {
        air: filledAir().variables["air"]!,
        mask: { dims: ["x"], shape: [3], ...mask } as unknown as VariableInput,
      },
      coordinates: { time },
    });
  const maskOf = (value: number) => withMask({ data: new Int8Array(3).fill(value) });
  const write = (mask: Dataset, i: number, to: object) =>
    mask.isel({ time: [i] }).toZarr(to as MapStore, { region: "auto" });
  const template = withMask({ dtype: "int8" });

  test("that no part has to itself is filled by the first, and compared by the others", async () => {
    await template.toZarr(store, { mode: "w", compute: false });

    await write(maskOf(7), 0, store);
    await write(maskOf(7), 1, store);

    expect(store.sets.filter((key) => key === "/mask/c/0")).toHaveLength(1);
    await expect(write(maskOf(8), 2, store)).rejects.toThrow(
      /variable mask differs from the store at \[0\] \(8, stored 7\); .*written already/,
    );
  });

  test("that no part has to itself is not filled by forks, which would all write it", async () => {
    const repository = await Repository.create(memoryStorage());
    const session = await repository.writableSession("main");
    await template.toZarr(session.store, { compute: false });
    const fork = session.fork();

    await expect(write(maskOf(7), 0, fork.store)).rejects.toThrow(
      /variable mask differs .*every fork would write: write it once, before they are made/,
    );
  });
});

describe("appending a template", () => {
  const next = (air: object) =>
    new Dataset({
      variables: { air: { dims, shape: [2, 3], ...air } as unknown as VariableInput },
      coordinates: { time: { dims: ["time"], data: Int32Array.of(50, 60) } },
    });

  test("with compute: false grows the arrays and their coordinate, to be filled by region", async () => {
    await filledAir().toZarr(store);
    store.sets.length = 0;

    await next({ dtype: "float32" }).toZarr(store, { appendDim: "time", compute: false });
    expect([...store.sets].sort()).toEqual([
      "/air/zarr.json",
      "/time/c/1",
      "/time/zarr.json",
      "/zarr.json",
    ]);
    await next({ data: new Float32Array(6).fill(9) })
      .isel({ time: [1] })
      .toZarr(store, { region: "auto" });

    const { variables, coordinates } = await (await openZarr(store)).load();
    expect(coordinates["time"]?.values).toEqual(Int32Array.of(10, 20, 30, 40, 50, 60));
    expect([...(variables["air"]!.values as Float32Array)].slice(9)).toEqual([
      ...[10, 11, 12],
      ...[Number.NaN, Number.NaN, Number.NaN],
      ...[9, 9, 9],
    ]);
  });

  test("leaves templates alone that have not the dimension, and times of which nothing is known", async () => {
    const issued = {
      dims: ["time"],
      dtype: "datetime",
      encoding: { units: "hours since 2000-01-01" },
    } as const;
    const mask = { dims: ["x"], shape: [3] };
    await new Dataset({
      variables: {
        air: filledAir().variables["air"]!,
        mask: { ...mask, data: Int8Array.of(1, 2, 3) },
        issued,
      },
      coordinates: { time },
    }).toZarr(store, { compute: false });

    await new Dataset({
      variables: {
        air: next({ dtype: "float32" }).variables["air"]!,
        mask: { ...mask, dtype: "int8" },
        issued,
      },
      coordinates: next({ dtype: "float32" }).coordinates,
    }).toZarr(store, { appendDim: "time", compute: false });

    const { variables, sizes } = await (await openZarr(store)).load();
    expect(sizes).toEqual({ time: 6, x: 3 });
    expect(variables["mask"]?.values).toEqual(Int8Array.of(1, 2, 3));
    expect(chunkKeys(store, "/issued")).toEqual([]);
  });

  test("with values writes them, and so does one of single chunks with compute: false", async () => {
    const count = (data: number[]) => ({ dims: ["time"], data: Int32Array.from(data) });
    const of = (part: Dataset, data: number[]) =>
      new Dataset({
        variables: { air: part.variables["air"]!, count: count(data) },
        coordinates: part.coordinates,
      });
    const encoding = { count: { chunks: [10] } };
    await of(filledAir(), [1, 2, 3, 4]).toZarr(store, { encoding });

    await of(next({ data: new Float32Array(6).fill(9) }), [5, 6]).toZarr(store, {
      appendDim: "time",
      compute: false,
    });

    const { variables } = await (await openZarr(store)).load();
    expect(variables["count"]?.values).toEqual(Int32Array.of(1, 2, 3, 4, 5, 6));
    expect((variables["air"]!.values as Float32Array).at(-1)).toBeNaN();
  });
});
