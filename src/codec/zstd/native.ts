/**
 * Calling the platform's zstd, of which it takes frames with checksums and gives nothing that was
 * not checked. Loaded where there is one.
 */
import { concatBytes } from "../../base/bytes.ts";
import { makeError } from "../../base/errors.ts";
import { outputTooLarge, walkZstdFrames, type ZstdFrame, zstdDamaged } from "./frame.ts";
import { xxh64Low } from "./xxh64.ts";

/** Above, compression moves to a thread: it would block the event loop for milliseconds. */
const THREAD_BYTES_MIN = 262_144;

/** Output that Node makes room for at once: the default of 16 KiB changes threads for each. */
const CHUNK_BYTES = 262_144;

/** What `node:zlib` has of zstd. */
export interface NativeZstd {
  zstdCompress(
    bytes: Uint8Array,
    options: object,
    done: (error: Error | null, frame: Uint8Array) => void,
  ): void;
  zstdCompressSync(bytes: Uint8Array, options: object): Uint8Array;
  zstdDecompressSync(bytes: Uint8Array, options: object): Uint8Array;
  readonly constants: Record<string, number>;
}

/** One frame holding `bytes`, with content size and checksum. */
export async function compressNatively(
  zlib: NativeZstd,
  bytes: Uint8Array,
  level: number,
): Promise<Uint8Array> {
  return sealFrame(await compressFrame(zlib, bytes, level), bytes);
}

async function compressFrame(
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
    zlib.zstdCompress(bytes, { ...options, chunkSize: CHUNK_BYTES }, (error, frame) => {
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

/** The content of the frames of `bytes`. @throws {deserialization} also above `bytesMax` */
export function decompressNatively(
  zlib: NativeZstd,
  bytes: Uint8Array,
  frames: readonly ZstdFrame[],
  bytesMax: number,
): Uint8Array {
  const parts: Uint8Array[] = [];
  let left = bytesMax;
  for (const frame of frames) {
    const part = decodeNatively(zlib, bytes, frame, left, bytesMax);
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
      // All in one buffer takes two thirds of the time; one byte more, or Node makes a second one.
      chunkSize: Math.max(CHUNK_BYTES, Math.min(frame.contentBytes ?? 0, left) + 1),
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
