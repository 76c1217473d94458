/**
 * Chunk bytes of the codecs `bytes` and `zstd`. Other codecs are refused by name.
 * Spec: Zarr v3 "bytes codec", "zstd codec".
 */
import { makeError } from "../base/errors.ts";
import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  printJson,
} from "../codec/json.ts";
import { compressZstd, decompressZstd } from "../codec/zstd/zstd.ts";
import type { DataType, Elements } from "./data-type.ts";
import { isLittleEndian } from "./fill-value.ts";

/** zstd's own default, which level 0 asks for. */
const ZSTD_LEVEL_DEFAULT = 3;

/** How an array's chunks are encoded. */
export interface ChunkCodec {
  readonly endian: "little" | "big";
  /** Compression level; `undefined`: not compressed. */
  readonly zstdLevel: number | undefined;
}

/** Little-endian bytes, zstd level 0: what zarr-python writes by default. */
export function defaultCodecs(dataType: DataType): JsonValue[] {
  return [bytesCodec(dataType), zstdCodec()];
}

function bytesCodec(dataType: DataType): JsonValue {
  const name = ["name", "bytes"] as const;
  if (dataType.bytesPerElement === 1) return new Map([name]);
  return new Map<string, JsonValue>([name, ["configuration", new Map([["endian", "little"]])]]);
}

function zstdCodec(): JsonValue {
  const configuration = new Map<string, JsonValue>([
    ["level", 0],
    ["checksum", false],
  ]);
  return new Map<string, JsonValue>([
    ["name", "zstd"],
    ["configuration", configuration],
  ]);
}

/**
 * `codecs` with what zarr-python insists on filled in: a codec that makes bytes in front, the
 * byte order of multi-byte types, the configuration of zstd.
 */
export function completeCodecs(codecs: readonly JsonValue[], dataType: DataType): JsonValue[] {
  const complete = codecs.map((codec) => {
    if (isJsonObject(codec) && codec.has("configuration")) return codec;
    const name = codecName(codec);
    if (name === "bytes") return bytesCodec(dataType);
    return name === "zstd" ? zstdCodec() : codec;
  });
  const makesBytes = complete.some((codec) =>
    ["bytes", "sharding_indexed"].includes(codecName(codec)),
  );
  return makesBytes ? complete : [bytesCodec(dataType), ...complete];
}

function codecName(codec: JsonValue): string {
  const name = isJsonObject(codec) ? codec.get("name") : codec;
  return typeof name === "string" ? name : printJson(codec);
}

/**
 * The codec of an array's zarr.json.
 * @throws {unimplemented} a codec or storage transformer that this version cannot apply, by name.
 * @throws {invalid-array-metadata} codecs that make no sense.
 */
export function parseChunkCodec(
  document: JsonObject,
  dataType: DataType,
  path: string,
): ChunkCodec {
  const transformers = document.get("storage_transformers");
  if (isJsonArray(transformers) && transformers.length > 0) {
    throw unsupported(path, `storage transformer ${codecName(transformers[0] as JsonValue)}`);
  }
  const codecs = document.get("codecs");
  const names = isJsonArray(codecs) ? codecs.map(codecName) : [];
  for (const name of names) {
    if (name !== "bytes" && name !== "zstd") throw unsupported(path, `codec ${name}`);
  }
  if (!isJsonArray(codecs) || names[0] !== "bytes" || names.lastIndexOf("bytes") !== 0) {
    const found = codecs === undefined ? "nothing" : printJson(codecs);
    throw makeError(
      "invalid-array-metadata",
      `zarr.json of ${path}: codecs must begin with one "bytes", found ${found}`,
      { details: { path, found } },
    );
  }
  if (names.length > 2) throw unsupported(path, "compressing twice");
  const endian = configurationOf(codecs[0])?.get("endian") ?? "little";
  if (endian !== "little" && endian !== "big") {
    throw unsupported(path, `byte order ${printJson(endian)}`);
  }
  const level = configurationOf(codecs[1])?.get("level");
  return {
    endian: dataType.bytesPerElement === 1 ? "little" : endian,
    zstdLevel: names.length === 1 ? undefined : usableLevel(level),
  };
}

function usableLevel(level: JsonValue | undefined): number {
  if (typeof level !== "number" || level === 0) return ZSTD_LEVEL_DEFAULT;
  return Math.max(level, 1); // Negative levels trade size for speed; not every compressor has them.
}

function configurationOf(codec: JsonValue | undefined): JsonObject | undefined {
  const configuration = isJsonObject(codec) ? codec.get("configuration") : undefined;
  return isJsonObject(configuration) ? configuration : undefined;
}

function unsupported(path: string, what: string): Error {
  return makeError("unimplemented", `${path}: ${what} is not supported for writing`, {
    details: { path, unsupported: what },
  });
}

/** The stored form of a chunk. `elements` may be changed. */
export async function encodeChunk(codec: ChunkCodec, elements: Elements): Promise<Uint8Array> {
  const bytes = bytesOf(elements);
  if (needsSwap(codec)) swapBytes(bytes, elements.BYTES_PER_ELEMENT);
  return codec.zstdLevel === undefined ? bytes : compressZstd(bytes, codec.zstdLevel);
}

/**
 * A stored chunk's elements.
 * @throws {deserialization} damaged, or not of `length` elements; the message names `chunk`.
 */
export async function decodeChunk(
  codec: ChunkCodec,
  stored: Uint8Array,
  expected: { dataType: DataType; length: number; chunk: string },
): Promise<Elements> {
  const { dataType, length, chunk } = expected;
  const elements = dataType.allocate(length);
  const bytes = await decompress(codec, stored, elements.byteLength, chunk);
  if (bytes.length !== elements.byteLength) {
    throw damaged(chunk, `${bytes.length} bytes, expected ${elements.byteLength}`);
  }
  const target = bytesOf(elements);
  target.set(bytes);
  if (needsSwap(codec)) swapBytes(target, elements.BYTES_PER_ELEMENT);
  return elements;
}

async function decompress(
  codec: ChunkCodec,
  stored: Uint8Array,
  bytesMax: number,
  chunk: string,
): Promise<Uint8Array> {
  if (codec.zstdLevel === undefined) return stored;
  try {
    return await decompressZstd(stored, { bytesMax });
  } catch (cause) {
    throw damaged(chunk, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function damaged(chunk: string, what: string, cause?: unknown): Error {
  return makeError("deserialization", `chunk ${chunk} is damaged: ${what}`, {
    details: { chunk },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** The memory of `elements` as bytes. */
export function bytesOf(elements: Elements): Uint8Array {
  return new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
}

function needsSwap(codec: ChunkCodec): boolean {
  return (codec.endian === "little") !== isLittleEndian();
}

function swapBytes(bytes: Uint8Array, width: number): void {
  for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse();
}
