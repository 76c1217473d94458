/** Reads checked references in bulk, where they stand in a manifest's bytes. */
import type { ManifestBuffer, StoredRefs } from "./buffer.ts";
import {
  type BulkRows,
  HAS_ETAG,
  HAS_LAST_MODIFIED,
  HAS_OFFSET,
  type RowRun,
} from "./bulk-rows.ts";
import { ROW_INLINE, ROW_NATIVE } from "./chunk-rows.ts";
import type { CheckedRows } from "./read.ts";
import { uint64At, vectorLength, vectorPosition } from "./ref-fields.ts";
import { failManifest, type RefVtable, ROW_EMPTY } from "./ref-vtables.ts";
import type { RowColumns } from "./row-columns.ts";
import { boxLiesIn, firstUnfitRow } from "./rows-within.ts";

/** Rows of a manifest, to be read in bulk. */
export function bulkRows(rows: CheckedRows): BulkRows {
  const { stored } = rows;
  const { buffer, box } = stored;
  return {
    rank: rows.rank,
    length: rows.length,
    mayHoldVirtual: buffer.vtables.hasVirtual,
    coordinate: (row, dimension) => rows.coordinate(row, dimension),
    firstUnfit: (run, within) =>
      box !== undefined && boxLiesIn(box, within) ? run.end : firstUnfitRow(rows, run, within),
    readColumns: (run, columns, at) => readRefs(stored, run, columns, at),
    buffer,
  };
}

/** Reads a run of rows to those of `columns` from `at` on. Keys of strings say where they stand. */
function readRefs(refs: StoredRefs, run: RowRun, columns: RowColumns, at: number): void {
  const { buffer, slotsAt, slots } = refs;
  const { view, vtables } = buffer;
  const { rank, codes, coordinates } = columns;
  const { order, start, end } = run;
  const bytesEnd = view.byteLength;
  let vtableAt = -1;
  let vtable: RefVtable | undefined;
  let coordinateAt = at * rank;
  for (let i = start, row = at; i < end; i++, row++) {
    const number = order === undefined ? i : (order[i] as number);
    const slot = slotsAt + 4 * (slots === undefined ? number : (slots[number] as number));
    const table = slot + view.getUint32(slot, true);
    const tablesVtable = table - view.getInt32(table, true);
    if (tablesVtable !== vtableAt || vtable === undefined) {
      vtableAt = tablesVtable;
      vtable = vtables.get(vtableAt);
    }
    const field = table + vtable.indexAt;
    const index = field + view.getUint32(field, true) + 4;
    for (let d = 0; d < rank; d++)
      coordinates[coordinateAt++] = view.getUint32(index + 4 * d, true);
    if (vtable.kind === ROW_INLINE) {
      const inline = table + vtable.inlineAt;
      const payload = inline + view.getUint32(inline, true) + 4;
      const length = payload > bytesEnd ? bytesEnd : view.getUint32(payload - 4, true);
      // These say what is wrong; asking them for each row would be two calls for it.
      if (payload + length > bytesEnd) vectorLength(buffer, vectorPosition(buffer, inline));
      codes[row] = ROW_INLINE;
      columns.lengths[row] = length;
      columns.bytesIn[row] = buffer.bytes;
      columns.bytesAt[row] = payload;
    } else codes[row] = readTarget(buffer, table, vtable, columns, row);
  }
}

/** Reads what a native or virtual reference says; answers its code. */
function readTarget(
  buffer: ManifestBuffer,
  table: number,
  vtable: RefVtable,
  columns: RowColumns,
  row: number,
): number {
  const { kind, lengthAt, offsetAt, chunkIdAt, etagAt, lastModifiedAt } = vtable;
  if (kind === ROW_EMPTY) failManifest(buffer.object, table, "a chunk reference has no payload");
  const offset = offsetAt === 0 ? 0 : uint64At(buffer, table + offsetAt);
  columns.lengths[row] = lengthAt === 0 ? 0 : uint64At(buffer, table + lengthAt);
  columns.offsets[row] = offset;
  let code = offset === 0 ? kind : kind | HAS_OFFSET;
  if (kind === ROW_NATIVE) {
    columns.bytesIn[row] = buffer.bytes;
    columns.bytesAt[row] = table + chunkIdAt;
    return code;
  }
  columns.locations[row] = locationKey(buffer, table, vtable);
  if (etagAt !== 0) {
    code |= HAS_ETAG;
    columns.etags[row] = vectorPosition(buffer, table + etagAt);
  }
  const lastModified =
    lastModifiedAt === 0 ? 0 : buffer.view.getUint32(table + lastModifiedAt, true);
  if (lastModified !== 0) {
    code |= HAS_LAST_MODIFIED;
    columns.lastModifieds[row] = lastModified;
  }
  return code;
}

/** Where the location stands, twice; 1 more if it is compressed. */
function locationKey(buffer: ManifestBuffer, table: number, vtable: RefVtable): number {
  const { locationAt, compressedLocationAt } = vtable;
  if (compressedLocationAt === 0) return 2 * vectorPosition(buffer, table + locationAt);
  return 2 * vectorPosition(buffer, table + compressedLocationAt) + 1;
}
