import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeMessagePack } from "../../../../src/codec/msgpack/decode.ts";
import { encodeMessagePack } from "../../../../src/codec/msgpack/encode.ts";
import { fromHex, toHex } from "../official-encodings.ts";

describe("msgpack", () => {
  test.each([
    [{ is_root: true }, "81a769735f726f6f74c3"],
    [true, "c3"],
    [5, "05"],
    [5n, "05"],
    [-1, "ff"],
    [1.5, "cb3ff8000000000000"],
  ])("writes %s as the official engine does", (value, hex) => {
    expect(toHex(encodeMessagePack(value))).toBe(hex);
  });

  test("reads integers beyond 2^53 as bigints and smaller ones as numbers", () => {
    const value = { big: 2n ** 60n, small: 2 ** 40, list: [-(2n ** 60n), 3] };

    expect(decodeMessagePack(encodeMessagePack(value))).toEqual(value);
  });

  test("round-trips JSON-like values", () => {
    const jsonLike = fc.jsonValue();
    fc.assert(
      fc.property(jsonLike, fc.uint8Array({ maxLength: 300 }), (json, blob) => {
        for (const value of [json, { blob }]) {
          expect(decodeMessagePack(encodeMessagePack(value))).toEqual(value);
        }
      }),
    );
  });

  test.each([
    [127, "7f"],
    [128, "cc80"],
    [65_535, "cdffff"],
    [2 ** 32, "cf0000000100000000"],
    [-33, "d0df"],
    [-129, "d1ff7f"],
    ["x".repeat(32), `d920${"78".repeat(32)}`],
    [new Array(16).fill(0), `dc0010${"00".repeat(16)}`],
    [Uint8Array.of(1), "c40101"],
  ])("writes %s in its shortest form", (value, hex) => {
    expect(toHex(encodeMessagePack(value))).toBe(hex);
    expect(decodeMessagePack(fromHex(hex))).toEqual(value);
  });

  test("keeps a member named __proto__ without touching prototypes", () => {
    const read = decodeMessagePack(fromHex("81a95f5f70726f746f5f5f81a161c0"));

    expect(Object.keys(read as object)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
  });

  test.each([
    ["a function", () => 1],
    ["a Map", new Map()],
  ])("refuses %s", (_, value) => {
    expect(() => encodeMessagePack({ value })).toThrowError(
      expect.objectContaining({ kind: "serialization" }),
    );
  });

  test.each(["c0c0", "d40100", "8101c0", "", "81", "c1", "dd00ffffff", "dbffffffff", "a5"])(
    "refuses the damaged %s",
    (hex) => {
      expect(() => decodeMessagePack(fromHex(hex))).toThrowError(
        expect.objectContaining({ kind: "deserialization" }),
      );
    },
  );

  test("refuses nesting beyond 64 levels", () => {
    expect(() => decodeMessagePack(new Uint8Array(100_000).fill(0x91))).toThrowError(
      expect.objectContaining({ kind: "deserialization" }),
    );
  });
});
