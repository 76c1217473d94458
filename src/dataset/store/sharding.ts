/**
 * Shards: one stored object that holds many chunks and an index of them. Chunks of nothing but the
 * fill value are left out. Spec: Zarr v3 "Sharding codec".
 */
import { concatBytes } from "../../base/bytes.ts";
import { makeError } from "../../base/errors.ts";
import { isJsonArray, type JsonObject, type JsonValue, printJson } from "../../codec/json.ts";
import { elementCount, indexAt } from "../array/box.ts";
import { allocate, copyRegion, type Values } from "../array/elements.ts";
import { parseByteCodec } from "./byte-codecs.ts";
import type { ChunkCodec, ChunkLayout } from "./codec-chain.ts";
import { filled } from "./data-type.ts";
import { damaged } from "./element-bytes.ts";
import { holdsOnly } from "./fill-check.ts";

/** Offset and length of a chunk that is not there. */
const ABSENT = 2n ** 64n - 1n;
const ENTRY_BYTES = 16;

type ParseCodecs = (codecs: JsonValue | undefined, layout: ChunkLayout, path: string) => ChunkCodec;

interface Shard {
  readonly layout: ChunkLayout;
  /** Shape of the chunks inside, and how many there are per dimension. */
  readonly inner: readonly number[];
  readonly grid: readonly number[];
  readonly chunks: ChunkCodec;
  readonly index: readonly ReturnType<typeof parseByteCodec>[];
  readonly isIndexAtStart: boolean;
}

/**
 * The codec of whole shards.
 * @throws {unimplemented} codecs that are not supported; {invalid-array-metadata} a chunk shape
 *   that does not divide the shard's.
 */
export function parseSharding(
  configuration: JsonObject,
  layout: ChunkLayout,
  path: string,
  parseCodecs: ParseCodecs,
): ChunkCodec {
  const inner = configuration.get("chunk_shape");
  const isFit =
    isJsonArray(inner) &&
    inner.length === layout.shape.length &&
    inner.every(
      (size, d) => typeof size === "number" && size > 0 && (layout.shape[d] as number) % size === 0,
    );
  if (!isFit) {
    throw makeError(
      "invalid-array-metadata",
      `zarr.json of ${path}: shards of [${layout.shape}] cannot hold chunks of ${printJson(inner ?? null)}`,
      { details: { path, member: "chunk_shape" } },
    );
  }
  const indexCodecs = configuration.get("index_codecs");
  const shard: Shard = {
    layout,
    inner: inner as number[],
    grid: layout.shape.map((size, d) => size / (inner[d] as number)),
    chunks: parseCodecs(configuration.get("codecs"), { ...layout, shape: inner as number[] }, path),
    // The first is `bytes`, little endian: nothing else makes bytes of an index.
    index: (isJsonArray(indexCodecs) ? indexCodecs.slice(1) : []).map((codec) =>
      parseByteCodec(codec, path),
    ),
    isIndexAtStart: configuration.get("index_location") === "start",
  };
  return {
    encode: (values) => encodeShard(shard, values),
    decode: (bytes, chunk) => decodeShard(shard, bytes, chunk),
  };
}

function startOf(shard: Shard, number: number): number[] {
  return indexAt(shard.grid, number).map((at, d) => at * (shard.inner[d] as number));
}

async function encodeShard(shard: Shard, values: Values): Promise<Uint8Array> {
  const { layout, inner, grid } = shard;
  const count = elementCount(grid);
  const index = new DataView(new ArrayBuffer(count * ENTRY_BYTES));
  const parts: Uint8Array[] = [];
  const indexBytes = shard.isIndexAtStart ? (await encodeIndex(shard, index)).length : 0;
  let offset = indexBytes;
  for (let number = 0; number < count; number++) {
    const chunk = allocate(layout.type, elementCount(inner), "a chunk of a shard");
    copyRegion(
      { values, shape: layout.shape, start: startOf(shard, number) },
      { values: chunk, shape: inner, start: inner.map(() => 0) },
      inner,
    );
    const isAbsent = holdsOnly(chunk, layout.fill);
    const bytes = isAbsent ? undefined : await shard.chunks.encode(chunk);
    const at = number * ENTRY_BYTES;
    index.setBigUint64(at, bytes === undefined ? ABSENT : BigInt(offset), true);
    index.setBigUint64(at + 8, bytes === undefined ? ABSENT : BigInt(bytes.length), true);
    if (bytes === undefined) continue;
    parts.push(bytes);
    offset += bytes.length;
  }
  const encoded = await encodeIndex(shard, index);
  return concatBytes(shard.isIndexAtStart ? [encoded, ...parts] : [...parts, encoded]);
}

async function encodeIndex(shard: Shard, index: DataView): Promise<Uint8Array> {
  let bytes = new Uint8Array(index.buffer as ArrayBuffer).slice() as Uint8Array;
  for (const codec of shard.index) bytes = await codec.encode(bytes);
  return bytes;
}

async function decodeShard(shard: Shard, bytes: Uint8Array, chunk: string): Promise<Values> {
  const { layout, inner, grid } = shard;
  const values = filled(layout.type, elementCount(layout.shape), layout.fill, chunk);
  const index = await decodeIndex(shard, bytes, chunk);
  const count = elementCount(grid);
  for (let number = 0; number < count; number++) {
    const at = number * ENTRY_BYTES;
    const offset = index.getBigUint64(at, true);
    const length = index.getBigUint64(at + 8, true);
    if (offset === ABSENT && length === ABSENT) continue;
    if (offset + length > BigInt(bytes.length)) {
      throw damaged(chunk, `chunk ${number} of the shard reaches beyond its end`);
    }
    const stored = bytes.subarray(Number(offset), Number(offset + length));
    copyRegion(
      { values: await shard.chunks.decode(stored, chunk), shape: inner, start: inner.map(() => 0) },
      { values, shape: layout.shape, start: startOf(shard, number) },
      inner,
    );
  }
  return values;
}

async function decodeIndex(shard: Shard, bytes: Uint8Array, chunk: string): Promise<DataView> {
  const plainBytes = elementCount(shard.grid) * ENTRY_BYTES;
  // How long the encoded index is, the codecs tell: they add a fixed number of bytes.
  const encoded = await encodeIndex(shard, new DataView(new ArrayBuffer(plainBytes)));
  if (encoded.length > bytes.length) throw damaged(chunk, "no room for the shard's index");
  const end = shard.isIndexAtStart ? encoded.length : bytes.length;
  let index = bytes.slice(end - encoded.length, end) as Uint8Array;
  for (const codec of [...shard.index].reverse()) {
    index = await codec.decode(index, plainBytes + encoded.length, chunk);
  }
  if (index.length !== plainBytes) throw damaged(chunk, "its shard's index has another length");
  return new DataView(index.buffer, index.byteOffset, index.length);
}
