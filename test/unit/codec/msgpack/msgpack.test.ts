import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeMessagePack } from "../../../../src/codec/msgpack/decode.ts";
import { fromHex } from "../official-encodings.ts";
import { encodeMessagePack } from "./encode.ts";

describe("msgpack", () => {
  test.each([
    [{ is_root: true }, "81a769735f726f6f74c3"],
    [true, "c3"],
    [5, "05"],
    [-1, "ff"],
    [1.5, "cb3ff8000000000000"],
  ])("reads %s that the official engine wrote", (value, hex) => {
    expect(decodeMessagePack(fromHex(hex))).toEqual(value);
  });

  test.each([
    [127, "7f"],
    [128, "cc80"],
    [128, "cd0080"],
    [65_535, "cdffff"],
    [65_536, "ce00010000"],
    [2 ** 32, "cf0000000100000000"],
    [2n ** 60n, "cf1000000000000000"],
    [-(2n ** 60n), "d3f000000000000000"],
    [-33, "d0df"],
    [-129, "d1ff7f"],
    [-65_536, "d2ffff0000"],
    [-5, "d3fffffffffffffffb"],
    [0.5, "ca3f000000"],
    ["x".repeat(32), `d920${"78".repeat(32)}`],
    ["é", "da0002c3a9"],
    ["x", "db0000000178"],
    [new Array(16).fill(0), `dc0010${"00".repeat(16)}`],
    [[null, false], "dd00000002c0c2"],
    [{ a: 1 }, "de0001a16101"],
    [{ a: 1 }, "df00000001a16101"],
    [Uint8Array.of(1), "c40101"],
    [Uint8Array.of(1, 2), "c500020102"],
    [new Uint8Array(), "c600000000"],
  ])("reads %s in every form", (value, hex) => {
    expect(decodeMessagePack(fromHex(hex))).toEqual(value);
  });

  test("reads integers beyond 2^53 as bigints and smaller ones as numbers", () => {
    const value = { big: 2n ** 60n, small: 2 ** 40, list: [-(2n ** 60n), 3] };

    expect(decodeMessagePack(encodeMessagePack(value))).toEqual(value);
  });

  test("reads any JSON-like value", () => {
    const jsonLike = fc.jsonValue();
    fc.assert(
      fc.property(jsonLike, fc.uint8Array({ maxLength: 300 }), (json, blob) => {
        for (const value of [json, { blob }]) {
          expect(decodeMessagePack(encodeMessagePack(value))).toEqual(value);
        }
      }),
    );
  });

  test("keeps a member named __proto__ without touching prototypes", () => {
    const read = decodeMessagePack(fromHex("81a95f5f70726f746f5f5f81a161c0"));

    expect(Object.keys(read as object)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
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
