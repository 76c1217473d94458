/** The index of a shard: where each of its chunks lies. Spec: Zarr v3 "Sharding codec". */
import { isJsonArray, type JsonObject, type JsonValue, printJson } from "../../codec/json.ts";
import type { ByteCodec } from "./byte-codec.ts";
import { parseByteCodec } from "./byte-codecs.ts";
import { codecConfiguration, codecName, invalidCodecs } from "./codec-metadata.ts";
import { damaged } from "./damaged.ts";

/** Offset and length of a chunk that is not there. */
const ABSENT = 2n ** 64n - 1n;
const ENTRY_BYTES = 16;

/** Where a chunk lies in its shard. */
export interface ShardEntry {
  readonly offset: number;
  readonly length: number;
}

/** How an index is encoded, and where it lies. */
export interface IndexCodec {
  readonly isLittleEndian: boolean;
  readonly byteCodecs: readonly ByteCodec[];
  readonly isAtStart: boolean;
}

/**
 * The codec of the index that a sharding codec's configuration says.
 * @throws {unimplemented} a codec that is not supported
 * @throws {invalid-array-metadata} codecs whose result has no fixed length, which nobody could
 *   find; a place that is neither start nor end
 */
export function parseIndexCodec(configuration: JsonObject, path: string): IndexCodec {
  const location = configuration.get("index_location") ?? "end";
  if (location !== "start" && location !== "end") {
    throw invalidCodecs(
      path,
      `index_location must be "start" or "end", found ${printJson(location)}`,
    );
  }
  const codecs = configuration.get("index_codecs") ?? [];
  const [first, ...rest] = isJsonArray(codecs) ? codecs : [null];
  const endian = endianOf(first);
  if (endian === undefined) {
    throw invalidCodecs(path, `index_codecs must begin with bytes, found ${printJson(codecs)}`);
  }
  const byteCodecs = rest.map((codec) => parseByteCodec(codec, path));
  const at = byteCodecs.findIndex(({ addedBytes }) => addedBytes === undefined);
  if (at >= 0) {
    const name = codecName(rest[at] as JsonValue);
    throw invalidCodecs(path, `index_codecs must give a fixed length, found ${name}`);
  }
  return { isLittleEndian: endian === "little", byteCodecs, isAtStart: location === "start" };
}

/** Without codecs an index is taken for little-endian bytes. */
function endianOf(codec: JsonValue | undefined): "little" | "big" | undefined {
  if (codec === undefined) return "little";
  const endian = codecConfiguration(codec).get("endian") ?? "little";
  const isUsable = codecName(codec) === "bytes" && (endian === "little" || endian === "big");
  return isUsable ? endian : undefined;
}

/** Bytes of the encoded index of `count` chunks. */
export function indexBytes({ byteCodecs }: IndexCodec, count: number): number {
  return byteCodecs.reduce((sum, { addedBytes = 0 }) => sum + addedBytes, count * ENTRY_BYTES);
}

/** The encoded index. */
export async function encodeIndex(
  { byteCodecs, isLittleEndian }: IndexCodec,
  entries: readonly (ShardEntry | undefined)[],
): Promise<Uint8Array> {
  const view = new DataView(new ArrayBuffer(entries.length * ENTRY_BYTES));
  for (const [i, entry] of entries.entries()) {
    const at = i * ENTRY_BYTES;
    view.setBigUint64(at, entry === undefined ? ABSENT : BigInt(entry.offset), isLittleEndian);
    view.setBigUint64(at + 8, entry === undefined ? ABSENT : BigInt(entry.length), isLittleEndian);
  }
  let bytes: Uint8Array = new Uint8Array(view.buffer);
  for (const codec of byteCodecs) bytes = await codec.encode(bytes);
  return bytes;
}

/** The entries of an encoded index. @throws {deserialization} naming the chunk */
export async function decodeIndex(
  { byteCodecs, isLittleEndian }: IndexCodec,
  stored: Uint8Array,
  count: number,
  chunk: string,
): Promise<(ShardEntry | undefined)[]> {
  let bytes = stored;
  for (const codec of [...byteCodecs].reverse()) {
    bytes = await codec.decode(bytes, stored.length, chunk);
  }
  if (bytes.length !== count * ENTRY_BYTES) {
    throw damaged(chunk, "its shard's index has another length");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: count }, (_, number) => {
    const at = number * ENTRY_BYTES;
    const offset = view.getBigUint64(at, isLittleEndian);
    const length = view.getBigUint64(at + 8, isLittleEndian);
    if (offset === ABSENT && length === ABSENT) return undefined;
    if (offset + length > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw damaged(chunk, `chunk ${number} of the shard reaches beyond its end`);
    }
    return { offset: Number(offset), length: Number(length) };
  });
}
