/** Zarr codecs from bytes to bytes: `zstd`, `gzip`, `blosc`, `crc32c`. Others are refused by name. */
import { concatBytes } from "../../base/bytes.ts";
import { makeError } from "../../base/errors.ts";
import { crc32c } from "../../codec/crc32c.ts";
import type { JsonObject, JsonValue } from "../../codec/json.ts";
import { compressZstd } from "../../codec/zstd/compress.ts";
import { decompressZstd } from "../../codec/zstd/zstd.ts";
import { bloscCodec } from "./blosc.ts";
import type { ByteCodec } from "./byte-codec.ts";
import { codecConfiguration, codecName, invalidCodecs, isSerializer } from "./codec-metadata.ts";
import { damaged } from "./damaged.ts";

/** zstd's own default, which level 0 asks for. */
const ZSTD_LEVEL_DEFAULT = 3;
const CHECKSUM_BYTES = 4;

const BYTE_CODECS: ReadonlyMap<string, (configuration: JsonObject, path: string) => ByteCodec> =
  new Map([
    ["zstd", (configuration) => zstdCodec(configuration.get("level"))],
    ["gzip", () => streamCodec("gzip")],
    ["numcodecs.gzip", () => streamCodec("gzip")],
    ["numcodecs.zlib", () => streamCodec("deflate")],
    ["blosc", bloscCodec],
    ["crc32c", crc32cCodec],
  ]);

/** Whether there is a codec of that name. */
export function isByteCodec(name: string): boolean {
  return BYTE_CODECS.has(name);
}

/** The codec that an array's zarr.json names. @throws {unimplemented} naming codec and array */
export function parseByteCodec(codec: JsonValue, path: string): ByteCodec {
  const name = codecName(codec);
  const make = BYTE_CODECS.get(name);
  if (make !== undefined) return make(codecConfiguration(codec), path);
  if (isSerializer(codec) || name === "transpose") {
    throw invalidCodecs(
      path,
      `codec ${name} must stand before those from bytes to bytes, and once`,
    );
  }
  throw unsupportedCodec(path, name);
}

/** `unimplemented`, naming codec and array. */
export function unsupportedCodec(path: string, name: string): Error {
  return makeError("unimplemented", `array ${path}: codec ${name} is not supported`, {
    details: { path, codec: name },
  });
}

function zstdCodec(level: JsonValue | undefined): ByteCodec {
  const usable =
    typeof level === "number" && level !== 0
      ? Math.min(22, Math.max(1, level))
      : ZSTD_LEVEL_DEFAULT;
  return {
    encode: async (bytes) => compressZstd(bytes, usable),
    async decode(bytes, bytesMax, chunk) {
      try {
        return await decompressZstd(bytes, { bytesMax });
      } catch (cause) {
        throw damaged(chunk, cause instanceof Error ? cause.message : String(cause), cause);
      }
    },
  };
}

function streamCodec(format: "gzip" | "deflate"): ByteCodec {
  return {
    encode: (bytes) => pump(bytes, new CompressionStream(format), Number.POSITIVE_INFINITY),
    async decode(bytes, bytesMax, chunk) {
      try {
        return await pump(bytes, new DecompressionStream(format), bytesMax);
      } catch (cause) {
        throw damaged(chunk, `no ${format}`, cause);
      }
    },
  };
}

/** Runs bytes through a stream, up to `bytesMax` of output. */
async function pump(
  bytes: Uint8Array,
  stream: CompressionStream | DecompressionStream,
  bytesMax: number,
): Promise<Uint8Array> {
  const writer = stream.writable.getWriter();
  const written = writer.write(bytes as Uint8Array<ArrayBuffer>).then(() => writer.close());
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = (stream.readable as ReadableStream<Uint8Array>).getReader();
  const read = async (): Promise<void> => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      size += value.length;
      if (size > bytesMax) {
        await reader.cancel();
        throw new Error(`more than ${bytesMax} bytes come out`);
      }
      parts.push(value);
    }
  };
  // Both sides fail together on damage: wait for both, so that neither is left unhandled.
  const [reading, writing] = await Promise.allSettled([read(), written]);
  if (reading.status === "rejected") throw reading.reason;
  if (writing.status === "rejected") throw writing.reason;
  return concatBytes(parts);
}

function crc32cCodec(): ByteCodec {
  return {
    addedBytes: CHECKSUM_BYTES,
    async encode(bytes) {
      const checksum = new Uint8Array(CHECKSUM_BYTES);
      new DataView(checksum.buffer).setUint32(0, crc32c(bytes), true);
      return concatBytes([bytes, checksum]);
    },
    async decode(bytes, _bytesMax, chunk) {
      const end = bytes.length - CHECKSUM_BYTES;
      if (end < 0) throw damaged(chunk, "no room for a checksum");
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      if (view.getUint32(end, true) !== crc32c(bytes, 0, end)) {
        throw damaged(chunk, "its checksum does not match");
      }
      return bytes.subarray(0, end);
    },
  };
}
