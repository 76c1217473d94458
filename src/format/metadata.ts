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
    const name = reader.string(item, METADATA_ITEM_SLOTS.name) ?? failWithoutName(reader, item);
    const value =
      reader.byteVector(item, METADATA_ITEM_SLOTS.value) ?? failWithoutValue(reader, item);
    return { name, value };
  });
}

/** Refuses what `parseMetadataItems` would, without making items. */
export function checkMetadataItems(
  reader: FlatBufferReader,
  table: number,
  slot: number,
  unknownFields: Set<string>,
): void {
  const vector = reader.vector(table, slot, 4);
  for (let i = 0; i < reader.vectorLength(vector); i++) {
    const item = reader.tableAt(vector, i);
    noteUnknownSlots(reader, item, "MetadataItem", METADATA_ITEM_SLOT_COUNT, unknownFields);
    if (!reader.hasString(item, METADATA_ITEM_SLOTS.name)) failWithoutName(reader, item);
    if (reader.vector(item, METADATA_ITEM_SLOTS.value, 1) === 0) failWithoutValue(reader, item);
  }
}

function failWithoutName(reader: FlatBufferReader, item: number): never {
  return reader.fail(item, "metadata item without name");
}

function failWithoutValue(reader: FlatBufferReader, item: number): never {
  return reader.fail(item, "metadata without value");
}
