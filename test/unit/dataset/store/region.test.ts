import { beforeEach, describe, expect, test } from "vitest";
import {
  assertIdentical,
  type DataArray,
  Dataset,
  openZarr,
  TimeArray,
} from "../../../../src/dataset/index.ts";
import { chunkKeys, type MapStore, mapStore } from "../map-store.ts";

const SIZE = { time: 6, y: 4, x: 5 };
const CHUNKS = [1, 4, 5];

/** The page's shape: a time axis with a calendar, 2-D coordinates, a float with NaN. */
function rasm(): Dataset {
  const count = SIZE.time * SIZE.y * SIZE.x;
  const plane = (factor: number) =>
    Float64Array.from({ length: SIZE.y * SIZE.x }, (_, i) => i * factor);
  return new Dataset({
    variables: {
      Tair: {
        dims: ["time", "y", "x"],
        shape: [SIZE.time, SIZE.y, SIZE.x],
        data: Float64Array.from({ length: count }, (_, i) => (i % 7 === 0 ? Number.NaN : i / 3)),
        encoding: { chunks: CHUNKS },
      },
      mask: {
        dims: ["y", "x"],
        shape: [4, 5],
        data: Int8Array.from({ length: 20 }, (_, i) => i % 2),
        encoding: { chunks: [2, 5] },
      },
      count: { dims: ["time"], data: Int32Array.from({ length: SIZE.time }, (_, i) => i + 1) },
    },
    coordinates: {
      time: {
        dims: ["time"],
        data: new TimeArray(
          Float64Array.from({ length: SIZE.time }, (_, i) => 722_608.5 + 30 * i),
          "days since 0001-01-01",
          "noleap",
        ),
      },
      xc: { dims: ["y", "x"], shape: [4, 5], data: plane(0.1) },
    },
  });
}

let store: MapStore;
beforeEach(async () => {
  store = mapStore();
  await rasm().toZarr(store, { compute: false });
  store.sets.length = 0;
});

const replaced = (name: string, data: object): Dataset => {
  const dataset = rasm();
  return new Dataset({
    variables: { ...dataset.variables, ...(name in dataset.variables ? { [name]: data } : {}) },
    coordinates: {
      ...dataset.coordinates,
      ...(name in dataset.coordinates ? { [name]: data } : {}),
    },
  } as never);
};

describe("region auto", () => {
  test("writes only the chunks of its part, never a coordinate", async () => {
    await rasm()
      .isel({ time: [2] })
      .toZarr(store, { region: "auto" });

    expect(store.sets).toEqual(["/Tair/c/2/0/0"]);
  });

  test("fills the whole array part by part, in any order", async () => {
    for (const i of [3, 0, 5, 1, 4, 2]) {
      await rasm()
        .isel({ time: [i] })
        .toZarr(store, { region: "auto" });
    }
    // What no part has to itself is written once, alone.
    await new Dataset({ variables: { mask: rasm().variables["mask"] as never } }).toZarr(store, {
      region: "auto",
    });

    await assertIdentical(rasm(), await openZarr(store));
  });

  test("finds times by their instants, in whatever units", async () => {
    const part = rasm().isel({ time: [1] });
    const hours = new TimeArray(
      Float64Array.of((722_638.5 - 365) * 24),
      "hours since 0002-01-01",
      "noleap",
    );
    const shifted = new Dataset({
      variables: part.variables,
      coordinates: { ...part.coordinates, time: { dims: ["time"], data: hours } },
    });

    await shifted.toZarr(store, { region: "auto" });

    expect(store.sets).toEqual(["/Tair/c/1/0/0"]);
  });

  test("finds a part of a dimension by its name too", async () => {
    await rasm()
      .isel({ time: { start: 4, end: 6 } })
      .toZarr(store, { region: { time: "auto" } });

    expect([...store.sets].sort()).toEqual(["/Tair/c/4/0/0", "/Tair/c/5/0/0"]);
  });

  test.each([
    [
      "values that are not there",
      new Float64Array([1, 2]),
      /value 0 of coordinate time .* is not in the store/,
    ],
    ["gaps", Float64Array.of(722_608.5, 722_668.5), /value 1 stands at 2, not at 1/],
    [
      "the order turned round",
      Float64Array.of(722_638.5, 722_608.5),
      /coordinate time is in reverse order: the store has its values from 1980-10-01.* to 1980-10-31/,
    ],
  ])("refuses %s", async (_, values, message) => {
    const part = rasm().isel({ time: [0, 1] });
    const time = { dims: ["time"], data: new TimeArray(values, "days since 0001-01-01", "noleap") };
    const moved = new Dataset({
      variables: part.variables,
      coordinates: { ...part.coordinates, time },
    });

    await expect(moved.toZarr(store, { region: "auto" })).rejects.toThrow(message);
    expect(store.sets).toEqual([]);
  });

  test("refuses a part of a dimension without coordinate: nothing says where it lies", async () => {
    const part = rasm().isel({ y: { start: 2, end: 4 } });
    const bare = new Dataset({ variables: { mask: part.variables["mask"] as never } });

    await expect(bare.toZarr(store, { region: "auto" })).rejects.toThrow(
      /dimension y has no coordinate that says where/,
    );
  });

  test("refuses a coordinate value that is in the store twice", async () => {
    const twice = mapStore();
    const dataset = new Dataset({
      variables: { v: { dims: ["x"], data: [1, 2, 3], encoding: { chunks: [1] } } },
      coordinates: { x: { dims: ["x"], data: [7, 7, 8] } },
    });
    await dataset.toZarr(twice, { compute: false });

    await expect(dataset.isel({ x: [0] }).toZarr(twice, { region: "auto" })).rejects.toThrow(
      /is in the store twice/,
    );
  });
});

describe("an explicit region", () => {
  const withoutTime = (part: Dataset): Dataset =>
    new Dataset({ variables: { Tair: part.variables["Tair"] as never } });

  test("says where a part lies", async () => {
    const part = withoutTime(rasm().isel({ time: { start: 2, end: 4 } }));

    await part.toZarr(store, { region: { time: { start: 2, end: 4 } } });
    await part.toZarr(store, { region: { time: { start: -2 } } });

    expect([...new Set(store.sets)].sort()).toEqual([2, 3, 4, 5].map((i) => `/Tair/c/${i}/0/0`));
  });

  test.each([
    [{ time: { start: 2, end: 5 } }, /the region has 3 elements, the data 2/],
    [{ time: { start: 0, end: 4, step: 2 } }, /a region has no steps/],
    [{ tiem: { start: 0, end: 2 } }, /there is no dimension tiem/],
    [{ time: 3 }, /expected \{ start, end \}/],
    [{}, /dimension time is not in the region, so it must have all 6 elements, not 2/],
    [7, /region must be "auto" or an object/],
  ])("%j is refused", async (region, message) => {
    const part = withoutTime(rasm().isel({ time: { start: 2, end: 4 } }));

    await expect(part.toZarr(store, { region: region as never })).rejects.toThrow(message);
    expect(store.sets).toEqual([]);
  });

  test("compares index coordinates with what is there", async () => {
    const part = rasm().isel({ time: [2] });

    await expect(part.toZarr(store, { region: { time: { start: 3, end: 4 } } })).rejects.toThrow(
      /coordinate time differs from the store at \[3\]/,
    );
  });
});

describe("what other writers share", () => {
  test("a chunk: refused, naming the chunk and how long chunks are", async () => {
    const aligned = mapStore();
    await rasm().toZarr(aligned, { compute: false, encoding: { Tair: { chunks: [2, 4, 5] } } });
    aligned.sets.length = 0;

    const write = rasm()
      .isel({ time: { start: 1, end: 4 } })
      .toZarr(aligned, { region: "auto" });

    await expect(write).rejects.toMatchObject({
      kind: "region-not-aligned",
      message: expect.stringMatching(/chunks there are 2 long: chunk \[0,0,0\] would be shared/),
      details: { path: "/Tair", coordinates: [0, 0, 0], dimension: "time" },
    });
    expect(aligned.sets).toEqual([]);
  });

  test("a chunk: written with safeChunks: false, what was there stays", async () => {
    const aligned = mapStore();
    await rasm().toZarr(aligned, { compute: false, encoding: { Tair: { chunks: [4, 4, 5] } } });

    await Promise.all(
      Array.from({ length: SIZE.time }, (_, i) =>
        rasm()
          .isel({ time: [i] })
          .toZarr(aligned, { region: "auto", safeChunks: false }),
      ),
    );

    const [mine, stored] = [rasm().variables, (await openZarr(aligned)).variables];
    await assertIdentical(mine["Tair"] as DataArray, stored["Tair"] as DataArray);
  });

  test("an uneven last chunk is nobody else's", async () => {
    const uneven = mapStore();
    await rasm().toZarr(uneven, { compute: false, encoding: { Tair: { chunks: [4, 4, 5] } } });
    uneven.sets.length = 0;

    await rasm()
      .isel({ time: { start: 4, end: 6 } })
      .toZarr(uneven, { region: "auto" });

    expect(uneven.sets).toEqual(["/Tair/c/1/0/0"]);
  });

  test("a coordinate that differs is refused, saying where", async () => {
    const data = new Float64Array(20).fill(5);
    const moved = replaced("xc", { dims: ["y", "x"], shape: [4, 5], data }).isel({ time: [0] });

    await expect(moved.toZarr(store, { region: "auto" })).rejects.toThrow(
      /coordinate xc differs from the store at \[0,0\] \(5, stored 0\); coordinates are never written/,
    );
    expect(store.sets).toEqual([]);
  });

  test("a variable of one chunk that differs is refused, and written with safeChunks: false", async () => {
    const data = Int32Array.from({ length: SIZE.time }, () => 99);
    const changed = replaced("count", { dims: ["time"], data }).isel({ time: [0] });

    await expect(changed.toZarr(store, { region: "auto" })).rejects.toThrow(
      /variable count differs from the store at \[0\] \(99, stored 1\); .*safeChunks: false/,
    );
    await changed.toZarr(store, { region: "auto", safeChunks: false });

    const count = (await (await openZarr(store)).load()).variables["count"]?.values;
    expect(count).toEqual(Int32Array.of(99, 2, 3, 4, 5, 6));
  });

  test("a variable of one chunk is what the store says of it, also where packing rounds", async () => {
    const encoding = { dtype: "int16", scale_factor: 0.5, _FillValue: -9 };
    const count = (last: number) => ({
      dims: ["time"],
      data: Float64Array.of(0.3, 1, Number.NaN, -4, 5, last),
      encoding,
    });
    await replaced("count", count(6)).toZarr(store, { mode: "w", compute: false });
    const write = (last: number) =>
      replaced("count", count(last))
        .isel({ y: { start: 0, end: 2 } })
        .toZarr(store, { region: { y: { start: 0, end: 2 } }, safeChunks: false });

    await write(6.1);
    for (const last of [7, 1e9]) {
      await expect(write(last)).rejects.toThrow(/variable count differs from the store/);
    }
  });

  test("a variable without the restricted dimension is left alone unless all are forced", async () => {
    await rasm()
      .isel({ time: [0] })
      .toZarr(store, { region: "auto" });
    expect(chunkKeys(store, "/mask")).toEqual([]);

    await rasm()
      .isel({ time: [0] })
      .toZarr(store, {
        region: "auto",
        writeInvariant: true,
        safeChunks: false,
      });
    expect(chunkKeys(store, "/mask")).toHaveLength(2);
  });

  test("a region that is everything writes every variable", async () => {
    await rasm().toZarr(store, { region: "auto" });

    await assertIdentical(rasm(), await openZarr(store));
  });
});

describe("a region refuses", () => {
  test("a variable that the store does not have", async () => {
    const more = new Dataset({
      variables: { ...rasm().variables, news: { dims: ["time"], data: new Int8Array(6) } },
      coordinates: rasm().coordinates,
    });

    for (const mode of ["a", "r+"] as const) {
      await expect(
        more.isel({ time: [0] }).toZarr(store, { region: "auto", mode }),
      ).rejects.toThrow(/the store has no variable news/);
    }
  });

  test("a dimension that was dropped, saying how to keep it", async () => {
    await expect(rasm().isel({ time: 2 }).toZarr(store, { region: "auto" })).rejects.toThrow(
      /to keep time, select a list: \{ time: \[i\] \}/,
    );
  });

  test("an encoding of what is there", async () => {
    const options = { region: "auto", encoding: { Tair: { chunks: [1, 1, 1] } } } as const;

    await expect(rasm().toZarr(store, options)).rejects.toThrow(/Tair exists already/);
  });

  test("a store without the group", async () => {
    await expect(rasm().toZarr(mapStore(), { region: "auto" })).rejects.toMatchObject({
      kind: "node-not-found",
    });
  });
});
