/**
 * zstd for whole objects: the platform's own where `node:zlib` has it (Node >= 22.15), else our
 * own in TypeScript, of which the compressor is loaded on the first write.
 *
 * Writes frames with their exact content size and a content checksum: every engine reads that, and
 * a flipped bit is then always noticed. Reads every variant; see zstd-decode.ts.
 */
import { concatBytes } from "../base/bytes.ts";
import { makeError } from "../base/errors.ts";
import { xxh64Low } from "./xxh64.ts";
import {
  checkedZstdFrames,
  decodeZstd,
  outputTooLarge,
  parseZstdDictionary,
  type ZstdDictionary,
} from "./zstd-decode.ts";
import { walkZstdFrames, type ZstdFrame, zstdDamaged } from "./zstd-frame.ts";
import { rawFrame } from "./zstd-raw-frame.ts";

/**
 * Up to here a frame of one raw block is written: it needs no compressor, which would save nothing
 * of a request's time, and a few blocks of a disk.
 */
const RAW_BYTES_MAX = 16_384;
/** Below, setting up the native decoder costs more than it saves. */
const NATIVE_DECODE_BYTES_MIN = 8192;

/** Above, compression moves to a thread: it would block the event loop for milliseconds. */
const THREAD_BYTES_MIN = 262_144;

interface NativeZstd {
  zstdCompress(
    bytes: Uint8Array,
    options: object,
    done: (error: Error | null, frame: Uint8Array) => void,
  ): void;
  zstdCompressSync(bytes: Uint8Array, options: object): Uint8Array;
  zstdDecompressSync(bytes: Uint8Array, options: object): Uint8Array;
  readonly constants: Record<string, number>;
}

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
  if (native !== undefined) return sealFrame(await compressNatively(native, bytes, level), bytes);
  const { encodeZstd } = await import("./zstd-encode.ts");
  return encodeZstd(bytes, level);
}

async function compressNatively(
  zlib: NativeZstd,
  bytes: Uint8Array,
  level: number,
): Promise<Uint8Array> {
  const options = {
    params: {
      [zlib.constants["ZSTD_c_compressionLevel"] as number]: level,
      [zlib.constants["ZSTD_c_checksumFlag"] as number]: 1,
    },
    pledgedSrcSize: bytes.length,
  };
  if (bytes.length < THREAD_BYTES_MIN) return plainView(zlib.zstdCompressSync(bytes, options));
  return new Promise((resolve, reject) => {
    zlib.zstdCompress(bytes, options, (error, frame) => {
      if (error === null) resolve(plainView(frame));
      else reject(makeError("internal", "zstd: compression failed", { cause: error }));
    });
  });
}

/** Adds the content checksum to a frame that lacks one. */
function sealFrame(frame: Uint8Array, content: Uint8Array): Uint8Array {
  if ((walkZstdFrames(frame)[0] as ZstdFrame).hasChecksum) return frame;
  const sealed = new Uint8Array(frame.length + 4);
  sealed.set(frame);
  sealed[4] = (sealed[4] as number) | 0x04;
  new DataView(sealed.buffer).setUint32(frame.length, xxh64Low(content), true);
  return sealed;
}

/** Limits of one decompression. */
export interface DecompressOptions {
  /** Most bytes that may come out. */
  readonly bytesMax: number;
  readonly dictionary?: Uint8Array | undefined;
}

/**
 * The content of all frames of `bytes`; a fresh array.
 * @throws {deserialization} on damage, on a dictionary not given, and above `bytesMax`
 */
export async function decompressZstd(
  bytes: Uint8Array,
  options: DecompressOptions,
): Promise<Uint8Array> {
  return decompressZstdSync(bytes, options);
}

/** As `decompressZstd`, at once. */
export function decompressZstdSync(bytes: Uint8Array, options: DecompressOptions): Uint8Array {
  const { bytesMax, dictionary } = options;
  if (dictionary !== undefined) return decompressWithDictionary(bytes, dictionary, bytesMax);
  if (native === undefined || bytes.length < NATIVE_DECODE_BYTES_MIN) {
    return decodeZstd(bytes, bytesMax);
  }
  const parts: Uint8Array[] = [];
  let left = bytesMax;
  for (const frame of checkedZstdFrames(bytes, bytesMax, 0)) {
    const part = decodeNatively(native, bytes, frame, left, bytesMax);
    left -= part.length;
    parts.push(part);
  }
  return parts.length === 1 ? (parts[0] as Uint8Array) : concatBytes(parts);
}

// One frame at a time: the native decoder silently drops every frame but the first.
function decodeNatively(
  zlib: NativeZstd,
  bytes: Uint8Array,
  frame: ZstdFrame,
  left: number,
  bytesMax: number,
): Uint8Array {
  if (frame.contentBytesMax === 0) return new Uint8Array(0);
  let part: Uint8Array;
  try {
    const options = {
      maxOutputLength: Math.max(left, 1),
      params: { [zlib.constants["ZSTD_d_windowLogMax"] as number]: 31 },
    };
    part = plainView(zlib.zstdDecompressSync(bytes.subarray(frame.start, frame.end), options));
  } catch (cause) {
    if ((cause as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE") outputTooLarge(bytesMax);
    throw makeError("deserialization", `zstd: frame at byte ${frame.start} is damaged`, {
      details: { offset: frame.start },
      cause,
    });
  }
  if (part.length > left) outputTooLarge(bytesMax);
  if (frame.contentBytes !== undefined && part.length !== frame.contentBytes) {
    zstdDamaged(frame.start, `content has ${part.length} bytes, not ${frame.contentBytes}`);
  }
  return part;
}

/** The same bytes, no longer a Buffer. */
function plainView(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
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

/** Makes `decompressWithDictionary` ready. Nothing to load today; callers await it all the same. */
export async function loadDictionaryDecoder(): Promise<void> {}
