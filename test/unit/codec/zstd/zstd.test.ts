import { Zstd } from "@hpcc-js/wasm-zstd";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concatBytes } from "../../../../src/base/bytes.ts";
import { isIcefloeError } from "../../../../src/base/errors.ts";
import { BitWriter } from "../../../../src/codec/zstd/bit-writer.ts";
import { compressZstd } from "../../../../src/codec/zstd/compress.ts";
import { decodeZstd } from "../../../../src/codec/zstd/decode.ts";
import { encodeZstd } from "../../../../src/codec/zstd/encode.ts";
import { walkZstdFrames } from "../../../../src/codec/zstd/frame.ts";
import { buildFseEncoder, firstState } from "../../../../src/codec/zstd/fse-encode.ts";
import {
  LITERAL_LENGTH_CODE,
  MATCH_LENGTH_CODE,
  OFFSET_CODE,
} from "../../../../src/codec/zstd/sequences.ts";
import { xxh64Low } from "../../../../src/codec/zstd/xxh64.ts";
import { xxh64LowWide } from "../../../../src/codec/zstd/xxh64-wide.ts";
import { decompressWithDictionary, decompressZstd } from "../../../../src/codec/zstd/zstd.ts";
import { DICTIONARY, fromHex, LOCATIONS } from "../official-encodings.ts";
import { expectEqualBytes, xorshift } from "./contents.ts";

const BYTES_MAX = 64 * 1024 * 1024;
/** The reference implementation. */
const reference = await Zstd.load();

const refused = (what: string) =>
  expect.objectContaining({
    kind: "deserialization",
    message: expect.stringContaining(what),
  });

/** Contents that exercise raw, run-length, Huffman and sequence coding. */
const KINDS: Record<string, (random: () => number, at: number, bytes: Uint8Array) => number> = {
  noise: (random) => random() * 256,
  "one byte": () => 65,
  "few letters": (random) => 65 + random() ** 3 * 20,
  "near repeats": (random, at, bytes) =>
    at > 50 && random() < 0.98 ? (bytes[at - 50] as number) : random() * 256,
  "far repeats": (random, at, bytes) =>
    at > 20_000 && at % 37 < 30 ? (bytes[at - 19_999] as number) : random() * 200,
  "mostly zeros": (random) => (random() < 0.999 ? 0 : random() * 256),
  mixed: (random, at) => (at % 1000 < 500 ? (at * at) >> 3 : random() * 4),
};
const SIZES = [0, 1, 5, 31, 32, 255, 256, 257, 1023, 1024, 16_384, 65_792, 131_072, 131_073];

function contentOf(kind: string, size: number): Uint8Array {
  const random = xorshift(size + 1);
  const bytes = new Uint8Array(size);
  const make = KINDS[kind] as (typeof KINDS)[string];
  for (let at = 0; at < size; at++) bytes[at] = make(random, at, bytes);
  return bytes;
}

const CASES = Object.keys(KINDS).flatMap((kind) =>
  [...SIZES, 400_000].map((size) => ({ kind, size })),
);

describe("the encoder", () => {
  test.each(CASES)("makes $size bytes of $kind readable for the reference", ({ kind, size }) => {
    const content = contentOf(kind, size);

    for (const level of [1, 3, 15]) {
      const frame = encodeZstd(content, level);

      if (size > 0) expectEqualBytes(reference.decompress(frame), content);
      expectEqualBytes(decodeZstd(frame, BYTES_MAX), content);
    }
  });

  test("writes one frame with exact content size and checksum", async () => {
    for (const size of [0, 200, 512, 513, 70_000, 3_000_000]) {
      const content = contentOf("few letters", size);

      const frames = walkZstdFrames(await compressZstd(content, 3));

      expect(frames).toHaveLength(1);
      expect(frames[0]).toMatchObject({ contentBytes: size, hasChecksum: true, dictionaryId: 0 });
    }
  });

  test("comes close to the reference's level 3", () => {
    const content = contentOf("mixed", 1_000_000);

    expect(encodeZstd(content, 3).length).toBeLessThan(reference.compress(content, 3).length * 1.1);
  });

  test("never grows incompressible bytes by more than headers and a checksum", () => {
    const content = contentOf("noise", 400_000);

    expect(encodeZstd(content, 3).length).toBeLessThan(content.length + 40);
  });

  test("leaves a block as it is of which a match saves less than a header", () => {
    // Around the size where literals and sequences together no longer fit below the block's own.
    for (const size of [...Array(400).keys()].map((at) => at + 40).concat(4200, 20_000, 131_000)) {
      const content = contentOf("noise", size);
      for (const length of [4, 5, 6, 7, 8, 12]) {
        const repeated = content.slice();
        repeated.copyWithin(16, 2, 2 + length);
        const frame = encodeZstd(repeated, 3);
        expectEqualBytes(decodeZstd(frame, BYTES_MAX), repeated);
        expectEqualBytes(reference.decompress(frame), repeated);
      }
    }
  });

  test("round-trips noise with a few repeats, over several blocks", () => {
    const noise = contentOf("noise", 300_000);
    const repeats = fc.array(
      fc.record({ from: fc.nat(299_000), to: fc.nat(299_900), length: fc.nat(12) }),
      { minLength: 1, maxLength: 4 },
    );
    fc.assert(
      fc.property(repeats, fc.integer({ min: 200, max: 300_000 }), (copies, size) => {
        const content = noise.slice(0, size);
        for (const { from, to, length } of copies)
          content.copyWithin(to % size, from % size, (from % size) + length);
        const frame = encodeZstd(content, 3);
        expectEqualBytes(decodeZstd(frame, BYTES_MAX), content);
        expectEqualBytes(reference.decompress(frame), content);
      }),
    );
  });

  test("round-trips any bytes", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 3000, max: 7 }),
        fc.integer({ min: 1, max: 22 }),
        (content, level) => {
          const frame = encodeZstd(content, level);
          expectEqualBytes(decodeZstd(frame, BYTES_MAX), content);
          if (content.length > 0) expectEqualBytes(reference.decompress(frame), content);
        },
      ),
    );
  });
});

describe("the decoder", () => {
  test.each(CASES)("reads $size bytes of $kind from the reference", ({ kind, size }) => {
    const content = contentOf(kind, size);

    for (const level of [-5, 1, 3, 9, 19]) {
      expectEqualBytes(decodeZstd(reference.compress(content, level), BYTES_MAX), content);
    }
  });

  test.each([
    ["with a size", "28b52ffda003000000190000616263"],
    ["without a size", "28b52ffd0058190000616263"],
  ])("reads a raw block %s", async (_, hex) => {
    const content = await decompressZstd(fromHex(hex), { bytesMax: 3 });

    expect(content).toEqual(Uint8Array.of(0x61, 0x62, 0x63));
  });

  test("reads concatenated frames and skips skippable ones, wherever they stand", async () => {
    const frame = encodeZstd(contentOf("mixed", 1000), 3);
    const skippable = fromHex("5f2a4d1803000000ffffff");

    const joined = concatBytes([skippable, frame, skippable, frame, skippable]);
    const content = await decompressZstd(joined, { bytesMax: BYTES_MAX });

    expect(content).toEqual(concatBytes([contentOf("mixed", 1000), contentOf("mixed", 1000)]));
  });

  test("reads a frame without content size from memory of unknown size", () => {
    reference.reset();
    const content = contentOf("near repeats", 300_000);
    const frame = concatBytes([reference.compressChunk(content), reference.compressEnd()]);

    expect(walkZstdFrames(frame)[0]?.contentBytes).toBeUndefined();
    expectEqualBytes(decodeZstd(frame, BYTES_MAX), content);
    expectEqualBytes(decodeZstd(frame, content.length), content);
    expect(() => decodeZstd(frame, content.length - 1)).toThrowError(refused("large"));
  });

  test.each([
    ["nothing", "", "no frame"],
    ["text", "69636566", "no frame magic"],
    ["trailing garbage", "28b52ffd0058190000616263ff", "trailing bytes"],
    ["trailing garbage of a word's length", "28b52ffd0058190000616263ffffffff", "no frame magic"],
    ["a truncated header", "28b52ffda0", "truncated frame header"],
    ["a truncated block header", "28b52ffd00581900", "truncated block header"],
    ["a truncated block", "28b52ffd0058190000", "truncated block"],
    ["a truncated checksum", "28b52ffd0458190000616263ffff", "truncated checksum"],
    ["a wrong checksum", "28b52ffd0458190000616263ffffffff", "checksum does not match"],
    ["a wrong content size", "28b52ffda004000000190000616263", "declared content size 4"],
    ["a reserved block type", "28b52ffd00581f0000616263", "reserved block type"],
    ["a reserved header bit", "28b52ffd0858190000616263", "reserved bit"],
    ["a window of 256 MiB", "28b52ffd0090190000616263", "window above 128 MiB"],
    [
      "a frame that needs a dictionary",
      "28b52ffd2304d4284a29550000087302f005034837edb4",
      "dictionary",
    ],
    ["a skippable frame behind the end", "502a4d18ffffffff", "truncated skippable frame"],
  ])("refuses %s", async (_, hex, what) => {
    await expect(decompressZstd(fromHex(hex), { bytesMax: BYTES_MAX })).rejects.toThrowError(
      refused(what),
    );
  });

  test("accepts a window of 128 MiB", async () => {
    const frame = fromHex("28b52ffd0088190000616263");

    await expect(decompressZstd(frame, { bytesMax: 3 })).resolves.toHaveLength(3);
  });

  test("notices every flipped bit of our own frames", () => {
    const content = contentOf("few letters", 3000);
    const frame = encodeZstd(content, 3);

    for (let bit = 0; bit < frame.length * 8; bit += 7) {
      const damaged = frame.slice();
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
      try {
        // Bits that say how the content is stored, not what it is, may flip unnoticed.
        expectEqualBytes(decodeZstd(damaged, BYTES_MAX), content);
      } catch (error) {
        if (!isIcefloeError(error, "deserialization")) throw error;
      }
    }
  });

  test("answers any damage with content or a typed error", () => {
    const frames = [1, 9, 19].flatMap((level) =>
      Object.keys(KINDS).map((kind) => reference.compress(contentOf(kind, 2000), level)),
    );
    const random = xorshift(77);
    for (let round = 0; round < 4000; round++) {
      const damaged = (frames[round % frames.length] as Uint8Array).slice();
      for (let flips = 1 + random() * 4; flips > 0; flips--) {
        damaged[Math.floor(random() * damaged.length)] = random() * 256;
      }
      const cut = random() < 0.3 ? Math.floor(random() * damaged.length) : damaged.length;
      try {
        decodeZstd(damaged.subarray(0, cut), 1_000_000);
      } catch (error) {
        if (!isIcefloeError(error, "deserialization")) throw error;
      }
    }
  });
});

describe("bombs", () => {
  /** Run-length blocks of 128 KiB, four bytes each. */
  function runLengthBomb(blocks: number): Uint8Array {
    const bytes = new Uint8Array(6 + 4 * blocks);
    bytes.set(fromHex("28b52ffd0088"));
    for (let block = 0; block < blocks; block++) {
      const header = ((128 * 1024) << 3) | (1 << 1) | (block === blocks - 1 ? 1 : 0);
      bytes.set([header & 255, (header >> 8) & 255, header >> 16, 0], 6 + 4 * block);
    }
    return bytes;
  }

  test("of run-length blocks are refused before anything is allocated", async () => {
    const bomb = runLengthBomb(12_000); // 48 kB would become 1.5 GB.

    await expect(decompressZstd(bomb, { bytesMax: BYTES_MAX })).rejects.toThrowError(
      refused("limit"),
    );
  });

  test("of a large declared size are refused", async () => {
    const frame = fromHex("28b52ffde0ffffffff0f000000190000616263");

    await expect(decompressZstd(frame, { bytesMax: BYTES_MAX })).rejects.toThrowError(
      expect.objectContaining({ kind: "deserialization" }),
    );
  });

  test("of compressed zeros stop at the limit", async () => {
    const bomb = reference.compress(new Uint8Array(20_000_000), 19);

    await expect(decompressZstd(bomb, { bytesMax: 1_000_000 })).rejects.toThrowError(
      refused("limit"),
    );
  });

  test("spread over many frames are refused", async () => {
    const frame = encodeZstd(new Uint8Array(100_000), 3);
    const bomb = concatBytes(Array.from({ length: 100 }, () => frame));

    await expect(decompressZstd(bomb, { bytesMax: 5_000_000 })).rejects.toThrowError(
      refused("limit"),
    );
  });
});

describe("dictionaries", () => {
  test("decode the official engine's locations", () => {
    for (const [frame, location] of LOCATIONS) {
      const text = new TextDecoder().decode(decompressWithDictionary(frame, DICTIONARY, 1024));
      expect(text).toBe(location);
    }
  });

  test("of another id are refused", () => {
    const other = DICTIONARY.slice();
    other[4] = 5;

    expect(() => decompressWithDictionary(LOCATIONS[0]![0], other, 1024)).toThrowError(
      refused("needs the dictionary 1244189700"),
    );
  });

  test("may go unused by a frame made without one", () => {
    const frame = fromHex("28b52ffd0058190000616263");

    expect(decompressWithDictionary(frame, DICTIONARY, 1024)).toHaveLength(3);
  });

  test("of raw content serve as history", () => {
    const dictionary = new TextEncoder().encode("hello");
    const writer = new BitWriter(new Uint8Array(32));
    writer.add(0, 8); // No literals.
    writer.add(1, 8); // One sequence:
    writer.add(0, 8); // in the predefined codes,
    writer.add(8, 3); // 5 bytes back,
    for (const [code, symbol] of [
      [MATCH_LENGTH_CODE, 2], // 5 bytes long,
      [OFFSET_CODE, 3],
      [LITERAL_LENGTH_CODE, 0], // behind no literals.
    ] as const) {
      const encoder = buildFseEncoder(code.predefined, code.predefinedLog);
      writer.add(firstState(encoder, symbol), code.predefinedLog);
    }
    writer.close();
    const block = writer.bytes.slice(0, writer.position);
    const header = (block.length << 3) | (2 << 1) | 1;
    const frame = concatBytes([fromHex("28b52ffd0058"), Uint8Array.of(header, 0, 0), block]);

    const content = decompressWithDictionary(frame, dictionary, 1024);

    expect(new TextDecoder().decode(content)).toBe("hello");
  });

  test("keep the limit", () => {
    expect(() => decompressWithDictionary(LOCATIONS[0]![0], DICTIONARY, 40)).toThrowError(
      refused("limit"),
    );
  });

  test("that are damaged give a typed error or other bytes", () => {
    const random = xorshift(5);
    for (let round = 0; round < 2000; round++) {
      const damaged = DICTIONARY.slice(
        0,
        random() < 0.3 ? random() * DICTIONARY.length : undefined,
      );
      damaged[4 + Math.floor(random() * 150)] = random() * 256;
      try {
        for (const [frame] of LOCATIONS) decompressWithDictionary(frame, damaged, 1024);
      } catch (error) {
        if (!isIcefloeError(error, "deserialization")) throw error;
      }
    }
  });
});

describe("xxh64", () => {
  test.each([
    ["", 0x51d8e999],
    ["a", 0xa98c6e5b],
    ["abc", 0xad770999],
    ["Nobody inspects the spammish repetition", 0x8a378bf1],
  ])("hashes %j", (text, low) => {
    expect(xxh64Low(new TextEncoder().encode(text)).toString(16)).toBe(low.toString(16));
  });

  // From 64 KiB on those that lie at multiples of 8 are read in 64-bit words, and what is left,
  // once the code for that has been loaded.
  const WIDE = [65_536, 65_537, 65_540, 65_543, 65_544, 65_567, 100_015];
  test.each([32, 100, 2048, 2049, 10_007, 65_535, ...WIDE])(
    "hashes %i bytes alike wherever they lie",
    (length) => {
      const bytes = new Uint8Array(length + 8);
      for (let i = 0; i < length; i++) bytes[i] = (i * i * 31) >>> 3;
      const hash = xxh64Low(bytes.subarray(0, length));
      expect(xxh64LowWide(bytes.subarray(0, length))).toBe(hash);
      bytes.copyWithin(1, 0, length); // 64-bit words can't be read in place there.
      expect(xxh64Low(bytes.subarray(1, length + 1))).toBe(hash);
    },
  );
});
