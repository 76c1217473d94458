/**
 * Compresses zstd for whole objects: by the platform's own where `node:zlib` has it
 * (Node >= 22.15), else by our own in TypeScript. Writes frames with their exact content size and a
 * content checksum: every engine reads that, and a flipped bit is then always noticed.
 */
import { lazyPart } from "../../base/lazy-part.ts";
import { native } from "./find-native.ts";
import { rawFrame } from "./raw-frame.ts";

const loadNative = /* @__PURE__ */ lazyPart(() => import("./native.ts"));
const loadEncoder = /* @__PURE__ */ lazyPart(() => import("./encode.ts"));
const loadCompressFrames = /* @__PURE__ */ lazyPart(() => import("./compress-frames.ts"));

/**
 * Up to here a frame of one raw block is written: it needs no compressor, which would save nothing
 * of a request's time, and a few blocks of a disk.
 */
const RAW_BYTES_MAX = 16_384;

/** Below, all is decoded before a part would be missed. */
const FRAMES_CONTENT_BYTES_MIN = 1024 * 1024;

/**
 * One frame holding `bytes`; up to `rawBytesMax` of them stay as they are, and come at once.
 * `level` is zstd's, 0 (its default) to 22; where the platform has no zstd, levels above 4 find
 * little more.
 */
export function compressZstd(
  bytes: Uint8Array,
  level: number,
  rawBytesMax: number = RAW_BYTES_MAX,
): Uint8Array | Promise<Uint8Array> {
  return bytes.length <= rawBytesMax ? rawFrame(bytes) : compressFrame(bytes, level);
}

async function compressFrame(bytes: Uint8Array, level: number): Promise<Uint8Array> {
  if (native !== undefined) {
    const { compressNatively } = await loadNative();
    return compressNatively(native, bytes, level);
  }
  const { encodeZstd } = await loadEncoder();
  return encodeZstd(bytes, level);
}

/**
 * As `compressZstd`; large content in frames that `openZstdFrames` decodes one by one. Any other
 * reader takes them for one stream.
 */
export function compressZstdFrames(
  bytes: Uint8Array,
  level: number,
): Uint8Array | Promise<Uint8Array> {
  if (bytes.length < FRAMES_CONTENT_BYTES_MIN) return compressZstd(bytes, level);
  return loadCompressFrames().then(({ compressFrames }) =>
    compressFrames(bytes, async (part) => compressZstd(part, level)),
  );
}
