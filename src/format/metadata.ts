/**
 * User metadata items, kept encoded: rewriting a file never re-encodes what it does not change.
 * Spec: v2 "Common Types" › MetadataItem; docs/format.md "Metadata items".
 */
import type { FlatBufferReader } from "../codec/flatbuffers/read.ts";
import { decodeFlexbuffers } from "../codec/flexbuffers/decode.ts";
import { setMember } from "../codec/members.ts";
import { decodeMessagePack } from "../codec/msgpack/decode.ts";
import { noteUnknownSlots, slotCount } from "./table-fields.ts";

/** Slots of an item's table. */
const METADATA_ITEM_SLOTS = { name: 0, value: 1 } as const;
const METADATA_ITEM_SLOT_COUNT = slotCount(METADATA_ITEM_SLOTS);

/** One named value, encoded as FlexBuffers (spec 2) or MessagePack (spec 1). */
export interface MetadataItem {
  readonly name: string;
  readonly value: Uint8Array;
}

/** The values of `items`, by name. @throws {deserialization} */
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
  return reader.mapTables(reader.vector(table, slot, 4), (item) => {
    if (unknownFields !== undefined) {
      noteUnknownSlots(reader, item, "MetadataItem", METADATA_ITEM_SLOT_COUNT, unknownFields);
    }
    const name =
      reader.string(item, METADATA_ITEM_SLOTS.name) ??
      reader.fail(item, "metadata item without name");
    const value =
      reader.byteVector(item, METADATA_ITEM_SLOTS.value) ??
      reader.fail(item, "metadata without value");
    return { name, value };
  });
}
