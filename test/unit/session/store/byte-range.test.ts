import { describe, expect, test } from "vitest";
import { resolveRange } from "../../../../src/session/store/byte-range.ts";

describe("resolveRange", () => {
  test.each([
    [
      { offset: 2, length: 3 },
      { start: 2, end: 5 },
    ],
    [{ offset: 2 }, { start: 2, end: 10 }],
    [{ length: 4 }, { start: 0, end: 4 }],
    [{}, { start: 0, end: 10 }],
    [{ suffixLength: 3 }, { start: 7, end: 10 }],
    [{ suffixLength: 10 }, { start: 0, end: 10 }],
    [{ suffixLength: 0 }, { start: 10, end: 10 }],
    [
      { offset: 0, length: 10 },
      { start: 0, end: 10 },
    ],
    [
      { offset: 9, length: 0 },
      { start: 9, end: 9 },
    ],
    [
      { offset: 3, length: undefined },
      { start: 3, end: 10 },
    ],
  ])("%j of ten bytes is %j", (range, expected) => {
    expect(resolveRange(range, 10, "a/c/0")).toEqual(expected);
  });

  test("all of an empty value is empty", () => {
    expect(resolveRange({}, 0, "k")).toEqual({ start: 0, end: 0 });
    expect(resolveRange({ offset: 0 }, 0, "k")).toEqual({ start: 0, end: 0 });
  });

  test.each([
    [{ offset: 10 }],
    [{ offset: 11, length: 0 }],
    [{ offset: 5, length: 6 }],
    [{ length: 11 }],
    [{ suffixLength: 11 }],
    [{ offset: -1 }],
    [{ offset: 1.5 }],
    [{ offset: Number.NaN }],
    [{ offset: 2 ** 53 }],
    [{ length: -1 }],
    [{ suffixLength: -1 }],
    [{ offset: "1" as unknown as number }],
    [{ offset: 1, suffixLength: 2 }],
    [{ start: 1, end: 2 } as never],
    [null as never],
    [[0, 1] as never],
  ])("%j of ten bytes is refused", (range) => {
    expect(() => resolveRange(range, 10, "a/c/0")).toThrow(
      expect.objectContaining({
        kind: "invalid-byte-range",
        message: expect.stringContaining("range of a/c/0"),
      }),
    );
  });

  test("the message names the range and the size", () => {
    expect(() => resolveRange({ offset: 5, length: 100 }, 10, "a/c/0")).toThrow(
      "range of a/c/0: offset 5, length 100 is outside the value of 10 bytes",
    );
  });
});
