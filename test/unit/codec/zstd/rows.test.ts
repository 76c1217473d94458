import { Zstd } from "@hpcc-js/wasm-zstd";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeZstd } from "../../../../src/codec/zstd/decode.ts";
import { encodeZstd } from "../../../../src/codec/zstd/encode.ts";
import { expectEqualBytes, xorshift } from "./contents.ts";

const BYTES_MAX = 64 * 1024 * 1024;
/** The reference implementation. */
const reference = await Zstd.load();

describe("the encoder, of rows", () => {
  test("round-trips fields of which some differ from row to row", () => {
    const field = fc.record({ bytes: fc.integer({ min: 1, max: 12 }), differs: fc.boolean() });
    const rows = fc.array(field, { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(rows, fc.integer({ min: 2, max: 6000 }), fc.nat(), (fields, count, seed) => {
        const random = xorshift(seed + 1);
        const row = fields.flatMap(({ bytes, differs }) => new Array(bytes).fill(differs));
        const content = Uint8Array.from({ length: count * row.length }, (_, at) =>
          row[at % row.length] ? random() * 256 : at % row.length,
        );
        const frame = encodeZstd(content, 3);
        expectEqualBytes(decodeZstd(frame, BYTES_MAX), content);
        expectEqualBytes(reference.decompress(frame), content);
      }),
      { numRuns: 40 },
    );
  });

  test("takes little more than the noise where two fields differ by turns", () => {
    const random = xorshift(7);
    const content = Uint8Array.from({ length: 48 * 20_000 }, (_, at) => {
      const column = at % 48;
      return column < 8 || column === 32 ? random() * 256 : column;
    });

    expect(encodeZstd(content, 3).length).toBeLessThan(20_000 * 10);
  });

  test("round-trips literals of any number, each as likely as it is rare", () => {
    const random = xorshift(5);
    for (const size of [33, 34, 35, 255, 256, 257, 1023, 1024, 1025, 4093, 4097, 9001, 131_071]) {
      const content = Uint8Array.from({ length: size }, () => 200 * random() ** 4);
      const frame = encodeZstd(content, 3);
      expectEqualBytes(decodeZstd(frame, BYTES_MAX), content);
      expectEqualBytes(reference.decompress(frame), content);
    }
  });
});
