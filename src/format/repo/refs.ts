/**
 * Branches, tags and deleted tags inside the `repo` object, where snapshots are positions in a
 * sorted list. Spec: v2 "Repo Info File" › Ref.
 */
import type { FlatBufferReader } from "../../codec/flatbuffers/read.ts";
import { noteUnknownSlots, slotCount } from "../table-fields.ts";
import type { SnapshotColumns } from "./snapshot-columns.ts";

/** Slots of a reference's table. */
const REF_SLOTS = { name: 0, snapshotIndex: 1 } as const;

/** The refs in `slot`, by name; their positions are rows of `snapshots`. */
export function parseRefs(
  reader: FlatBufferReader,
  root: number,
  slot: number,
  snapshots: SnapshotColumns,
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
    const { length } = snapshots;
    if (index >= length) reader.fail(table, `snapshot ${index} is none of ${length}`);
    refs.set(name, snapshots.idOf(index));
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
