import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteReader, ByteWriter, varintBytes } from "../../../src/codec/byte-stream.ts";
import { crc32c } from "../../../src/codec/crc32c.ts";
import { readNumbers, writeNumbers } from "../../../src/codec/number-list.ts";

const SAFE_END = 2 ** 53;

const readerOf = (bytes: Uint8Array): ByteReader =>
  new ByteReader(bytes, 0, bytes.length, (offset, what) => {
    throw new RangeError(`${what} at ${offset}`);
  });

function encode(values: readonly number[]): Uint8Array {
  const writer = new ByteWriter();
  writeNumbers(writer, values);
  return writer.view().slice();
}

const anyNumber = fc.oneof(
  fc.nat(3),
  fc.nat(300),
  fc.maxSafeNat(),
  fc.constantFrom(0, 127, 128, 2 ** 31 - 1, 2 ** 31, 2 ** 32, SAFE_END - 1),
);

test("a column reads back as it was written, and is read to its end", () => {
  const columns = fc.oneof(
    fc.array(anyNumber),
    fc
      .array(fc.tuple(anyNumber, fc.nat(50)))
      .map((runs) => runs.flatMap(([value, length]) => new Array<number>(length).fill(value))),
    fc
      .tuple(fc.nat(1_000_000), fc.nat(1000), fc.nat(100))
      .map(([first, step, length]) => Array.from({ length }, (_, i) => first + i * step)),
    fc.array(fc.integer({ min: 1_000_000, max: 1_001_000 })),
  );
  fc.assert(
    fc.property(columns, (values) => {
      const reader = readerOf(encode(values));

      expect(Array.from(readNumbers(reader, values.length, SAFE_END))).toEqual(values);
      expect(reader.remaining).toBe(0);
    }),
    { numRuns: 500 },
  );
});

test("a column of any bytes gives numbers in range or is refused", () => {
  fc.assert(
    fc.property(
      fc.tuple(fc.nat(5), fc.uint8Array({ maxLength: 60 })),
      fc.nat(40),
      fc.constantFrom(1, 4, 1000, SAFE_END),
      ([mode, bytes], count, end) => {
        try {
          const values = readNumbers(readerOf(Uint8Array.of(mode, ...bytes)), count, end);
          expect(
            values.every((value) => Number.isSafeInteger(value) && value >= 0 && value < end),
          ).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      },
    ),
    { numRuns: 3000 },
  );
});

test("constant and evenly spaced columns take a few bytes whatever their length", () => {
  const evenly = Array.from({ length: 100_000 }, (_, i) => 4096 + i * 65_536);

  expect(encode(new Array(100_000).fill(2 ** 40)).length).toBeLessThan(12);
  expect(encode(evenly).length).toBeLessThan(16);
});

test("random numbers of a narrow range take the bits of that range", () => {
  const values = fc.sample(fc.integer({ min: 10_000_000, max: 10_000_000 + 2 ** 20 - 1 }), {
    numRuns: 8000,
    seed: 3,
  });

  expect(encode(values).length).toBeLessThan((8000 * 20) / 8 + 10);
});

test("varints are read in their shortest form only, up to 2^53 - 1", () => {
  fc.assert(
    fc.property(anyNumber, (value) => {
      const writer = new ByteWriter();
      writer.varint(value);

      expect(writer.length).toBe(varintBytes(value));
      expect(readerOf(writer.view()).varint()).toBe(value);
    }),
  );
  for (const bytes of [[0x80, 0x00], [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x10], [0x80]]) {
    expect(() => readerOf(Uint8Array.from(bytes)).varint()).toThrow(RangeError);
  }
});

test("texts of any length and script read back; wrong UTF-8 is refused", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), (text) => {
      const writer = new ByteWriter();
      writer.text(text);

      expect(readerOf(writer.view()).text()).toBe(text);
    }),
  );
  expect(() => readerOf(Uint8Array.of(1, 0xff)).text()).toThrow(RangeError);
});

test("CRC-32C is the standard one", () => {
  expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(0))).toBe(0);
});
