/** Manifests as the npm `flatbuffers` builder lays them out: back to front, vtables anywhere. */
import { Builder } from "flatbuffers";

/** Fields of a ChunkRef; any combination. */
export interface BuiltRef {
  readonly index?: readonly number[];
  readonly inline?: Uint8Array;
  readonly offset?: bigint;
  readonly length?: bigint;
  readonly chunkId?: Uint8Array;
  readonly location?: string;
  readonly etag?: string;
  readonly lastModified?: number;
  readonly compressedLocation?: Uint8Array;
  /** A field of a newer version. */
  readonly unknown?: number;
}

/** Fields of a Manifest; what is left out is absent. */
export interface BuiltManifest {
  readonly id?: Uint8Array;
  readonly arrays?: readonly { nodeId?: Uint8Array; refs?: readonly BuiltRef[] }[];
  readonly dictionary?: Uint8Array;
  readonly algorithm?: number;
}

/** Builds the payload. */
export function buildManifest(manifest: BuiltManifest): Uint8Array {
  const builder = new Builder(64);
  const { arrays, dictionary, id, algorithm } = manifest;
  const arrayOffsets = arrays?.map(({ nodeId, refs }) => {
    const refOffsets = refs?.map((ref) => buildRef(builder, ref));
    const vector = refOffsets === undefined ? 0 : offsetVector(builder, refOffsets);
    builder.startObject(3);
    if (nodeId !== undefined) builder.addFieldStruct(0, structOf(builder, nodeId), 0);
    if (vector !== 0) builder.addFieldOffset(1, vector, 0);
    return builder.endObject();
  });
  const vector = arrayOffsets === undefined ? 0 : offsetVector(builder, arrayOffsets);
  const dictionaryAt = dictionary === undefined ? 0 : builder.createByteVector(dictionary);
  builder.startObject(5);
  if (id !== undefined) builder.addFieldStruct(0, structOf(builder, id), 0);
  if (vector !== 0) builder.addFieldOffset(1, vector, 0);
  if (dictionaryAt !== 0) builder.addFieldOffset(2, dictionaryAt, 0);
  if (algorithm !== undefined) builder.addFieldInt8(3, algorithm, 1);
  builder.finish(builder.endObject(), "Ichk");
  return builder.asUint8Array().slice();
}

function buildRef(builder: Builder, ref: BuiltRef): number {
  const location = ref.location === undefined ? 0 : builder.createSharedString(ref.location);
  const etag = ref.etag === undefined ? 0 : builder.createString(ref.etag);
  const inline = ref.inline === undefined ? 0 : builder.createByteVector(ref.inline);
  const frame =
    ref.compressedLocation === undefined ? 0 : builder.createByteVector(ref.compressedLocation);
  let index = 0;
  if (ref.index !== undefined) {
    builder.startVector(4, ref.index.length, 4);
    for (const coordinate of ref.index.toReversed()) builder.addInt32(coordinate | 0);
    index = builder.endVector();
  }
  builder.startObject(ref.unknown === undefined ? 10 : 12);
  if (index !== 0) builder.addFieldOffset(0, index, 0);
  if (inline !== 0) builder.addFieldOffset(1, inline, 0);
  if (ref.offset !== undefined) builder.addFieldInt64(2, ref.offset, 0n);
  if (ref.length !== undefined) builder.addFieldInt64(3, ref.length, 0n);
  if (ref.chunkId !== undefined) builder.addFieldStruct(4, structOf(builder, ref.chunkId), 0);
  if (location !== 0) builder.addFieldOffset(5, location, 0);
  if (etag !== 0) builder.addFieldOffset(6, etag, 0);
  if (ref.lastModified !== undefined) builder.addFieldInt32(7, ref.lastModified | 0, 0);
  if (frame !== 0) builder.addFieldOffset(8, frame, 0);
  if (ref.unknown !== undefined) builder.addFieldInt32(11, ref.unknown, 0);
  return builder.endObject();
}

function structOf(builder: Builder, bytes: Uint8Array): number {
  builder.prep(1, bytes.length);
  for (const byte of bytes.toReversed()) builder.writeInt8(byte);
  return builder.offset();
}

function offsetVector(builder: Builder, offsets: readonly number[]): number {
  builder.startVector(4, offsets.length, 4);
  for (const offset of offsets.toReversed()) builder.addOffset(offset);
  return builder.endVector();
}
