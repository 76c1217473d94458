import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { float16Bits, float16Value } from "../../../../src/zarr/codecs/float16.ts";

const FINITE = Array.from({ length: 0x7c00 }, (_, bits) => float16Value(bits));

describe("halves", () => {
  test("every half survives a round trip", () => {
    for (let bits = 0; bits < 0x10000; bits++) {
      const value = float16Value(bits);
      if (Number.isNaN(value)) expect(float16Bits(value)).toBe(0x7e00);
      else if (float16Bits(value) !== bits) expect(float16Bits(value)).toBe(bits);
    }
  });

  test("any double becomes the nearest half, ties to even", () => {
    const near = fc.tuple(fc.nat(FINITE.length - 2), fc.double({ min: 0, max: 1, noNaN: true }));
    fc.assert(
      fc.property(near, fc.boolean(), ([low, fraction], isNegative) => {
        const [a, b] = [FINITE[low]!, FINITE[low + 1]!];
        const value = a + (b - a) * fraction;
        const isTie = value - a === b - value;
        const nearest = isTie ? low + (low & 1) : value - a < b - value ? low : low + 1;

        expect(float16Bits(isNegative ? -value : value)).toBe(nearest | (isNegative ? 0x8000 : 0));
      }),
      { numRuns: 5000 },
    );
  });

  test.each([
    [65519.999, 0x7bff],
    [65520, 0x7c00],
    [1e39, 0x7c00],
    [-1e39, 0xfc00],
    [2 ** -25, 0],
    [2 ** -25 * (1 + 2 ** -40), 1],
    [1e-60, 0],
    [1 + 2 ** -11, 0x3c00],
    [1 + 2 ** -11 + 2 ** -40, 0x3c01],
  ])("%d rounds to %i", (value, bits) => {
    expect(float16Bits(value)).toBe(bits);
  });
});
