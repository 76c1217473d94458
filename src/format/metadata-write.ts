/** Writes user metadata items. Spec: v2 "Common Types" › MetadataItem. */
import { compareUtf8 } from "../base/bytes.ts";
import type { FlatBufferWords } from "../codec/flatbuffers/words.ts";
import type { MetadataItem } from "./metadata.ts";

/** Name and value: slots 0 and 1. */
const ITEM_LAYOUT = [12, 4, 8] as const;

/** The vector of `items`, sorted by name; returns where it starts. */
export function putMetadataItems(words: FlatBufferWords, items: readonly MetadataItem[]): number {
  const sorted = [...items].sort((a, b) => compareUtf8(a.name, b.name));
  const vector = words.reserve(1 + sorted.length);
  words.set(vector, sorted.length);
  if (sorted.length === 0) return vector;
  const vtable = words.putVtable(ITEM_LAYOUT);
  for (const [i, { name, value }] of sorted.entries()) {
    const table = words.startTable(vtable);
    words.setOffset(vector + 1 + i, table);
    const fields = words.reserve(2);
    words.setOffset(fields, words.putString(name));
    words.setOffset(fields + 1, words.putByteVector(value));
  }
  return vector;
}
