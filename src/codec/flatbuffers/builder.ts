/** What the FlatBuffers builder lacks: fixed-size byte structs, vectors of them, unsigned 64 bits. */
import type { Builder } from "flatbuffers";

/** Where the builder put something; 0 is "nothing". */
export type Offset = number;

/** Adds an inline struct that is nothing but bytes (alignment 1) to the open table. */
export function addBytesStruct(builder: Builder, slot: number, bytes: Uint8Array): void {
  builder.prep(1, bytes.length - 1);
  putBytes(builder, bytes);
  builder.addFieldStruct(slot, builder.offset(), 0);
}

function putBytes(builder: Builder, bytes: Uint8Array): void {
  for (let i = bytes.length - 1; i >= 0; i--) builder.writeInt8(bytes[i] as number);
}

/** A vector of byte structs of `structBytes` each. */
export function createBytesStructs(
  builder: Builder,
  structBytes: number,
  structs: readonly Uint8Array[],
): Offset {
  builder.startVector(structBytes, structs.length, 1);
  for (let i = structs.length - 1; i >= 0; i--) putBytes(builder, structs[i] as Uint8Array);
  return builder.endVector();
}

/** A vector of offsets to tables or strings. */
export function createOffsets(builder: Builder, offsets: readonly Offset[]): Offset {
  builder.startVector(4, offsets.length, 4);
  for (let i = offsets.length - 1; i >= 0; i--) builder.addOffset(offsets[i] as Offset);
  return builder.endVector();
}

/** A vector of unsigned 32-bit integers: elements [start, end) of `values`. */
export function createUint32s(
  builder: Builder,
  values: ArrayLike<number>,
  start: number,
  end: number,
): Offset {
  builder.startVector(4, end - start, 4);
  for (let i = end - 1; i >= start; i--) builder.addInt32(values[i] as number);
  return builder.endVector();
}

/** Adds an unsigned 64-bit field with default 0; `value` is a safe integer. */
export function addUint64(builder: Builder, slot: number, value: number): void {
  builder.addFieldInt64(slot, BigInt(value), 0n);
}

/** The bytes of the vector `bytes`, or 0 if it is absent. */
export function createOptionalBytes(builder: Builder, bytes: Uint8Array | undefined): Offset {
  return bytes === undefined ? 0 : builder.createByteVector(bytes);
}

/** A string, stored once however often it occurs. The builder's own writes nothing for an empty one. */
export function createSharedText(builder: Builder, text: string): Offset {
  return text === "" ? builder.createString(text) : builder.createSharedString(text);
}
