import { describe, expect, test } from "vitest";
import { decodeMessagePack, encodeMessagePack } from "../../../src/codec/msgpack.ts";
import { fromHex, toHex } from "./official-encodings.ts";

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

  test.each(["", "81", "c1", "dd00ffffff", "dbffffffff", "a5"])("refuses the damaged %s", (hex) => {
    expect(() => decodeMessagePack(fromHex(hex))).toThrowError(
      expect.objectContaining({ kind: "deserialization" }),
    );
  });

  test("refuses nesting beyond 64 levels", () => {
    expect(() => decodeMessagePack(new Uint8Array(100_000).fill(0x91))).toThrowError(
      expect.objectContaining({ kind: "deserialization" }),
    );
  });
});
