/**
 * User metadata items, kept encoded: rewriting a file never re-encodes what it does not change.
 * Spec: v2 "MetadataItem".
 */
import type { Builder } from "flatbuffers";
import { compareUtf8 } from "../base/bytes.ts";
import type { FlatBufferReader } from "../codec/flatbuffer.ts";
import { createOffsets, createSharedText, type Offset } from "../codec/flatbuffer-write.ts";
import { decodeFlexbuffers } from "../codec/flexbuffers-decode.ts";
import { encodeFlexbuffers } from "../codec/flexbuffers-encode.ts";
import { setMember } from "../codec/members.ts";
import { decodeMessagePack, encodeMessagePack } from "../codec/msgpack.ts";

const NAME = 0;
const VALUE = 1;

/** One named value, encoded as FlexBuffers (spec 2) or MessagePack (spec 1). */
export interface MetadataItem {
  readonly name: string;
  readonly value: Uint8Array;
}

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

/**
 * The values of `items`, by name.
 * @throws {deserialization}
 */
export function decodeMetadata(
  items: readonly MetadataItem[],
  specVersion: 1 | 2,
): Record<string, unknown> {
  const decode = specVersion === 1 ? decodeMessagePack : decodeFlexbuffers;
  const record: Record<string, unknown> = {};
  for (const { name, value } of items) setMember(record, name, decode(value));
  return record;
}

/**
 * The items of the vector in `slot`; values are views. Empty if the vector is absent. Fields of a
 * newer version are added to `unknownFields`, if given.
 */
export function parseMetadataItems(
  reader: FlatBufferReader,
  table: number,
  slot: number,
  unknownFields?: Set<string>,
): MetadataItem[] {
  const vector = reader.vector(table, slot, 4);
  const items: MetadataItem[] = [];
  for (let i = 0; i < reader.vectorLength(vector); i++) {
    const item = reader.tableAt(vector, i);
    if (unknownFields !== undefined) {
      for (const newer of reader.unknownSlots(item, 2)) unknownFields.add(`MetadataItem.${newer}`);
    }
    const name = reader.string(item, NAME) ?? reader.fail(item, "metadata item without name");
    const value = reader.byteVector(item, VALUE) ?? reader.fail(item, "metadata without value");
    items.push({ name, value });
  }
  return items;
}

/** The vector of `items`, sorted by name. */
export function createMetadataItems(builder: Builder, items: readonly MetadataItem[]): Offset {
  const sorted = [...items].sort((a, b) => compareUtf8(a.name, b.name));
  const offsets = sorted.map((item) => {
    const value = builder.createByteVector(item.value);
    const name = createSharedText(builder, item.name);
    builder.startObject(2);
    builder.addFieldOffset(NAME, name, 0);
    builder.addFieldOffset(VALUE, value, 0);
    return builder.endObject();
  });
  return createOffsets(builder, offsets);
}
