import { beforeEach, describe, expect, test } from "vitest";
import { assertIdentical, Dataset, openZarr, TimeArray } from "../../../../src/dataset/index.ts";
import { documentAt, type MapStore, mapStore } from "../map-store.ts";

/** `count` days from `start` on, with a value each. */
function days(start: number, count: number, title = "days"): Dataset {
  const numbers = Array.from({ length: count }, (_, i) => start + i);
  return new Dataset({
    variables: {
      v: {
        dims: ["time", "x"],
        shape: [count, 2],
        data: Float64Array.from(numbers.flatMap((n) => [n, -n])),
        attributes: { units: "K" },
        encoding: { chunks: [4, 2] },
      },
      area: { dims: ["x"], data: Float64Array.of(1, 2) },
    },
    coordinates: {
      time: {
        dims: ["time"],
        data: new TimeArray(
          BigInt64Array.from(numbers, BigInt),
          "days since 2000-01-01",
          "standard",
        ),
      },
    },
    attributes: { title },
  });
}

/** One more day, at that time. */
function dayAt(time: TimeArray): Dataset {
  const { variables } = days(6, 1);
  return new Dataset({ variables, coordinates: { time: { dims: ["time"], data: time } } });
}

let store: MapStore;
beforeEach(async () => {
  store = mapStore();
  await days(0, 6).toZarr(store);
  store.sets.length = 0;
});

describe("appendDim", () => {
  test("appends values and coordinates, and fills up the last chunk", async () => {
    await days(6, 7).toZarr(store, { appendDim: "time" });

    await assertIdentical(days(0, 13), await openZarr(store));
    expect(documentAt(store, "/v")).toMatchObject({ shape: [13, 2] });
  });

  test("again and again gives what one writing gives", async () => {
    for (const [start, count] of [
      [6, 1],
      [7, 1],
      [8, 5],
    ] as const) {
      await days(start, count).toZarr(store, { appendDim: "time", mode: "a" });
    }

    await assertIdentical(days(0, 13), await openZarr(store));
  });

  test("replaces the group's attributes in mode a, leaves them in r+", async () => {
    await days(6, 1, "new").toZarr(store, { appendDim: "time" });
    await days(7, 1, "newer").toZarr(store, { appendDim: "time", mode: "r+" });

    expect((await openZarr(store)).attributes).toEqual({ title: "new" });
  });

  test("writes variables without the dimension only if they are new", async () => {
    const part = days(6, 1);
    const more = new Dataset({
      variables: { ...part.variables, height: { dims: ["x"], data: [1, 2] } },
      coordinates: { ...part.coordinates, x: { dims: ["x"], data: [10, 20] } },
    });

    await more.toZarr(store, { appendDim: "time" });

    expect(store.sets.filter((key) => key.startsWith("/area"))).toEqual([]);
    expect((await (await openZarr(store)).load()).get("height")?.values).toEqual(
      Float64Array.of(1, 2),
    );
    expect((await openZarr(store)).coordinates["x"]?.shape).toEqual([2]);
  });

  test("nothing changes nothing but the group", async () => {
    await days(6, 0).toZarr(store, { appendDim: "time" });

    await assertIdentical(days(0, 6), await openZarr(store));
  });

  test("times in other units are stored in those of the store", async () => {
    const part = days(6, 1);
    const hours = new TimeArray(BigInt64Array.of(144n), "hours since 2000-01-01", "standard");
    const moved = new Dataset({
      variables: part.variables,
      coordinates: { time: { dims: ["time"], data: hours } },
      attributes: part.attributes,
    });

    await moved.toZarr(store, { appendDim: "time" });

    await assertIdentical(days(0, 7), await openZarr(store));
  });
});

describe("appendDim refuses, before anything is written,", () => {
  const withVariables = (change: (variables: Record<string, unknown>) => void): Dataset => {
    const part = days(6, 1);
    const variables: Record<string, unknown> = { ...part.variables };
    change(variables);
    return new Dataset({ variables, coordinates: part.coordinates } as never);
  };

  test.each([
    ["a dimension that the store does not have", days(6, 1), "space", /no dimension space/],
    [
      "a new variable along it",
      withVariables((v) => {
        v["news"] = { dims: ["time"], data: [1] };
      }),
      "time",
      /the store has no variable news/,
    ],
    [
      "a variable of the store that is missing",
      withVariables((v) => {
        delete v["v"];
      }),
      "time",
      /the dataset has no variable v/,
    ],
    [
      "another size of another dimension",
      withVariables((v) => {
        v["v"] = { dims: ["time", "x"], shape: [1, 3], data: [1, 2, 3] };
        delete v["area"];
      }),
      "time",
      /size 3 along x, the store has 2/,
    ],
  ])("%s", async (_, dataset, appendDim, message) => {
    await expect(dataset.toZarr(store, { appendDim })).rejects.toThrow(message);
    expect(store.sets).toEqual([]);
  });

  test("times that lie between the store's units, naming both", async () => {
    const moved = dayAt(
      new TimeArray(BigInt64Array.of(156n), "hours since 2000-01-01", "standard"),
    );

    await expect(moved.toZarr(store, { appendDim: "time" })).rejects.toThrow(
      /days since 2000-01-01.*int64.*hours since 2000-01-01/,
    );
    expect(store.sets).toEqual([]);
  });

  test("times of another calendar", async () => {
    const moved = dayAt(new TimeArray(BigInt64Array.of(6n), "days since 2000-01-01", "noleap"));

    await expect(moved.toZarr(store, { appendDim: "time" })).rejects.toThrow(
      /cannot be stored in the calendar standard: the calendars noleap and standard share no dates/,
    );
  });
});
