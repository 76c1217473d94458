import { describe, expect, test } from "vitest";
import { assertEqual, assertIdentical, Dataset, TimeArray } from "../../../../src/dataset/index.ts";

const base = () => ({
  variables: {
    v: {
      dims: ["y", "x"],
      shape: [2, 2],
      data: Float64Array.of(1, Number.NaN, 0, 4),
      attributes: { units: "K", list: [1, 2] },
    },
  },
  coordinates: { x: { dims: ["x"], data: [10, 20] } },
  attributes: { title: "a" },
});

type Input = ReturnType<typeof base>;
const changed = (change: (input: Input) => unknown): Dataset => {
  const input = base();
  change(input);
  return new Dataset(input as never);
};

describe("assertIdentical", () => {
  test("accepts what is identical: NaN is NaN, 0 is -0, 1 is 1n and a list a typed array", async () => {
    const same = changed((d) => {
      d.variables.v.data[2] = -0;
      d.variables.v.attributes.list = Int32Array.of(1, 2) as never;
    });

    await assertIdentical(new Dataset(base()), same);
  });

  test("takes an attribute that is undefined for one that is absent", async () => {
    const same = changed((d) => Object.assign(d.attributes, { comment: undefined }));

    await assertIdentical(new Dataset(base()), same);
  });

  test.each([
    ["a value", (d: Input) => d.variables.v.data.set([5], 3), "variable v: 4 and 5 at y 1, x 1"],
    [
      "a title",
      (d: Input) => Object.assign(d.attributes, { title: "b" }),
      'the dataset: attribute title is "a" and "b"',
    ],
    [
      "an attribute",
      (d: Input) => Reflect.deleteProperty(d.variables.v.attributes, "units"),
      'variable v: attribute units is "K" and absent',
    ],
    [
      "3 and [3]",
      (d: Input) => Object.assign(d.variables.v.attributes, { list: 1 }),
      "attribute list is [1,2] and 1",
    ],
    [
      "a dtype",
      (d: Input) => Object.assign(d.variables.v, { data: Float32Array.of(1, Number.NaN, 0, 4) }),
      "variable v: dtype float64 and float32",
    ],
    [
      "dimension names",
      (d: Input) => Object.assign(d.variables.v, { dims: ["z", "x"] }),
      "variable v: dimensions [y, x] and [z, x]",
    ],
    [
      "a shape",
      (d: Input) => Object.assign(d.variables.v, { shape: [1, 2], data: [1, 2] }),
      "variable v: shape [2, 2] and [1, 2]",
    ],
    [
      "a coordinate",
      (d: Input) => Reflect.deleteProperty(d.coordinates, "x"),
      "coordinate x is only in the first",
    ],
    [
      "a kind",
      (d: Input) => Object.assign(d.variables.v, { data: ["a", "b", "c", "d"] }),
      "values of float64 and of string",
    ],
  ] as const)("says where %s differs", async (_, change, message) => {
    const failure = assertIdentical(new Dataset(base()), changed(change));

    await expect(failure).rejects.toMatchObject({
      kind: "not-identical",
      message: expect.stringContaining(message),
    });
  });

  test("compares times by what they are", async () => {
    const at = (values: BigInt64Array | Float64Array, units: string, calendar: string) =>
      new Dataset({
        variables: { t: { dims: ["x"], data: new TimeArray(values, units, calendar) } },
      });
    const days = at(BigInt64Array.of(1n), "days since 2000-01-01", "standard");

    await assertIdentical(
      days,
      at(Float64Array.of(24), "hours since 2000-01-01", "proleptic_gregorian"),
    );
    await expect(
      assertIdentical(days, at(BigInt64Array.of(1n), "days since 2000-01-01", "noleap")),
    ).rejects.toThrow("2000-01-02T00:00:00 (standard) and 2000-01-02T00:00:00 (noleap)");
  });

  test("compares variables too", async () => {
    const { v } = new Dataset(base()).variables;

    await assertIdentical(v as never, v as never);
    await expect(assertIdentical(v as never, new Dataset(base()))).rejects.toThrow(
      /one is a Dataset/,
    );
  });
});

test("assertEqual does not look at attributes and dtypes", async () => {
  const other = changed((d) => {
    d.attributes.title = "b";
    d.variables.v.attributes.units = "m";
    d.variables.v.data = Float32Array.of(1, Number.NaN, 0, 4) as never;
  });

  await assertEqual(new Dataset(base()), other);
  await expect(
    assertEqual(
      new Dataset(base()),
      changed((d) => d.variables.v.data.set([9])),
    ),
  ).rejects.toThrow("not equal: variable v: 1 and 9 at y 0, x 0");
});
