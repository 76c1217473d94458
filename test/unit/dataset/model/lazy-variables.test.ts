import { beforeEach, describe, expect, test } from "vitest";
import {
  assertIdentical,
  Dataset,
  type Dtype,
  openZarr,
  TimeArray,
} from "../../../../src/dataset/index.ts";
import { airDataset, chunked, filledAir, time } from "../air-dataset.ts";
import { type MapStore, mapStore } from "../map-store.ts";

let store: MapStore;
beforeEach(() => {
  store = mapStore();
});

describe("a variable whose values a function makes", () => {
  const calls: string[] = [];
  const lazy = (air: object = {}) =>
    airDataset({
      ...chunked,
      read: ([t, x]: { start: number; end: number }[]) => {
        calls.push(`${t!.start}:${t!.end},${x!.start}:${x!.end}`);
        return Float32Array.from(
          { length: (t!.end - t!.start) * (x!.end - x!.start) },
          (_, i) => t!.start * 3 + x!.start + i + 1,
        );
      },
      ...air,
    });
  beforeEach(() => {
    calls.length = 0;
  });

  test("is read once per chunk when it is written, and holds what it returned", async () => {
    await lazy().toZarr(store);

    expect(calls.sort()).toEqual(["0:1,0:3", "1:2,0:3", "2:3,0:3", "3:4,0:3"]);
    await assertIdentical(filledAir(), await openZarr(store));
  });

  test("is read once per shard", async () => {
    await lazy({ encoding: { chunks: [1, 3], shards: [2, 3] } }).toZarr(store);

    expect(calls.sort()).toEqual(["0:2,0:3", "2:4,0:3"]);
  });

  test("is read for up to 8 chunks at once", async () => {
    let [active, most] = [0, 0];
    const read = async () => {
      most = Math.max(most, ++active);
      await new Promise((resolve) => setImmediate(resolve));
      active--;
      return Int8Array.of(1);
    };
    const many = new Dataset({
      variables: {
        a: { dims: ["x"], shape: [40], dtype: "int8", read, encoding: { chunks: [1] } },
        b: { dims: ["x"], shape: [40], dtype: "int8", read, encoding: { chunks: [1] } },
      },
    });

    await many.toZarr(store);

    expect(most).toBe(8);
  });

  test("is selected and transposed without being read", async () => {
    const part = lazy().isel({ time: { start: 1, end: 3 } });
    expect(calls).toEqual([]);
    const turned = new Dataset({
      variables: { air: { dims: ["x", "time"], shape: [3, 4], dtype: "float32" } },
      coordinates: { time },
    });
    await turned.toZarr(store, { compute: false, encoding: { air: { chunks: [3, 1] } } });

    await part.toZarr(store, { region: "auto" });

    expect(calls.sort()).toEqual(["1:2,0:3", "2:3,0:3"]);
    const stored = (await openZarr(store)).isel({ time: 1 }).variables["air"];
    expect((await stored?.load())?.values).toEqual(Float32Array.of(4, 5, 6));
  });

  test("is left out by compute: false, and written by region", async () => {
    await lazy().toZarr(store, { compute: false });
    expect(calls).toEqual([]);

    await lazy()
      .isel({ time: [3] })
      .toZarr(store, { region: "auto" });
    expect(calls).toEqual(["3:4,0:3"]);
  });

  test("is loaded in one call, and stays in memory", async () => {
    const air = lazy().variables["air"]!;
    expect(air.isLoaded).toBe(false);
    expect(() => air.values).toThrow(/await load\(\) first/);

    await air.load();
    await air.load();

    expect([air.values[11 as never], calls]).toEqual([12, ["0:4,0:3"]]);
  });

  test("may return lists, promises, and times in any units", async () => {
    const minutes = ["minutes since 2000-01-01", "proleptic_gregorian"] as const;
    const hours = new Dataset({
      variables: {
        when: {
          dims: ["x"],
          shape: [2],
          dtype: "datetime",
          encoding: { units: "hours since 2000-01-01" },
          read: async ([x]) => [new Date(Date.UTC(2000, 0, 1, x!.start)), new Date(Number.NaN)],
        },
        odd: {
          dims: ["x"],
          shape: [2],
          dtype: "datetime",
          encoding: { units: "hours since 2000-01-01", dtype: "float64" },
          read: () => new TimeArray(BigInt64Array.of(90n, 60n), ...minutes),
        },
        flags: { dims: ["x"], shape: [2], dtype: "bool", read: () => [true, false] },
        names: { dims: ["x", "y"], shape: [2, 1], dtype: "string", read: () => [["a"], ["b"]] },
      },
    });

    await hours.toZarr(store);

    const { when, odd, flags, names } = (await (await openZarr(store)).load()).variables;
    expect([0, 1].map((i) => (when!.values as TimeArray).toISO(i))).toEqual([
      "2000-01-01T00:00:00",
      "NaT",
    ]);
    expect((odd!.values as TimeArray).values).toEqual(Float64Array.of(1.5, 1));
    expect([flags?.values, names?.values]).toEqual([Uint8Array.of(1, 0), ["a", "b"]]);
  });

  const bad: [string, Dtype, unknown, RegExp][] = [
    [
      "too few values",
      "float32",
      new Float32Array(2),
      /air: read must return 3 values of shape \[1, 3\], got 2/,
    ],
    ["another shape", "float64", [[1], [2], [3]], /3 values of shape \[1, 3\], got \[3, 1\]/],
    [
      "another dtype",
      "float32",
      new Float64Array(3),
      /air: read of \[0:1, 0:3\]: data of float64 is not of dtype float32/,
    ],
    ["nothing", "float32", undefined, /air: read of \[0:1, 0:3\]: data must be .*got undefined/],
    ["no times", "datetime", new Float64Array(3), /data of float64 is not of dtype datetime/],
    [
      "parts of an hour",
      "datetime",
      [1, 2, 3].map((ms) => new Date(ms)),
      /is no whole number of hours/,
    ],
    [
      "longer byte strings",
      "bytes",
      [1, 2, 3].map((n) => new Uint8Array(n)),
      /has 3 bytes, more than 2, at element 2/,
    ],
  ];
  test.each(bad)("is refused by name if it returns %s", async (_, dtype, data, message) => {
    const units = dtype === "datetime" ? { units: "hours since 2000-01-01" } : {};
    const width = dtype === "bytes" ? { dtype: "S2" } : {};
    const encoding = { chunks: [1, 3], ...units, ...width };

    const writing = lazy({ dtype, encoding, read: () => data })
      .isel({ time: [0] })
      .toZarr(store);

    await expect(writing).rejects.toMatchObject({
      kind: "invalid-option",
      message: expect.stringMatching(message),
    });
  });

  test("passes on what it throws, and is given the signal", async () => {
    const lost = new Error("the archive is down");
    const controller = new AbortController();
    const seen: unknown[] = [];
    const read = (_: unknown, options: { signal?: AbortSignal }) => {
      seen.push(options.signal);
      throw lost;
    };

    const writing = lazy({ read }).toZarr(store, { signal: controller.signal });

    await expect(writing).rejects.toBe(lost);
    expect(seen[0]).toBe(controller.signal);
  });
});
