/** Writes user metadata items in words. Spec: v2 "Common Types" › MetadataItem. */
import { compareUtf8 } from "../base/bytes.ts";
import type { FlatBufferWords } from "../codec/flatbuffers/words.ts";
import type { MetadataItem } from "./metadata.ts";

/** Name and value: slots 0 and 1. */
const ITEM_LAYOUT = [12, 4, 8] as const;

/** The vector of `items`, sorted by name. */
export function putMetadataItems(words: FlatBufferWords, items: readonly MetadataItem[]): void {
  const sorted = [...items].sort((a, b) => compareUtf8(a.name, b.name));
  words.put(sorted.length);
  if (sorted.length === 0) return;
  const offsets = words.reserve(sorted.length);
  const vtable = words.putVtable(ITEM_LAYOUT);
  for (const [i, { name, value }] of sorted.entries()) {
    const table = words.startTable(vtable);
    words.setOffset(offsets + i, table);
    const fields = words.reserve(2);
    words.setOffset(fields, words.length);
    words.putString(name);
    words.setOffset(fields + 1, words.length);
    words.putByteVector(value);
  }
}
