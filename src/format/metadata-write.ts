/** Writes user metadata items. Spec: v2 "Common Types" › MetadataItem. */
import type { Builder } from "flatbuffers";
import { compareUtf8 } from "../base/bytes.ts";
import { createOffsets, createSharedText, type Offset } from "../codec/flatbuffers/builder.ts";
import { encodeFlexbuffers } from "../codec/flexbuffers/encode.ts";
import { encodeMessagePack } from "../codec/msgpack/encode.ts";
import { METADATA_ITEM_SLOTS, type MetadataItem } from "./metadata.ts";

/**
 * `record` as items, sorted by name; members that are `undefined` are left out. `specVersion` is
 * that of the snapshot file; in the repo file it is always 2.
 * @throws {serialization} on values that JSON has no place for
 */
export function encodeMetadata(
  record: Readonly<Record<string, unknown>>,
  specVersion: 1 | 2 = 2,
): MetadataItem[] {
  const encode = specVersion === 1 ? encodeMessagePack : encodeFlexbuffers;
  const items: MetadataItem[] = [];
  for (const [name, value] of Object.entries(record)) {
    if (value !== undefined) items.push({ name, value: encode(value) });
  }
  return items.sort((a, b) => compareUtf8(a.name, b.name));
}

/** The vector of `items`, sorted by name. */
export function createMetadataItems(builder: Builder, items: readonly MetadataItem[]): Offset {
  const sorted = [...items].sort((a, b) => compareUtf8(a.name, b.name));
  const offsets = sorted.map((item) => {
    const value = builder.createByteVector(item.value);
    const name = createSharedText(builder, item.name);
    builder.startObject(2);
    builder.addFieldOffset(METADATA_ITEM_SLOTS.name, name, 0);
    builder.addFieldOffset(METADATA_ITEM_SLOTS.value, value, 0);
    return builder.endObject();
  });
  return createOffsets(builder, offsets);
}
