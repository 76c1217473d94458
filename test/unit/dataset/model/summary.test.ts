import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { DataArray, Dataset, openZarr } from "../../../../src/dataset/index.ts";
import { mapStore } from "../map-store.ts";

const hours = Array.from({ length: 24 }, (_, hour) => new Date(Date.UTC(2024, 2, 1, hour)));
const weather = (): Dataset =>
  new Dataset({
    variables: {
      air: {
        dims: ["time", "lat"],
        shape: [24, 2],
        data: Float32Array.from({ length: 48 }, (_, i) => 273.15 + i / 3),
        attributes: { units: "K", valid_range: [200, 330] },
      },
      flags: { dims: ["lat"], data: [true, false] },
      later: { dims: ["time", "lat"], dtype: "int16" },
      made: { dims: ["lat"], dtype: "int8", read: () => new Int8Array(2) },
    },
    coordinates: {
      time: { dims: ["time"], data: hours },
      lat: { dims: ["lat"], data: [89.75, -0.1234567] },
      station: { dims: [], data: "De Bilt" },
    },
    attributes: { title: "Weather of one day", version: 3 },
  });

const SHOWN = `<icefloe.Dataset>
Dimensions:  (time: 24, lat: 2)
Coordinates:
  * time     (time) datetime 2024-03-01T00:00:00 ... 2024-03-01T23:00:00
  * lat      (lat) float64 89.75 -0.123457
    station  string "De Bilt"
Data variables:
    air      (time, lat) float32 273.15 273.483 273.817 ... 288.817
    flags    (lat) bool true false
    later    (time, lat) int16 (no data)
    made     (lat) int8 ...
Attributes:
    title:    Weather of one day
    version:  3`;

describe("a dataset in a console", () => {
  test("shows dimensions, coordinates, variables and attributes, as xarray does", () => {
    expect(inspect(weather())).toBe(SHOWN);
    expect(String(weather())).toBe(SHOWN);
  });

  test("shows them in Deno too", () => {
    const hook = Symbol.for("Deno.customInspect");

    expect((weather() as unknown as Record<symbol, () => string>)[hook]!()).toBe(SHOWN);
  });

  test("names the groups below it", async () => {
    const store = mapStore();
    await weather().toZarr(store, { compute: false, group: "/europe/hourly" });

    expect(String(await openZarr(store))).toBe(
      "<icefloe.Dataset>\nDimensions:  ()\nGroups:\n    /europe",
    );
  });

  test("that lies in a store is shown without reading a value", async () => {
    const store = mapStore();
    await weather().isel({ time: 0 }).toZarr(store, { compute: false });
    const opened = await openZarr(store);
    store.gets.length = 0;

    const shown = inspect(opened);

    expect(shown).toContain("lat      (lat) float64 ...");
    expect(store.gets).toEqual([]);
  });

  test("without anything is shown too", () => {
    expect(inspect(new Dataset())).toBe("<icefloe.Dataset>\nDimensions:  ()");
  });

  test("is shown in a few lines, however much it holds", () => {
    const many = Object.fromEntries(
      Array.from({ length: 1000 }, (_, i) => [`v${i}`, { dims: ["x"], data: [i] }]),
    );
    const attributes = {
      history: "a very long line\u001b[31m\n".repeat(1000),
      list: new Int8Array(1e6),
    };

    const lines = inspect(new Dataset({ variables: many, attributes })).split("\n");

    expect(lines).toHaveLength(2 + 42 + 3);
    expect(lines).toContain("    ... and 960 more");
    expect(lines.every((line) => line.length <= 100)).toBe(true);
    expect(lines.join("")).not.toContain("\u001b");
  });
});

describe("a variable in a console", () => {
  test("shows name, dimensions, dtype, values and attributes", () => {
    expect(inspect(weather().variables["air"])).toBe(
      `<icefloe.DataArray air (time: 24, lat: 2)> float32 273.15 273.483 273.817 ... 288.817
Attributes:
    units:        K
    valid_range:  [200, 330]`,
    );
  });

  test("shows what a part of it holds, and what was changed in place", () => {
    const air = weather().variables["air"]!;
    (air.values as Float32Array)[2] = 1;

    expect(inspect(air.isel({ time: 1 }))).toContain("(lat: 2)> float32 1 274.15");
  });

  test("shows missing times, byte strings and big integers", () => {
    const shown = (data: never) => inspect(new DataArray({ name: "v", dims: ["x"], data }));

    expect(shown([new Date(Number.NaN)] as never)).toContain("datetime NaT");
    expect(shown(BigInt64Array.of(2n ** 62n) as never)).toContain("int64 4611686018427387904");
    expect(shown([new TextEncoder().encode("ab")] as never)).toContain('bytes "ab"');
    expect(shown([] as never)).toBe("<icefloe.DataArray v (x: 0)> float64");
  });
});
