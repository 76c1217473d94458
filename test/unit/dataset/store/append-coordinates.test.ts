/** What an append must not change: values without the dimension that are in the store already. */
import { beforeEach, describe, expect, test } from "vitest";
import {
  assertIdentical,
  Dataset,
  type Encoding,
  openZarr,
  TimeArray,
} from "../../../../src/dataset/index.ts";
import { type MapStore, mapStore } from "../map-store.ts";

const LAT = [50, 51, 52];

type Changes = Readonly<Record<string, unknown>>;

/** Days from `start` on of a small grid, some of its parts replaced. */
function grid(start: number, count: number, changes: Changes = {}): Dataset {
  const variables: Changes = {
    v: {
      dims: ["time", "lat"],
      shape: [count, 3],
      data: Float64Array.from({ length: count * 3 }, (_, i) => start * 3 + i),
    },
    area: { dims: ["lat"], data: [1, 2, 3] },
    bands: { dims: ["lat"], data: [7, 8, 9], encoding: { chunks: [2] } },
  };
  const coordinates: Changes = {
    time: {
      dims: ["time"],
      data: new TimeArray(
        BigInt64Array.from({ length: count }, (_, i) => BigInt(start + i)),
        "days since 2000-01-01",
      ),
    },
    lat: { dims: ["lat"], data: LAT },
    xc: { dims: ["lat"], data: [0.1, 0.2, Number.NaN] },
    station: { dims: ["lat"], data: ["a", "b", "c"] },
    ref: { dims: [], data: new TimeArray(BigInt64Array.of(0n), "days since 1990-01-01") },
  };
  const replace = (all: Changes): Changes =>
    Object.fromEntries(Object.entries(all).map(([name, own]) => [name, changes[name] ?? own]));
  return new Dataset({ variables: replace(variables), coordinates: replace(coordinates) } as never);
}

let store: MapStore;
beforeEach(async () => {
  store = mapStore();
  await grid(0, 2).toZarr(store);
  store.sets.length = 0;
});

describe.each(["a", "a-", "r+", undefined] as const)("an append in mode %s", (mode) => {
  const append = (dataset: Dataset) => dataset.toZarr(store, { appendDim: "time", mode });

  test("of a dataset with the same coordinates writes none of them", async () => {
    await append(grid(2, 1));

    const touched = new Set(store.sets.map((key) => key.split("/")[1]));
    expect([...touched].sort()).toEqual(mode === "r+" ? ["time", "v"] : ["time", "v", "zarr.json"]);
    await assertIdentical(await openZarr(store), grid(0, 3));
  });

  test.each([
    [
      "an index",
      "lat",
      { dims: ["lat"], data: [52, 51, 50] },
      /coordinate lat .*\[0\] \(52, stored 50\)/,
    ],
    [
      "another coordinate",
      "xc",
      { dims: ["lat"], data: [0.1, 0.2, 0.3] },
      /coordinate xc .*\[2\] \(0\.3, stored NaN\)/,
    ],
    [
      "texts",
      "station",
      { dims: ["lat"], data: ["a", "B", "c"] },
      /coordinate station .*\[1\] \("B", stored "b"\)/,
    ],
    [
      "a time",
      "ref",
      { dims: [], data: new Date("1990-01-02T06:00:00Z") },
      /coordinate ref .*\[\] \(1990-01-02T06:00:00, stored 1990-01-01T00:00:00\)/,
    ],
  ])("refuses %s that differs, and writes nothing", async (_, name, changed, message) => {
    const failure = append(grid(2, 1, { [name]: changed }));

    await expect(failure).rejects.toMatchObject({
      kind: "invalid-option",
      message: expect.stringMatching(message),
      details: { option: "appendDim", variable: name },
    });
    await expect(failure).rejects.toThrow(/an append never changes it/);
    expect(store.sets).toEqual([]);
  });

  test("takes equal coordinates of another type or in other units", async () => {
    await append(
      grid(2, 1, {
        lat: { dims: ["lat"], data: Int16Array.from(LAT) },
        ref: { dims: [], data: new Date("1990-01-01T00:00:00Z") },
      }),
    );

    expect((await openZarr(store)).sizes["time"]).toBe(3);
  });

  test("refuses another size before it compares", async () => {
    const wider = new Dataset({
      variables: { v: { dims: ["time", "lat"], shape: [1, 4], data: [1, 2, 3, 4] } },
      coordinates: {
        time: grid(2, 1).coordinates["time"] as never,
        lat: { dims: ["lat"], data: [...LAT, 53] },
      },
    });

    await expect(append(wider)).rejects.toThrow(/lat has size 4 along lat, the store has 3/);
    expect(store.sets).toEqual([]);
  });
});

describe("numbers where the store has times", () => {
  const numbers = (attributes: Record<string, unknown>) =>
    grid(2, 1, { time: { dims: ["time"], data: [2], attributes } });

  test.each([
    ["without units", {}],
    ["in other units", { units: "hours since 2000-01-01" }],
    ["of another calendar", { units: "days since 2000-01-01", calendar: "noleap" }],
    ["in units that cannot be read", { units: "days since yesterday" }],
  ])("are refused %s, and nothing is written", async (_, attributes) => {
    await expect(numbers(attributes).toZarr(store, { appendDim: "time" })).rejects.toThrow(
      /variable time has numbers, the store has times, "days since 2000-01-01"/,
    );
    expect(store.sets).toEqual([]);
  });

  test("are times if their own attributes say the same units", async () => {
    await numbers({ units: "days since 2000-1-1 00:00" }).toZarr(store, { appendDim: "time" });

    await assertIdentical(await openZarr(store), grid(0, 3));
  });

  test("are compared with times in those units", async () => {
    const ref = (value: bigint) => ({
      dims: [],
      data: value,
      attributes: { units: "days since 1990-01-01" },
    });
    await grid(2, 1, { ref: ref(0n) }).toZarr(store, { appendDim: "time" });
    const failure = grid(3, 1, { ref: ref(1n) }).toZarr(store, { appendDim: "time" });

    await expect(failure).rejects.toThrow(
      /coordinate ref differs from the store at \[\] \(1, stored 1990-01-01T00:00:00\)/,
    );
  });
});

describe("a time that the store's units cannot say", () => {
  test.each([
    [Float64Array.of(2, 2.5), /2000-01-03T12:00:00 is no whole number of days.*at time 1/],
    [Float64Array.of(9.969209968386869e36), /out of range is no whole number of days in 64 bits/],
  ])("is named, of %j", async (values, message) => {
    const time = { dims: ["time"], data: new TimeArray(values, "days since 2000-01-01") };
    const failure = grid(2, values.length, { time }).toZarr(store, { appendDim: "time" });

    await expect(failure).rejects.toThrow(message);
    expect(store.sets).toEqual([]);
  });
});

describe("data variables without the dimension", () => {
  const area = { dims: ["lat"], data: [1, 2, 4] };
  const bands = { dims: ["lat"], data: [7, 8, 0], encoding: { chunks: [2] } };

  test("of one chunk are compared", async () => {
    const failure = grid(2, 1, { area }).toZarr(store, { appendDim: "time" });

    await expect(failure).rejects.toThrow(
      /variable area differs from the store at \[2\] \(4, stored 3\).*writeInvariant: true/,
    );
    expect(store.sets).toEqual([]);
  });

  test("of one chunk are left alone in mode a-", async () => {
    await grid(2, 1, { area }).toZarr(store, { appendDim: "time", mode: "a-" });

    expect((await (await openZarr(store)).load()).get("area")?.values).toEqual(
      Float64Array.of(1, 2, 3),
    );
  });

  test("of more chunks are left alone", async () => {
    await grid(2, 1, { bands }).toZarr(store, { appendDim: "time" });

    expect(store.sets.filter((key) => key.startsWith("/bands"))).toEqual([]);
  });

  test("are written with writeInvariant", async () => {
    await grid(2, 1, { area, bands }).toZarr(store, { appendDim: "time", writeInvariant: true });

    const dataset = await (await openZarr(store)).load();
    expect(dataset.get("area")?.values).toEqual(Float64Array.of(1, 2, 4));
    expect(dataset.get("bands")?.values).toEqual(Float64Array.of(7, 8, 0));
  });

  test("never make writeInvariant write a coordinate", async () => {
    const lat = { dims: ["lat"], data: [52, 51, 50] };
    const failure = grid(2, 1, { lat }).toZarr(store, { appendDim: "time", writeInvariant: true });

    await expect(failure).rejects.toThrow(/coordinate lat differs/);
  });
});

describe("packed values that were not decoded", () => {
  const packed = (encoding: Encoding, data = [1.5, 2]) =>
    new Dataset({ variables: { v: { dims: ["x"], data, encoding } } });
  const half: Encoding = { dtype: "int16", scale_factor: 0.5, _FillValue: -1 };
  const undecoded = async (encoding: Encoding) => {
    const source = mapStore();
    await packed(encoding).toZarr(source);
    return openZarr(source, { maskAndScale: false });
  };

  test.each([
    ["scaled", half],
    ["unsigned", { dtype: "int8", _Unsigned: "true", add_offset: -200 }],
  ] satisfies [string, Encoding][])("are appended as they are, %s", async (_, encoding) => {
    const own = mapStore();
    await packed(encoding).toZarr(own);

    await (await undecoded(encoding)).toZarr(own, { appendDim: "x" });

    const { values } = await (await openZarr(own)).get("v")!.load();
    expect([...(values as Float64Array)].slice(2)).toEqual(
      [...(values as Float64Array)].slice(0, 2),
    );
  });

  test.each([
    ["packed in another way", { ...half, scale_factor: 0.25 }],
    ["not packed", {}],
  ])("are refused where the store's are %s", async (_, encoding) => {
    const own = mapStore();
    await packed(encoding).toZarr(own);

    await expect((await undecoded(half)).toZarr(own, { appendDim: "x" })).rejects.toThrow(
      /variable v has values that are not decoded \(attribute scale_factor\)/,
    );
  });
});
