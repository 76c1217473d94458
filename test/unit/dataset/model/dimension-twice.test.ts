import { describe, expect, test } from "vitest";
import { assertIdentical, Dataset, openNetcdf, openZarr } from "../../../../src/dataset/index.ts";
import { chunkRegions } from "../../../../src/parallel/index.ts";
import { netcdf3File } from "../../../netcdf3-file.ts";
import { mapStore } from "../map-store.ts";

const bytes = netcdf3File({
  version: 2,
  dimensions: { time: 2, x: 3 },
  variables: {
    time: { dims: ["time"], type: "int", values: [10, 20] },
    cov: { dims: ["time", "time"], type: "int", values: [1, 2, 3, 4] },
    more: {
      dims: ["x", "time", "time"],
      type: "int",
      values: Array.from({ length: 12 }, (_, i) => i),
    },
  },
});

describe("a dimension that a variable has twice", () => {
  test("comes back from a store", async () => {
    const dataset = await openNetcdf(bytes);
    const store = mapStore();

    await dataset.toZarr(store);

    await assertIdentical(dataset, await openZarr(store));
  });

  test("is selected along both axes", async () => {
    const dataset = await openNetcdf(bytes);

    const part = await (await dataset.sel({ time: 20 })).load();

    expect(part.get("cov")?.values).toEqual(Int32Array.of(4));
    expect(part.get("more")?.values).toEqual(Int32Array.of(3, 7, 11));
  });

  test("is written into existing arrays, as a whole and by region", async () => {
    const dataset = await openNetcdf(bytes);
    const store = mapStore();
    const encoding = { cov: { chunks: [1, 1] }, more: { chunks: [3, 1, 1] } };
    await dataset.toZarr(store, { encoding });

    await dataset.toZarr(store, { mode: "a" });
    await dataset.isel({ time: [1] }).toZarr(store, { region: { time: { start: 1, end: 2 } } });

    await assertIdentical(dataset, await openZarr(store));
  });

  test("is matched with arrays that have their dimensions in another order", async () => {
    const store = mapStore();
    const data = Int32Array.from({ length: 12 }, (_, i) => i);
    const turned = { dims: ["time", "time", "x"], shape: [2, 2, 3], data: new Int32Array(12) };
    await new Dataset({ variables: { more: turned } }).toZarr(store);
    const more = { dims: ["x", "time", "time"], shape: [3, 2, 2], data };

    await new Dataset({ variables: { more } }).toZarr(store, { mode: "a" });

    const stored = await (await openZarr(store)).get("more")!.load();
    expect(stored.values).toEqual(Int32Array.of(0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11));
  });

  test("is not appended along, which is said before anything grows", async () => {
    const dataset = await openNetcdf(bytes);
    const store = mapStore();
    await dataset.toZarr(store);

    const appended = dataset.toZarr(store, { appendDim: "time" });

    await expect(appended).rejects.toMatchObject({
      kind: "invalid-option",
      message: expect.stringMatching(/variable cov has dimension time twice/),
    });
    await assertIdentical(dataset, await openZarr(store));
  });

  test("is not cut into regions, which would leave chunks out", () => {
    const cov = { dims: ["time", "time"], shape: [4, 4], dtype: "int8" } as const;
    const variable = (chunks: number[]) =>
      new Dataset({ variables: { cov: { ...cov, encoding: { chunks } } } }).variables["cov"]!;

    expect(() => chunkRegions(variable([2, 4]))).toThrow(/dimension time twice/);
    expect(chunkRegions(variable([4, 4]))).toEqual([{}]);
  });
});
