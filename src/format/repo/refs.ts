/**
 * Branches, tags and deleted tags inside the `repo` object, where snapshots are positions in a
 * sorted list. Spec: v2 "Repo Info File" › Ref.
 */
import type { FlatBufferReader } from "../../codec/flatbuffers/read.ts";
import { noteUnknownSlots, slotCount } from "../table-fields.ts";

/** Slots of a reference's table. */
const REF_SLOTS = { name: 0, snapshotIndex: 1 } as const;

/** The refs in `slot`, by name; `ids` are the snapshots in stored order. */
export function parseRefs(
  reader: FlatBufferReader,
  root: number,
  slot: number,
  ids: readonly string[],
  unknownFields: Set<string>,
): Map<string, string> {
  const vector = reader.vector(root, slot, 4);
  const known = slotCount(REF_SLOTS);
  const refs = new Map<string, string>();
  for (let i = 0; i < reader.vectorLength(vector); i++) {
    const table = reader.tableAt(vector, i);
    noteUnknownSlots(reader, table, "Ref", known, unknownFields);
    const name =
      reader.string(table, REF_SLOTS.name) ?? reader.fail(table, "reference without name");
    if (refs.has(name)) reader.fail(table, `reference "${name}" is listed twice`);
    const index = reader.uint32(table, REF_SLOTS.snapshotIndex, 0);
    const id = ids[index];
    refs.set(name, id ?? reader.fail(table, `snapshot ${index} is none of ${ids.length}`));
  }
  return refs;
}

/** The strings in `slot`. */
export function parseNames(reader: FlatBufferReader, root: number, slot: number): Set<string> {
  const vector = reader.vector(root, slot, 4);
  const names = new Set<string>();
  for (let i = 0; i < reader.vectorLength(vector); i++) names.add(reader.stringAt(vector, i));
  return names;
}
