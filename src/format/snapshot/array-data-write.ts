/** Writes an array's part of a node. Spec: v2 "Snapshot Files" › ArrayNodeData. */
import { makeError } from "../../base/errors.ts";
import type { FlatBufferWords } from "../../codec/flatbuffers/words.ts";
import { objectIdToBytes } from "../ids.ts";
import { UINT32_MAX } from "../table-fields.ts";
import type { ArrayData, DimensionShape, ManifestRef } from "./array-data.ts";

/** Shape of spec 1, dimension names, manifests, shape: slots 0 to 3. */
const ARRAY_LAYOUT = [20, 4, 16, 8, 12] as const;
const NAMELESS_LAYOUT = [16, 4, 0, 8, 12] as const;
/** Array length and chunk count: slots 0 and 1. */
const DIMENSION_LAYOUT = [16, 8, 4] as const;
const NAME_LAYOUT = [8, 4] as const;
const UNNAMED_LAYOUT = [4] as const;
/** Id and extents: slots 0 and 1. */
const MANIFEST_REF_LAYOUT = [20, 4, 16] as const;

/** Puts the table of `array`; returns where it starts. */
export function putArray(words: FlatBufferWords, array: ArrayData): number {
  const { dimensionNames } = array;
  const table = words.putTable(dimensionNames === undefined ? NAMELESS_LAYOUT : ARRAY_LAYOUT);
  words.setOffset(table + 1, words.putEmptyVector());
  const putRef = (ref: ManifestRef) => putManifestRef(words, ref);
  words.setOffset(table + 2, words.putOffsets(array.manifests, putRef));
  const putShape = (dimension: DimensionShape) => putDimension(words, dimension);
  words.setOffset(table + 3, words.putOffsets(array.shape, putShape));
  if (dimensionNames === undefined) return table;
  const putName = (name: string | null) => putDimensionName(words, name);
  words.setOffset(table + 4, words.putOffsets(dimensionNames, putName));
  return table;
}

function putDimension(words: FlatBufferWords, { arrayLength, chunkCount }: DimensionShape): number {
  const table = words.putTable(DIMENSION_LAYOUT);
  words.set(table + 1, checkUint32(chunkCount));
  words.setUint64(table + 2, arrayLength);
  return table;
}

function putDimensionName(words: FlatBufferWords, name: string | null): number {
  // The official engine stores an empty name as none.
  if (name === null || name === "") return words.putTable(UNNAMED_LAYOUT);
  const table = words.putTable(NAME_LAYOUT);
  words.shareString(table + 1, name);
  return table;
}

function putManifestRef(words: FlatBufferWords, { id, extents }: ManifestRef): number {
  const table = words.putTable(MANIFEST_REF_LAYOUT);
  words.setBytes(table + 1, objectIdToBytes(id));
  words.setOffset(table + 4, words.length);
  words.put(extents.length);
  for (const { start, end } of extents) {
    words.put(checkUint32(start));
    words.put(checkUint32(end));
  }
  return table;
}

/** `value`, if it fits the format's 32 bits. @throws {serialization} */
export function checkUint32(value: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= UINT32_MAX) return value;
  throw makeError("serialization", `snapshot: ${value} does not fit 32 bits`);
}
