/** What the tables of several files have: identifier, ids, fields that a newer version added, and limits. */
import type { FlatBufferReader } from "../codec/flatbuffers/read.ts";
import { OBJECT_ID_BYTES, objectIdFromBytes } from "./ids.ts";

/** "Ichk", as a word: what every file's second word is. */
export const FILE_IDENTIFIER = 0x6b686349;
/** The format's largest chunk count, chunk coordinate, and time in seconds. */
export const UINT32_MAX = 2 ** 32 - 1;

/** How many slots a table of these has. */
export function slotCount(slots: Readonly<Record<string, number>>): number {
  return Object.keys(slots).length;
}

/** The 12-byte id in `slot`, as text; `undefined` if absent. */
export function parseObjectId(
  reader: FlatBufferReader,
  table: number,
  slot: number,
): string | undefined {
  const at = reader.field(table, slot, OBJECT_ID_BYTES);
  return at === 0 ? undefined : objectIdFromBytes(reader.bytes.subarray(at, at + OBJECT_ID_BYTES));
}

/** Adds to `unknownFields` the slots of `table` from `known` on, as `name.slot`. */
export function noteUnknownSlots(
  reader: FlatBufferReader,
  table: number,
  name: string,
  known: number,
  unknownFields: Set<string>,
): void {
  for (const slot of reader.unknownSlots(table, known)) unknownFields.add(`${name}.${slot}`);
}
