/** Values in messages read as users write them: times as dates, bytes as text. */
import { describe, expect, test } from "vitest";
import { assertIdentical, Dataset, TimeArray } from "../../../../src/dataset/index.ts";
import { mapStore } from "../map-store.ts";

const hours = (values: readonly bigint[], calendar = "standard"): TimeArray =>
  new TimeArray(BigInt64Array.from(values), "hours since 2013-01-01", calendar);
const names = (...texts: string[]): Uint8Array[] =>
  texts.map((text) => new TextEncoder().encode(text));
/** Two chunks along x, and a coordinate of these values. */
const along = (data: TimeArray | Uint8Array[] | string[]): Dataset =>
  new Dataset({
    variables: { v: { dims: ["x"], data: Int8Array.of(1, 2), encoding: { chunks: [1] } } },
    coordinates: { x: { dims: ["x"], data } },
  });

describe("a region whose coordinate is not in the store", () => {
  test.each([
    ["times", hours([0n, 6n]), hours([0n, 7n]), "(2013-01-01T07:00:00)"],
    ["model times", hours([0n, 6n], "noleap"), hours([0n, 7n], "noleap"), "T07:00:00 (noleap))"],
    ["texts", ["a", "b"], ["a", "c"], '("c")'],
    ["byte strings", names("a", "b"), names("a", "c"), '(bytes "c")'],
    ["bytes", names("a", "b"), [...names("a"), Uint8Array.of(255)], "(1 byte ff)"],
  ])("names its %s", async (_, stored, asked, shown) => {
    const store = mapStore();
    await along(stored).toZarr(store);

    await expect(along(asked).toZarr(store, { region: "auto" })).rejects.toThrow(
      `value 1 of coordinate x ${shown[0] === "(" ? shown : `(2013-01-01${shown}`} is not in the store`,
    );
  });
});

test("a region that contradicts a stored time shows both times", async () => {
  const store = mapStore();
  await along(hours([0n, 6n])).toZarr(store);
  const part = along(hours([12n, 18n])).isel({ x: [1] });

  await expect(part.toZarr(store, { region: { x: { start: 1, end: 2 } } })).rejects.toThrow(
    "(2013-01-01T18:00:00, stored 2013-01-01T06:00:00)",
  );
});

test("assertIdentical shows byte strings as text, and times as dates", async () => {
  const compare = (a: TimeArray | Uint8Array[], b: TimeArray | Uint8Array[]): Promise<void> =>
    assertIdentical(along(a), along(b));

  await expect(compare(names("a", "b"), names("a", "c"))).rejects.toThrow(
    'coordinate x: bytes "b" and bytes "c" at x 1',
  );
  await expect(compare(hours([0n, 6n]), hours([0n, 7n]))).rejects.toThrow(
    "coordinate x: 2013-01-01T06:00:00 and 2013-01-01T07:00:00 at x 1",
  );
});

test("a time that its stored type cannot hold is shown as a date", async () => {
  const dataset = along(hours([0n, 2n ** 20n]));
  const encoding = { x: { dtype: "int16", units: "hours since 2013-01-01" } } as const;

  await expect(dataset.toZarr(mapStore(), { encoding })).rejects.toThrow(
    "variable x: 2132-08-15T16:00:00 cannot be stored as int16, at x 1",
  );
});

test("sel names the label that is not there", async () => {
  await expect(along(hours([0n, 6n])).sel({ x: new Date(0) })).rejects.toThrow(
    "there is no value the Date 1970-01-01T00:00:00.000Z",
  );
  await expect(along(hours([0n, 6n])).sel({ x: new Date(Number.NaN) })).rejects.toThrow(
    "an invalid Date is no time",
  );
});
