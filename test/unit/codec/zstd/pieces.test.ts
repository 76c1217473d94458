import { Zstd } from "@hpcc-js/wasm-zstd";
import { describe, expect, test, vi } from "vitest";
import { concatBytes, equalBytes } from "../../../../src/base/bytes.ts";
import type { PartialBytes } from "../../../../src/base/partial-bytes.ts";
import { decodeBlocks, decodeZstd } from "../../../../src/codec/zstd/decode.ts";
import { encodeZstd, encodeZstdPieces } from "../../../../src/codec/zstd/encode.ts";
import { walkZstdFrames } from "../../../../src/codec/zstd/frame.ts";
import { encodePieceIndex, parsePieceIndex } from "../../../../src/codec/zstd/piece-index.ts";
import { openPieces } from "../../../../src/codec/zstd/pieces.ts";
import { xxh64Low } from "../../../../src/codec/zstd/xxh64.ts";
import { compressZstdPieces, decompressZstd } from "../../../../src/codec/zstd/zstd.ts";

await vi.hoisted(async () => {
  const { withoutNativeZstd } = await import("../../../without-native-zstd.ts");
  withoutNativeZstd(); // Elsewhere nothing is written in pieces, nor decoded in parts.
});

const BYTES_MAX = 64 * 1024 * 1024;
const BLOCK_BYTES = 128 * 1024;
/** The reference implementation. */
const reference = await Zstd.load();

/** Rows that repeat a period, each with a few bytes of noise: several pieces in 2 MB. */
function rowsOf(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = 1;
  for (let at = 0; at < size; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    bytes[at] = at % 40 < 12 ? state >>> 24 : at % 40;
  }
  return bytes;
}

const CONTENT = rowsOf(2_000_000);
const FRAME = encodeZstdPieces(CONTENT, 3);
const PIECES = parsePieceIndex(FRAME)?.pieces ?? [];

const open = (bytes: Uint8Array, bytesMax = BYTES_MAX): PartialBytes | undefined =>
  openPieces(bytes, bytesMax, decodeBlocks, (error) => error);
const refused = (what: string) =>
  expect.objectContaining({ kind: "deserialization", message: expect.stringContaining(what) });
const flipped = (bytes: Uint8Array, at: number, bit = 1): Uint8Array => {
  const copy = bytes.slice();
  copy[at] = (copy[at] as number) ^ bit;
  return copy;
};

describe("a frame in pieces", () => {
  test("is one frame with content size and checksum for everyone else", async () => {
    const frames = walkZstdFrames(FRAME);

    expect(frames).toHaveLength(1);
    expect(frames[0]).toMatchObject({ contentBytes: CONTENT.length, hasChecksum: true });
    expect(equalBytes(reference.decompress(FRAME), CONTENT)).toBe(true);
    expect(equalBytes(decodeZstd(FRAME, BYTES_MAX), CONTENT)).toBe(true);
    expect(equalBytes(await decompressZstd(FRAME, { bytesMax: CONTENT.length }), CONTENT)).toBe(
      true,
    );
  });

  test("is hardly larger than one that refers back everywhere", () => {
    expect(PIECES.length).toBeGreaterThan(3);
    expect(FRAME.length).toBeLessThan(1.02 * encodeZstd(CONTENT, 3).length);
  });

  test("is written for large content only", async () => {
    const small = await compressZstdPieces(CONTENT.subarray(0, 1_000_000), 3);

    expect(open(small)).toBeUndefined();
    expect(open(await compressZstdPieces(CONTENT, 3))).toBeDefined();
  });

  test.each([1, 300, BLOCK_BYTES, BLOCK_BYTES + 1, 9_000_000])(
    "of %d zeros is read back",
    (size) => {
      const partial = open(encodeZstdPieces(new Uint8Array(size), 3));

      partial?.ensureAll();

      expect(partial?.isWhole).toBe(true);
      expect(equalBytes(partial?.bytes ?? CONTENT, new Uint8Array(size))).toBe(true);
    },
  );

  test("that begins with a run is read back", () => {
    const content = concatBytes([new Uint8Array(100).fill(9), CONTENT.subarray(0, 300_000)]);
    const partial = open(encodeZstdPieces(content, 3));

    partial?.ensureAll();

    expect(equalBytes(partial?.bytes ?? CONTENT, content)).toBe(true);
  });

  test.each([1, 15])("of noise, words and repeats is read back from level %d", (level) => {
    const noise = rowsOf(700_000).map((byte, at) => (at % 3 === 0 ? byte : (at * 7) >> 4));
    const content = concatBytes([noise, CONTENT.subarray(0, 500_000), noise]);
    const partial = open(encodeZstdPieces(content, level));

    partial?.ensureAll();

    expect(equalBytes(partial?.bytes ?? CONTENT, content)).toBe(true);
  });
});

describe("reading a part", () => {
  test("makes the pieces that it lies in, and no others", () => {
    const partial = open(FRAME) as PartialBytes;
    const [first, second, third] = PIECES;
    const start = (second?.contentStart ?? 0) + 5;
    const end = (third?.contentStart ?? 0) + 5;

    partial.ensure(start, end);

    expect(equalBytes(partial.bytes.subarray(start, end), CONTENT.subarray(start, end))).toBe(true);
    expect(partial.bytes.subarray(0, first?.contentEnd).every((byte) => byte === 0)).toBe(true);
    expect(partial.bytes.subarray(third?.contentEnd).every((byte) => byte === 0)).toBe(true);
    expect(partial.isWhole).toBe(false);
  });

  test("in any order gives the content", () => {
    const partial = open(FRAME) as PartialBytes;
    for (const { contentEnd } of PIECES.toReversed()) partial.ensure(contentEnd - 1, contentEnd);

    expect(partial.isWhole).toBe(true);
    expect(equalBytes(partial.bytes, CONTENT)).toBe(true);
  });

  test("that is empty or outside of the content makes nothing", () => {
    const partial = open(FRAME) as PartialBytes;
    for (const [start, end] of [
      [7, 7],
      [CONTENT.length, CONTENT.length + 9],
      [-3, 2],
    ] as const)
      partial.ensure(start, end);

    expect(partial.bytes.every((byte) => byte === 0)).toBe(true);
  });

  test("holds the frame until all is made", () => {
    const partial = open(FRAME) as PartialBytes;
    const before = partial.sizeBytes;
    partial.ensureAll();

    expect(before).toBe(CONTENT.length + FRAME.length);
    expect(partial.sizeBytes).toBe(CONTENT.length);
  });
});

describe("a damaged frame in pieces", () => {
  test("is refused when the damaged piece is reached, and then every time", () => {
    const second = PIECES[1]!;
    const partial = open(flipped(FRAME, second.start + 1000)) as PartialBytes;
    const reach = () => partial.ensure(second.contentStart, second.contentStart + 1);

    partial.ensure(0, second.contentStart);
    expect(
      equalBytes(
        partial.bytes.subarray(0, second.contentStart),
        CONTENT.subarray(0, second.contentStart),
      ),
    ).toBe(true);
    for (let time = 0; time < 3; time++) {
      expect(reach).toThrowError(refused(`damaged at byte ${second.start}: hash of the piece`));
      expect(() => partial.ensureAll()).toThrowError(refused("hash of the piece"));
    }
    expect(partial.isWhole).toBe(false);
  });

  test("is never read to other content, whatever bit of it is flipped", async () => {
    const content = rowsOf(300_000);
    const frame = encodeZstdPieces(content, 3);
    const indexAt = walkZstdFrames(frame)[0]!.end;
    const places = Array.from({ length: frame.length }, (_, at) => at).filter(
      (at) => at < 40 || at >= indexAt - 4 || at % 997 === 0,
    );
    for (const at of places) {
      for (const bit of [1, 4, 128]) {
        const damaged = flipped(frame, at, bit);
        try {
          const partial = open(damaged);
          partial?.ensureAll();
          const read = partial?.bytes ?? (await decompressZstd(damaged, { bytesMax: BYTES_MAX }));
          expect(equalBytes(read, content)).toBe(true);
          expect(partial, `byte ${at}`).toBeUndefined(); // No index; the whole frame is intact.
        } catch (error) {
          expect(error).toEqual(expect.objectContaining({ kind: "deserialization" }));
        }
      }
    }
  });

  test("is refused or no frame in pieces wherever it is cut off", () => {
    for (let end = FRAME.length - 1; end > 0; end -= 1 + (end % 20_011)) {
      const cut = FRAME.subarray(0, end);
      let partial: PartialBytes | undefined;
      try {
        partial = open(cut);
      } catch (error) {
        expect(error).toEqual(expect.objectContaining({ kind: "deserialization" }));
      }
      expect(partial).toBeUndefined();
    }
  });
});

/** A frame whose header, blocks and index are as given, every hash and the seal right. */
function sealed(frame: Uint8Array, blockCounts: readonly number[]): Uint8Array {
  const { blocksStart, end } = walkZstdFrames(frame)[0]!;
  let at = blocksStart;
  const pieces = blockCounts.map((blockCount) => {
    const start = at;
    for (let block = 0; block < blockCount && at < end - 4; block++) {
      const header = frame[at]! | (frame[at + 1]! << 8) | (frame[at + 2]! << 16);
      at += 3 + (((header >> 1) & 3) === 1 ? 1 : header >> 3);
    }
    return { blockCount, bytes: frame.subarray(start, at) };
  });
  const header = frame.subarray(0, blocksStart);
  return concatBytes([frame, encodePieceIndex(header, pieces, frame.subarray(end - 4, end))]);
}

describe("a hostile frame in pieces", () => {
  const plain = encodeZstd(CONTENT.subarray(0, 3 * BLOCK_BYTES), 3);

  test("is refused where a piece refers to what comes before it", () => {
    const partial = open(sealed(plain, [1, 1, 1])) as PartialBytes;

    expect(() => partial.ensure(BLOCK_BYTES, BLOCK_BYTES + 1)).toThrowError(
      refused("zstd: damaged at byte"),
    );
  });

  test.each([[[1, 1]], [[1, 1, 1, 1]], [[4]], [[0, 3]], [[3, 0]], [[]], [[2 ** 32 - 1]]])(
    "is refused if its index counts %j blocks instead of three",
    (blockCounts) => {
      expect(() => open(sealed(plain, blockCounts))).toThrowError(refused("zstd: damaged at byte"));
    },
  );

  test("is refused above the limit before anything of that size is allocated", () => {
    expect(() => open(FRAME, CONTENT.length - 1)).toThrowError(refused("exceeds the limit"));
    expect(open(FRAME, CONTENT.length)).toBeDefined();
  });

  test("is refused if a piece holds more or less than its blocks' share", () => {
    // Run-length blocks of half the size: the frame is valid, a piece is too short.
    const size = BLOCK_BYTES / 2;
    const block = (isLast: boolean): number[] => {
      const header = (size << 3) | 2 | (isLast ? 1 : 0);
      return [header & 255, (header >> 8) & 255, header >> 16, 7];
    };
    const content = new Uint8Array(4 * size).fill(7);
    const sum = xxh64Low(content);
    const frame = Uint8Array.of(
      ...[0x28, 0xb5, 0x2f, 0xfd, 0xa4, 0, 0, 4, 0],
      ...[false, false, false, true].flatMap(block),
      ...[sum & 255, (sum >> 8) & 255, (sum >> 16) & 255, sum >>> 24],
    );
    expect(equalBytes(decodeZstd(frame, BYTES_MAX), content)).toBe(true);

    expect(() => open(sealed(frame, [2, 2]))).toThrowError(refused("index does not fit the frame"));
    const partial = open(sealed(frame, [1, 3])) as PartialBytes;
    expect(() => partial.ensureAll()).toThrowError(refused("piece has 65536 bytes, not 131072"));
  });
});
