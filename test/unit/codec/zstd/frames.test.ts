/** Content in frames with a seek table: for everyone else one stream, here decoded as it is asked for. */
import { Zstd } from "@hpcc-js/wasm-zstd";
import { describe, expect, test } from "vitest";
import { concatBytes, equalBytes } from "../../../../src/base/bytes.ts";
import type { PartialBytes } from "../../../../src/base/partial-bytes.ts";
import { compressZstdFrames } from "../../../../src/codec/zstd/compress.ts";
import { compressFrames } from "../../../../src/codec/zstd/compress-frames.ts";
import { decodeZstd } from "../../../../src/codec/zstd/decode.ts";
import { encodeZstd } from "../../../../src/codec/zstd/encode.ts";
import { walkZstdFrames } from "../../../../src/codec/zstd/frame.ts";
import { openFrames } from "../../../../src/codec/zstd/framed-content.ts";
import { openingFrame } from "../../../../src/codec/zstd/raw-frame.ts";
import { encodeSeekTable, parseSeekTable } from "../../../../src/codec/zstd/seek-table.ts";
import { decompressZstd, openZstdFrames } from "../../../../src/codec/zstd/zstd.ts";

const BYTES_MAX = 64 * 1024 * 1024;
const FRAME_BYTES = 256 * 1024;
/** The reference implementation. */
const reference = await Zstd.load();

/** Rows that repeat a period, each with a few bytes of noise. */
function rowsOf(size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = 1;
  for (let at = 0; at < size; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    bytes[at] = at % 40 < 12 ? state >>> 24 : at % 40;
  }
  return bytes;
}

const compress = (content: Uint8Array, level = 3): Promise<Uint8Array> =>
  compressFrames(content, async (part) => encodeZstd(part, level));

const CONTENT = rowsOf(1_200_000);
const FILE = await compress(CONTENT);
const FRAMES = parseSeekTable(FILE, FILE.length)?.frames ?? [];

const open = (bytes: Uint8Array, bytesMax = BYTES_MAX): PartialBytes | undefined =>
  openFrames(bytes, bytesMax, decodeZstd, { rename: (error) => error });
const refused = (what: string) =>
  expect.objectContaining({ kind: "deserialization", message: expect.stringContaining(what) });
const flipped = (bytes: Uint8Array, at: number, bit = 1): Uint8Array => {
  const copy = bytes.slice();
  copy[at] = (copy[at] as number) ^ bit;
  return copy;
};

describe("content in frames", () => {
  test("is one stream for everyone else", async () => {
    expect(equalBytes(reference.decompress(FILE), CONTENT)).toBe(true);
    expect(equalBytes(decodeZstd(FILE, BYTES_MAX), CONTENT)).toBe(true);
    expect(equalBytes(await decompressZstd(FILE, { bytesMax: CONTENT.length }), CONTENT)).toBe(
      true,
    );
  });

  test("begins with a frame that declares no size, and every other one has size and checksum", () => {
    const [opening, ...frames] = walkZstdFrames(FILE);

    expect(opening).toMatchObject({ contentBytes: undefined, contentBytesMax: 0 });
    expect(frames).toHaveLength(5);
    for (const frame of frames)
      expect(frame).toMatchObject({ hasChecksum: true, contentBytes: expect.any(Number) });
    expect(frames.map(({ start, end }) => ({ start, end }))).toEqual(FRAMES);
  });

  test("is hardly larger than one frame", () => {
    expect(FILE.length).toBeLessThan(1.02 * encodeZstd(CONTENT, 3).length);
  });

  test("has larger frames where it gets much smaller", async () => {
    const file = await compress(CONTENT.map((_, at) => (at >> 8) & 255));

    expect(parseSeekTable(file, file.length)?.frames).toHaveLength(1);
  });

  test("is written for large content only", async () => {
    const small = await compressZstdFrames(CONTENT.subarray(0, 1_000_000), 3);

    expect(open(small)).toBeUndefined();
    expect(open(await compressZstdFrames(CONTENT, 3))).toBeDefined();
  });

  test.each([1, 300, FRAME_BYTES, FRAME_BYTES + 1, 9_000_000])(
    "of %d zeros is read back",
    async (size) => {
      const partial = open(await compress(new Uint8Array(size)));

      partial?.ensureAll();

      expect(partial?.isWhole).toBe(true);
      expect(equalBytes(partial?.bytes ?? CONTENT, new Uint8Array(size))).toBe(true);
    },
  );

  test.each([1, 15])("of noise, words and repeats is read back from level %d", async (level) => {
    const noise = rowsOf(700_000).map((byte, at) => (at % 3 === 0 ? byte : (at * 7) >> 4));
    const content = concatBytes([noise, CONTENT.subarray(0, 500_000), noise]);
    const partial = open(await compress(content, level));

    partial?.ensureAll();

    expect(equalBytes(partial?.bytes ?? CONTENT, content)).toBe(true);
  });

  test("is read by whatever the platform has", async () => {
    const file = await compressZstdFrames(CONTENT, 3);
    const partial = await openZstdFrames(file, BYTES_MAX, { rename: (error) => error });

    partial?.ensureAll();

    expect(equalBytes(partial?.bytes ?? FILE, CONTENT)).toBe(true);
  });
});

describe("reading a part", () => {
  test("makes the frames that it lies in, and no others", () => {
    const partial = open(FILE) as PartialBytes;
    const [start, end] = [FRAME_BYTES + 5, 2 * FRAME_BYTES + 5];

    partial.ensure(start, end);

    expect(equalBytes(partial.bytes.subarray(start, end), CONTENT.subarray(start, end))).toBe(true);
    expect(partial.bytes.subarray(0, FRAME_BYTES).every((byte) => byte === 0)).toBe(true);
    expect(partial.bytes.subarray(3 * FRAME_BYTES).every((byte) => byte === 0)).toBe(true);
    expect(partial.isWhole).toBe(false);
  });

  test("in any order gives the content", () => {
    const partial = open(FILE) as PartialBytes;
    for (const frame of FRAMES.keys())
      partial.ensure((4 - frame) * FRAME_BYTES, (4 - frame) * FRAME_BYTES + 1);

    expect(partial.isWhole).toBe(true);
    expect(equalBytes(partial.bytes, CONTENT)).toBe(true);
  });

  test("that is empty or outside of the content makes nothing", () => {
    const partial = open(FILE) as PartialBytes;
    for (const [start, end] of [
      [7, 7],
      [CONTENT.length, CONTENT.length + 9],
      [-3, 2],
    ] as const)
      partial.ensure(start, end);

    expect(partial.bytes.every((byte) => byte === 0)).toBe(true);
  });

  test("holds what has been made, and the file until all is", () => {
    let resized = 0;
    const watch = { rename: (error: unknown) => error, onResize: () => resized++ };
    const partial = openFrames(FILE, BYTES_MAX, decodeZstd, watch) as PartialBytes;
    const sizes = [partial.sizeBytes];
    partial.ensure(0, 1);
    sizes.push(partial.sizeBytes);
    partial.ensureAll();
    sizes.push(partial.sizeBytes);

    expect(sizes).toEqual([FILE.length, FILE.length + FRAME_BYTES, CONTENT.length]);
    expect(resized).toBe(6);
  });
});

describe("damaged frames", () => {
  test("are refused when they are reached, and then every time", () => {
    const second = FRAMES[1]!;
    const partial = open(flipped(FILE, second.start + 1000)) as PartialBytes;
    const reach = () => partial.ensure(FRAME_BYTES, FRAME_BYTES + 1);

    partial.ensure(0, FRAME_BYTES);
    expect(
      equalBytes(partial.bytes.subarray(0, FRAME_BYTES), CONTENT.subarray(0, FRAME_BYTES)),
    ).toBe(true);
    for (let time = 0; time < 3; time++) {
      expect(reach).toThrowError(refused(`frame at byte ${second.start}: zstd: damaged`));
      expect(() => partial.ensureAll()).toThrowError(refused(`frame at byte ${second.start}`));
    }
    expect(partial.isWhole).toBe(false);
  });

  test("are never read to other content, whatever bit is flipped", async () => {
    const content = rowsOf(1_100_000);
    const file = await compress(content);
    const { frames } = parseSeekTable(file, file.length)!;
    const positions = Array.from({ length: file.length }, (_, at) => at).filter(
      (at) =>
        at < 40 ||
        at >= frames.at(-1)!.end - 4 ||
        at % 20_011 === 0 ||
        frames.some(({ start }) => at >= start && at < start + 16),
    );
    for (const at of positions) {
      for (const bit of [1, 4, 128]) {
        const damaged = flipped(file, at, bit);
        try {
          const partial = open(damaged);
          partial?.ensureAll();
          const read = partial?.bytes ?? (await decompressZstd(damaged, { bytesMax: BYTES_MAX }));
          expect(equalBytes(read, content), `byte ${at}`).toBe(true);
        } catch (error) {
          expect(error).toEqual(expect.objectContaining({ kind: "deserialization" }));
        }
      }
    }
  });

  test("are none wherever the file is cut off", () => {
    for (let end = FILE.length - 1; end > 0; end -= 1 + (end % 20_011))
      expect(open(FILE.subarray(0, end))).toBeUndefined();
  });
});

describe("a hostile seek table", () => {
  const opening = openingFrame();
  const frames = [0, 1, 2].map((at) =>
    encodeZstd(CONTENT.subarray(at * 1000, at * 1000 + 1000), 3),
  );
  const withTable = (table: Uint8Array) => concatBytes([opening, ...frames, table]);
  const tableOf = (frameBytes: number, contentBytes: number) =>
    encodeSeekTable(opening.length, frames, frameBytes, contentBytes);

  test("is refused above the limit before anything of that size is allocated", () => {
    expect(() => open(FILE, CONTENT.length - 1)).toThrowError(refused("exceeds the limit"));
    expect(open(FILE, CONTENT.length)).toBeDefined();
  });

  test("is refused when a frame is reached that holds more or less than it says", () => {
    expect(() => open(withTable(tableOf(999, 2997)))?.ensure(0, 1)).toThrowError(
      refused(`frame at byte ${opening.length}`),
    );
    expect(() => open(withTable(tableOf(1001, 3003)))?.ensure(2002, 2003)).toThrowError(
      refused("frame has 1000 bytes, not 1001"),
    );
  });

  test("is passed over unless all frames but the last hold the same, and end where it begins", () => {
    const table = tableOf(1000, 3000);
    expect(open(withTable(table))).toBeDefined();
    const changed = (at: number, value: number) => {
      const copy = table.slice();
      new DataView(copy.buffer).setUint32(at, value, true);
      return withTable(copy);
    };
    const last = 8 + 8 * 3;

    for (const bytes of [
      changed(8 + 4, 1), // Content of the opening frame.
      changed(8 + 8 + 4, 500),
      changed(8 + 16 + 4, 1004),
      changed(last + 4, 1001),
      changed(last + 4, 0),
      changed(last, 7),
      changed(last + 8, 3), // One frame fewer.
      changed(last + 8, 2 ** 30),
      changed(0, 0x184d2a5c),
    ])
      expect(open(bytes)).toBeUndefined();
  });
});
