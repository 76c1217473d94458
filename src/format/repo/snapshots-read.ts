/**
 * Reads the list of snapshots: all is checked in one pass that makes no objects, and what is
 * looked at becomes one later. Spec: v2 "Repo Info File" › SnapshotInfo.
 */
import type { FlatBufferReader } from "../../codec/flatbuffers/read.ts";
import { OBJECT_ID_BYTES } from "../ids.ts";
import { checkMetadataItems } from "../metadata.ts";
import { noteUnknownSlots, slotCount } from "../table-fields.ts";
import { NO_PARENT, REPO_SNAPSHOT_SLOTS, SnapshotColumns } from "./snapshot-columns.ts";
import { compareIds, SnapshotList, sortedRows } from "./snapshot-list.ts";

/** The list in `slot`; its rows are in stored order, which refs and parents refer to. */
export function parseSnapshots(
  reader: FlatBufferReader,
  root: number,
  slot: number,
  unknownFields: Set<string>,
): SnapshotList {
  const vector = reader.vector(root, slot, 4);
  const count = reader.vectorLength(vector);
  const tables = new Uint32Array(count);
  const ids = new Uint8Array(count * OBJECT_ID_BYTES);
  const parents = new Int32Array(count);
  const known = slotCount(REPO_SNAPSHOT_SLOTS);
  for (let row = 0; row < count; row++) {
    const table = reader.tableAt(vector, row);
    tables[row] = table;
    noteUnknownSlots(reader, table, "SnapshotInfo", known, unknownFields);
    const id = reader.field(table, REPO_SNAPSHOT_SLOTS.id, OBJECT_ID_BYTES);
    if (id === 0) reader.fail(table, "snapshot without id");
    for (let i = 0; i < OBJECT_ID_BYTES; i++) {
      ids[row * OBJECT_ID_BYTES + i] = reader.bytes[id + i] as number;
    }
    const parent = reader.int32(table, REPO_SNAPSHOT_SLOTS.parentOffset, 0);
    if (parent < NO_PARENT || parent >= count) {
      reader.fail(table, `parent ${parent} is none of ${count} snapshots`);
    }
    parents[row] = parent;
    reader.uint64(table, REPO_SNAPSHOT_SLOTS.flushedAt, 0);
    if (!reader.hasString(table, REPO_SNAPSHOT_SLOTS.message)) reader.fail(table, "no message");
    checkMetadataItems(reader, table, REPO_SNAPSHOT_SLOTS.metadata, unknownFields);
    reader.vector(table, REPO_SNAPSHOT_SLOTS.prunedAncestors, OBJECT_ID_BYTES);
  }
  const order = sortedRows(ids, count);
  const columns = new SnapshotColumns(ids, parents, { reader, tables });
  for (let at = 1; at < count; at++) {
    const row = order[at] as number;
    if (compareIds(ids, order[at - 1] as number, ids, row) === 0) {
      reader.fail(tables[row] as number, `snapshot ${columns.idOf(row)} is listed twice`);
    }
  }
  return new SnapshotList(columns, order);
}
