import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeBase32, encodeBase32 } from "../../../src/codec/base32.ts";
import { fromHex, toHex } from "./official-encodings.ts";

describe("base32", () => {
  test.each([
    ["0b1cc8d6787580f0e33a6534", "1CECHNKREP0F1RSTCMT0"],
    ["000102030405060708090a0b", "000G40R40M30E209185G"],
    ["6da131f0b56639d131e74659", "DPGK3W5NCRWX2CF78SCG"],
    ["c75d0a4b5088d3354e86e28c", "RXEGMJTGH39KAKM6WA60"],
    ["0c8b2927a1cbbd24", "1J5JJ9X1SEYJ8"],
    ["", ""],
  ])("writes and reads the official engine's text of %s", (hex, text) => {
    const bytes = fromHex(hex);

    expect(encodeBase32(bytes)).toBe(text);
    expect(decodeBase32(text, bytes.length)).toEqual(bytes);
  });

  test("reads any case, O as 0, I and L as 1, and ignores pad bits", () => {
    const read = (text: string) => toHex(decodeBase32(text, 12) ?? new Uint8Array());

    expect(read("lcechnkrepOfirstcmt8")).toBe("0b1cc8d6787580f0e33a6534");
  });

  test.each(["U000000000000", "-000000000000", "000", "1J5JJ9X1SEYJ8é", "1J5JJ9X1SEY😀"])(
    "does not read %s",
    (text) => {
      expect(decodeBase32(text, 8)).toBeUndefined();
    },
  );

  test("round-trips any bytes, and equal lengths sort as their bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ maxLength: 40 }), (a, b) => {
        expect(decodeBase32(encodeBase32(a), a.length)).toEqual(a);
        if (a.length !== b.length) return;
        expect(encodeBase32(a) < encodeBase32(b)).toBe(toHex(a) < toHex(b));
      }),
    );
  });
});
