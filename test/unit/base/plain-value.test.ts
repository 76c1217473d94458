import { describe, expect, it } from "vitest";
import { describeBytes, describeMicros, plainValue } from "../../../src/base/plain-value.ts";

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("describeBytes", () => {
  it.each([
    ["", 'bytes ""'],
    ["station 7", 'bytes "station 7"'],
    ["Grüße, 世界", 'bytes "Grüße, 世界"'],
    ["two\nlines\t", 'bytes "two\\nlines\\t"'],
    ["x".repeat(81), `bytes "${"x".repeat(80)}…"`],
    [`${"x".repeat(79)}ü`, `bytes "${"x".repeat(79)}…"`],
  ])("shows %j as text", (text, expected) => {
    expect(describeBytes(encode(text))).toBe(expected);
  });

  it.each([
    [[0xff], "1 byte ff"],
    [[0x61, 0x00], "2 bytes 61 00"],
    [[0x1b, 0x5b], "2 bytes 1b 5b"],
    [Array.from({ length: 17 }, () => 0x80), `17 bytes ${"80 ".repeat(16)}…`],
  ])("shows %j, which is no printable text, in hexadecimal", (bytes, expected) => {
    expect(describeBytes(Uint8Array.from(bytes))).toBe(expected);
  });
});

describe("describeMicros", () => {
  it.each([
    [0, "1970-01-01T00:00:00.000000Z"],
    [1_764_406_208_123_456, "2025-11-29T08:50:08.123456Z"],
    [-1, "1969-12-31T23:59:59.999999Z"],
    [1e19, "10000000000000000000 µs"],
  ])("shows %d", (micros, expected) => {
    expect(describeMicros(micros)).toBe(expected);
  });
});

describe("plainValue", () => {
  it("leaves JSON as it is", () => {
    const value = { a: [1, "two", null, true, { b: -0.5 }], c: {} };

    expect(plainValue(value)).toEqual(value);
  });

  it("writes what JSON has no form for as text", () => {
    const value = {
      big: 2n ** 64n,
      nan: Number.NaN,
      when: new Date(0),
      never: new Date(Number.NaN),
      bytes: encode("abc"),
      numbers: Float32Array.of(0.5, 2),
      bigs: BigInt64Array.of(1n),
      set: new Set(["x"]),
      map: new Map([["y", 1n]]),
      error: new RangeError("too far"),
      act: () => 1,
      coordinates: { toJSON: () => [[0, 1n]] },
      nothing: undefined,
    };

    expect(plainValue(value)).toEqual({
      big: "18446744073709551616",
      nan: "NaN",
      when: "1970-01-01T00:00:00.000Z",
      never: "an invalid Date",
      bytes: 'bytes "abc"',
      numbers: [0.5, 2],
      bigs: ["1"],
      set: ["x"],
      map: { y: "1" },
      error: { name: "RangeError", message: "too far" },
      act: "a function",
      coordinates: [[0, "1"]],
      nothing: undefined,
    });
  });

  it("ends where a value contains itself, but not where one is there twice", () => {
    const shared = { leaf: 1 };
    const loop: Record<string, unknown> = { shared, again: shared };
    loop["self"] = [loop];

    expect(plainValue(loop)).toEqual({ shared, again: shared, self: ["itself"] });
  });

  it("is bounded in length and depth", () => {
    let deep: unknown = 1;
    for (let i = 0; i < 10_000; i++) deep = [deep];

    expect(plainValue(new Uint32Array(1_000_000))).toHaveLength(1001);
    expect((plainValue(new Uint32Array(1001)) as unknown[]).at(-1)).toBe("and 1 more");
    expect(JSON.stringify(plainValue(deep))).toBe('[[[[[[[["…"]]]]]]]]');
  });
});
