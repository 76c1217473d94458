/**
 * Chunk tables in fork bytes. Rows are sorted; coordinates are distances along the tight box of
 * the table, one byte each where chunks are neighbours; everything else is columns, per kind.
 *
 * A row takes at least one byte, whatever it says: so a few bytes can't claim a billion rows.
 */
import { TightBox, volumeOf } from "../../base/coordinates.ts";
import type { ByteWriter } from "../../codec/byte-stream.ts";
import { writeNumbers } from "../../codec/number-list.ts";
import { ROW_INLINE, ROW_NATIVE, ROW_VIRTUAL } from "../../format/manifest/chunk-rows.ts";
import type { ChunkTable } from "../changes/chunk-table.ts";
import type { Dot } from "../changes/dot.ts";

const SAFE_END = 2 ** 53;
/** Above, a row has one number per dimension, so that memory stays in proportion to the bytes. */
const BOX_RANK_MAX = 8;
/** Bytes shared with the string before; bounded, so that text stays in proportion to the bytes. */
const SHARED_PREFIX_BYTES_MAX = 255;

/** Numbers for dots, of all tables and nodes of a fork. */
export interface DotNumbers {
  numberOf(dot: Dot): number;
}

/** Writes one table, rows in order of coordinates: equal content gives equal bytes. */
export function writeTable(writer: ByteWriter, table: ChunkTable, dots: DotNumbers): void {
  const order = table.sortedOrder();
  writer.varint(table.rank);
  writer.varint(order.length);
  writeCoordinates(writer, table, order);
  const column = (rows: Uint32Array, value: (row: number) => number): void =>
    writeNumbers(writer, columnOf(rows, value));
  column(order, (row) => table.kind(row));
  column(order, (row) => dots.numberOf(table.dot(row)));
  const ofKind = (kind: number): Uint32Array => order.filter((row) => table.kind(row) === kind);
  const inline = ofKind(ROW_INLINE);
  column(inline, (row) => table.byteLength(row));
  for (const row of inline) writer.raw(table.payload(row));
  const native = ofKind(ROW_NATIVE);
  column(native, (row) => table.offset(row));
  column(native, (row) => table.byteLength(row));
  for (const row of native) writer.raw(table.chunkIdBytes(row));
  const virtual = ofKind(ROW_VIRTUAL);
  column(virtual, (row) => table.offset(row));
  column(virtual, (row) => table.byteLength(row));
  column(virtual, (row) => table.lastModifiedSeconds(row));
  writeStrings(writer, table, virtual, (row) => table.locationCode(row) + 1);
  writeStrings(writer, table, virtual, (row) => table.etagCode(row));
}

function columnOf(rows: Uint32Array, value: (row: number) => number): Float64Array {
  const values = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) values[i] = value(rows[i] as number);
  return values;
}

/** Distinct strings in order of first use, each after the prefix it shares with the one before; then a number per row, 0 = none. */
function writeStrings(
  writer: ByteWriter,
  table: ChunkTable,
  rows: Uint32Array,
  codeOf: (row: number) => number,
): void {
  const column = columnOf(rows, codeOf); // First: what overwritten rows held may get new codes.
  const numbers = new Uint32Array(rows.length === 0 ? 0 : table.strings.length + 1);
  const codes: number[] = [];
  for (let at = 0; at < column.length; at++) {
    const code = column[at] as number;
    if (code !== 0 && numbers[code] === 0) numbers[code] = codes.push(code);
    column[at] = numbers[code] as number;
  }
  writer.varint(codes.length);
  let previous = new Uint8Array(0);
  for (const code of codes) {
    const bytes = table.strings.bytes(code - 1);
    const sharedMax = Math.min(previous.length, bytes.length, SHARED_PREFIX_BYTES_MAX);
    let shared = 0;
    while (shared < sharedMax && previous[shared] === bytes[shared]) shared++;
    writer.byte(shared);
    writer.bytes(bytes.subarray(shared));
    previous = bytes as Uint8Array<ArrayBuffer>;
  }
  writeNumbers(writer, column);
}

/** The tight box of all rows; then per row how many positions of the box were skipped. */
function writeCoordinates(writer: ByteWriter, table: ChunkTable, order: Uint32Array): void {
  const { rank } = table;
  const box = new TightBox(rank);
  for (const row of order) {
    for (let d = 0; d < rank; d++) box.cover(d, table.coordinate(row, d));
  }
  const { starts } = box;
  const lengths = box.lengths();
  for (let d = 0; d < rank; d++) {
    writer.varint(starts[d] as number);
    writer.varint(lengths[d] as number);
  }
  const isBox = hasPositions(lengths);
  let previous = -1;
  for (const row of order) {
    let position = 0;
    for (let d = 0; d < rank; d++) {
      const distance = table.coordinate(row, d) - (starts[d] as number);
      if (isBox) position = position * (lengths[d] as number) + distance;
      else writer.varint(distance);
    }
    if (isBox) writer.varint(position - previous - 1);
    previous = position;
  }
}

/** Whether every position in a box has a number that is a safe integer. */
export function hasPositions(lengths: readonly number[]): boolean {
  return lengths.length <= BOX_RANK_MAX && volumeOf(lengths) < SAFE_END;
}
