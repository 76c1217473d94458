import { describe, expect, test } from "vitest";
import { slice } from "zarrita";
import { type DataArray, Dataset, openNetcdf, TimeArray } from "../../../../src/dataset/index.ts";
import { netcdf3File } from "../../../netcdf3-file.ts";

const grid = (): Dataset =>
  new Dataset({
    variables: {
      v: { dims: ["y", "x"], data: Int32Array.from({ length: 12 }, (_, i) => i) },
      flag: { dims: ["x"], data: [true, false, true, false] },
    },
    coordinates: {
      y: { dims: ["y"], data: [10, 20, 30], attributes: { units: "m" } },
      xc: { dims: ["y", "x"], data: new Float64Array(12), shape: [3, 4] },
    },
    attributes: { title: "grid" },
  });

/** A NetCDF-3 file of one variable, opened: its values are not in memory. */
const lazy = (): Promise<Dataset> =>
  openNetcdf(
    netcdf3File({
      version: 1,
      dimensions: { y: 3, x: 4 },
      variables: {
        v: { dims: ["y", "x"], type: "int", values: Array.from({ length: 12 }, (_, i) => i) },
        y: { dims: ["y"], type: "double", values: [10, 20, 30] },
      },
    }),
  );

describe("a dataset", () => {
  test("learns sizes from one-dimensional variables, and the last one by division", () => {
    const dataset = grid();

    expect({ ...dataset.sizes }).toEqual({ y: 3, x: 4 });
    expect(dataset.variables["v"]?.shape).toEqual([3, 4]);
    expect(dataset.variables["flag"]?.dtype).toBe("bool");
  });

  test("takes nested lists, single values, dates, byte strings and times", () => {
    const dataset = new Dataset({
      variables: {
        nested: {
          dims: ["y", "x"],
          data: [
            [1, 2],
            [3, 4],
            [5, 6],
          ],
        },
        one: { dims: [], data: 7n },
        when: { dims: ["t"], data: [new Date("2013-01-01"), new Date("2013-01-02T12:00:00Z")] },
        raw: { dims: ["t"], data: [Uint8Array.of(1), Uint8Array.of(2, 3)] },
        half: { dims: ["t"], data: Float32Array.of(1, 2), dtype: "float16" },
      },
    });
    const when = dataset.variables["when"]?.values as TimeArray;

    expect(dataset.variables["nested"]?.shape).toEqual([3, 2]);
    expect(dataset.variables["one"]?.values).toEqual(BigInt64Array.of(7n));
    expect([when.units, when.toISO(1)]).toEqual([
      "hours since 2013-01-01 00:00:00",
      "2013-01-02T12:00:00",
    ]);
    expect(dataset.variables["raw"]?.dtype).toBe("bytes");
    expect(dataset.variables["half"]?.dtype).toBe("float16");
  });

  test("makes a variable named like a dimension a coordinate", () => {
    const dataset = new Dataset({
      variables: { x: { dims: ["x"], data: [1, 2] }, v: { dims: ["x"], data: [3, 4] } },
    });

    expect(Object.keys(dataset.coordinates)).toEqual(["x"]);
    expect(Object.keys(dataset.variables)).toEqual(["v"]);
  });

  test("copies data that it is given", () => {
    const data = Float64Array.of(1, 2);
    const dataset = new Dataset({ variables: { v: { dims: ["x"], data } } });

    data[0] = 9;

    expect(dataset.variables["v"]?.values).toEqual(Float64Array.of(1, 2));
  });

  test.each([
    [
      { a: { dims: ["x"], data: [1] }, b: { dims: ["x"], data: [1, 2] } },
      /conflicting sizes for dimension x: 1 in a, 2 in b/,
    ],
    [{ a: { dims: ["x", "y"], data: new Float64Array(6) } }, /sizes of x, y are not known/],
    [{ a: { dims: ["x"], data: [1, "b"] } }, /variable a: data must be/],
    [{ a: { dims: ["x", "y"], data: [[1, 2], [3]] } }, /different lengths/],
    [{ a: { dims: ["x"], data: [1], colour: 1 } }, /unknown option "colour"/],
    [
      { a: { dims: ["x"], data: Int8Array.of(1), dtype: "float64" } },
      /int8 is not of dtype float64/,
    ],
  ])("refuses %j", (variables, message) => {
    expect(() => new Dataset({ variables: variables as never })).toThrow(message);
  });

  test("refuses a name that is a variable and a coordinate", () => {
    const a = { dims: ["x"], data: [1] };

    expect(() => new Dataset({ variables: { a }, coordinates: { a } })).toThrow(
      /a is a variable and/,
    );
  });

  test("finds no variable by the name of an object's own members", () => {
    expect(grid().get("constructor")).toBeUndefined();
    expect(grid().variables["toString"]).toBeUndefined();
  });
});

describe("isel", () => {
  test("drops the dimension of a number, and keeps that of a list", () => {
    const dropped = grid().isel({ y: 1 });
    const kept = grid().isel({ y: [1] });

    expect(dropped.variables["v"]?.dims).toEqual(["x"]);
    expect(dropped.coordinates["y"]?.dims).toEqual([]);
    expect(dropped.variables["v"]?.values).toEqual(Int32Array.of(4, 5, 6, 7));
    expect(kept.variables["v"]?.shape).toEqual([1, 4]);
    expect(kept.coordinates["y"]?.values).toEqual(Float64Array.of(20));
  });

  test.each([
    [{ x: { start: 1, end: 3 } }, [1, 2]],
    [{ x: { start: -2 } }, [2, 3]],
    [{ x: { end: 99 } }, [0, 1, 2, 3]],
    [{ x: { start: 0, end: 4, step: 2 } }, [0, 2]],
    [{ x: slice(1, 3) }, [1, 2]],
    [{ x: slice(null) }, [0, 1, 2, 3]],
    [{ x: [3, 0, 0, -1] }, [3, 0, 0, 3]],
    [{ x: [] }, []],
  ])("of %j takes %j", (indexers, expected) => {
    const part = grid()
      .isel({ y: 0 })
      .isel(indexers as never);

    expect(part.variables["v"]?.values).toEqual(Int32Array.from(expected));
  });

  test.each([
    [{ z: 0 }, /there is no dimension z; there are/],
    [{ x: 4 }, /position 4 lies outside the size 4/],
    [{ x: 1.5 }, /must be an integer/],
    [{ x: { start: 0, stride: 2 } }, /must be a position, a list or/],
    [{ x: { step: -1 } }, /positive integer/],
  ])("refuses %j", (indexers, message) => {
    expect(() => grid().isel(indexers as never)).toThrow(message);
  });

  test("of an array in memory shows later changes of it", () => {
    const dataset = grid();
    const part = dataset.isel({ y: 0 });

    (dataset.variables["v"]?.values as Int32Array)[0] = 77;

    expect(part.variables["v"]?.values).toEqual(Int32Array.of(77, 1, 2, 3));
  });

  test("reads nothing of a file, and selections of selections compose", async () => {
    const dataset = await lazy();
    const part = dataset.isel({ y: [2, 0], x: { start: 1, end: 4 } }).isel({ x: [2, 0] });

    expect(part.variables["v"]?.isLoaded).toBe(false);
    expect((await part.variables["v"]?.load())?.values).toEqual(Int32Array.of(11, 9, 3, 1));
  });
});

describe("a variable of a file", () => {
  test("has no values before it is loaded, and says so", async () => {
    const dataset = await lazy();
    const array = dataset.variables["v"] as DataArray;

    expect(() => array.values).toThrow(/await load\(\) first/);
    await array.load();
    expect(array.values).toBe(array.values);
  });

  test("is loaded with the whole dataset", async () => {
    const dataset = await (await lazy()).load();

    expect(dataset.coordinates["y"]?.values).toEqual(Float64Array.of(10, 20, 30));
    expect(dataset.variables["v"]?.size).toBe(12);
  });
});

describe("sel", () => {
  const series = (): Dataset =>
    new Dataset({
      variables: { v: { dims: ["time"], data: Int8Array.of(0, 1, 2, 3) } },
      coordinates: {
        time: {
          dims: ["time"],
          data: new TimeArray(
            BigInt64Array.of(0n, 12n, 24n, 24n * 31n),
            "hours since 2013-01-01",
            "standard",
          ),
        },
      },
    });
  const values = async (dataset: Dataset, labels: object, options?: object) =>
    Array.from((await dataset.sel(labels as never, options)).variables["v"]?.values as Int8Array);

  test.each([
    [{ time: "2013-01-02" }, [2]],
    [{ time: "2013-01-01T12:00" }, [1]],
    [{ time: new Date("2013-02-01T00:00:00Z") }, [3]],
    [{ time: "2013-01" }, [0, 1, 2]],
    [{ time: { start: "2013-01-01T12", end: "2013-01-02" } }, [1, 2]],
    [{ time: { end: "2013" } }, [0, 1, 2, 3]],
    [{ time: ["2013-02-01", "2013-01-02"] }, [3, 2]],
  ])("finds times by %j", async (labels, expected) => {
    expect(await values(series(), labels)).toEqual(expected);
  });

  test("finds numbers, ranges with both ends, and the nearest", async () => {
    const numbers = new Dataset({
      variables: { v: { dims: ["x"], data: Int8Array.of(0, 1, 2) } },
      coordinates: { x: { dims: ["x"], data: [30, 20, 10] } },
    });

    expect(await values(numbers, { x: 20 })).toEqual([1]);
    expect(await values(numbers, { x: { start: 30, end: 20 } })).toEqual([0, 1]);
    expect(await values(numbers, { x: 12 }, { method: "nearest" })).toEqual([2]);
    await expect(values(numbers, { x: { start: 12 } }, { method: "nearest" })).rejects.toThrow(
      "method nearest goes with values, not with a range",
    );
  });

  test("finds texts", async () => {
    const named = new Dataset({
      variables: { v: { dims: ["s"], data: Int8Array.of(5, 6) } },
      coordinates: { s: { dims: ["s"], data: ["köln", "bonn"] } },
    });

    expect(await values(named, { s: "bonn" })).toEqual([6]);
  });

  test.each([
    [{ time: "2014-01-01" }, /there is no value "2014-01-01"/],
    [{ time: "soon" }, /no time of its calendar/],
    [{ space: 1 }, /there is no dimension space/],
  ])("refuses %j", async (labels, message) => {
    await expect(values(series(), labels)).rejects.toThrow(message);
  });
});
