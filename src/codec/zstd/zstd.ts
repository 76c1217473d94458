/**
 * zstd for whole objects: the platform's own where `node:zlib` has it (Node >= 22.15), else our
 * own in TypeScript. Loaded when first needed: the compressor, what reads and writes several frames, and what calls
 * the platform.
 *
 * Writes frames with their exact content size and a content checksum: every engine reads that, and
 * a flipped bit is then always noticed. Reads every variant; see decode.ts.
 */
import { lazyPart } from "../../base/lazy-part.ts";
import type { PartialBytes } from "../../base/partial-bytes.ts";
import {
  checkedZstdFrames,
  decodeZstd,
  parseZstdDictionary,
  type ZstdDictionary,
} from "./decode.ts";
import type { ContentWatch } from "./framed-content.ts";
import type { NativeZstd } from "./native.ts";
import { rawFrame } from "./raw-frame.ts";

const loadNative = /* @__PURE__ */ lazyPart(() => import("./native.ts"));
const loadEncoder = /* @__PURE__ */ lazyPart(() => import("./encode.ts"));
const loadCompressFrames = /* @__PURE__ */ lazyPart(() => import("./compress-frames.ts"));
const loadFramedContent = /* @__PURE__ */ lazyPart(() => import("./framed-content.ts"));

/**
 * Up to here a frame of one raw block is written: it needs no compressor, which would save nothing
 * of a request's time, and a few blocks of a disk.
 */
const RAW_BYTES_MAX = 16_384;
/** Below, setting up the native decoder costs more than it saves. */
const NATIVE_DECODE_BYTES_MIN = 8192;

/** Below, all is decoded before a part would be missed. */
const FRAMES_CONTENT_BYTES_MIN = 1024 * 1024;

function findNative(): NativeZstd | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?: (name: string) => unknown };
  };
  const zlib = process?.getBuiltinModule?.("node:zlib") as Partial<NativeZstd> | undefined;
  return typeof zlib?.zstdCompressSync === "function" ? (zlib as NativeZstd) : undefined;
}

const native = findNative();

/**
 * One frame holding `bytes`; up to `rawBytesMax` of them stay as they are. `level` is zstd's, 0 (its
 * default) to 22; where the platform has no zstd, levels above 4 find little more.
 */
export async function compressZstd(
  bytes: Uint8Array,
  level: number,
  rawBytesMax: number = RAW_BYTES_MAX,
): Promise<Uint8Array> {
  if (bytes.length <= rawBytesMax) return rawFrame(bytes);
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
export async function compressZstdFrames(bytes: Uint8Array, level: number): Promise<Uint8Array> {
  if (bytes.length < FRAMES_CONTENT_BYTES_MIN) return compressZstd(bytes, level);
  const { compressFrames } = await loadCompressFrames();
  return compressFrames(bytes, (part) => compressZstd(part, level));
}

/** Limits of one decompression. */
interface DecompressOptions {
  /** Most bytes that may come out. */
  readonly bytesMax: number;
}

/** The content of all frames of `bytes`; a fresh array. @throws {deserialization} */
export async function decompressZstd(
  bytes: Uint8Array,
  { bytesMax }: DecompressOptions,
): Promise<Uint8Array> {
  return (await frameDecoder(bytes.length))(bytes, bytesMax);
}

/**
 * The content of frames with a seek table, decoded as it is asked for; `undefined` if `bytes` are
 * anything else. Keeps `bytes`, which nobody may write to.
 * @throws {deserialization}
 */
export async function openZstdFrames(
  bytes: Uint8Array,
  bytesMax: number,
  watch: ContentWatch,
): Promise<PartialBytes | undefined> {
  if (bytes.length < NATIVE_DECODE_BYTES_MIN) return undefined;
  const { openFrames } = await loadFramedContent(); // Small files need no such code.
  return openFrames(bytes, bytesMax, await frameDecoder(bytes.length), watch);
}

/** Decodes frames, and chooses with what: `sizeBytes` are to be decoded. */
async function frameDecoder(
  sizeBytes: number,
): Promise<(bytes: Uint8Array, bytesMax: number) => Uint8Array> {
  if (native === undefined || sizeBytes < NATIVE_DECODE_BYTES_MIN) return decodeZstd;
  const { decompressNatively } = await loadNative();
  return (bytes, bytesMax) =>
    decompressNatively(native, bytes, checkedZstdFrames(bytes, bytesMax, 0), bytesMax);
}

const parsedDictionaries = new WeakMap<Uint8Array, ZstdDictionary>();

/**
 * Decompresses one small frame with `dictionary`, about 1 µs each. The dictionary is parsed once
 * per array object: pass the same one, and do not change it.
 * @throws {deserialization}
 */
export function decompressWithDictionary(
  bytes: Uint8Array,
  dictionary: Uint8Array,
  bytesMax: number,
): Uint8Array {
  let parsed = parsedDictionaries.get(dictionary);
  if (parsed === undefined) {
    parsed = parseZstdDictionary(dictionary);
    parsedDictionaries.set(dictionary, parsed);
  }
  return decodeZstd(bytes, bytesMax, parsed);
}
