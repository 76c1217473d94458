/**
 * The uncommitted chunk references of one array: columns of numbers, bytes in arenas, no object
 * and no string per reference. Deletions are rows too (tombstones), and every row has the dot of
 * the write that made it. Rows are numbered in order of first write; `remove` renumbers.
 *
 * A table can be followed by another one, its successor, that shares everything with it: the
 * successor appends rows that the table does not look at, and keeps for it what it overwrites.
 *
 * What a value means (zero length, grid bounds, URL form) is checked by callers.
 */
import type { ByteDictionary } from "../../base/byte-dictionary.ts";
import { identityOrder } from "../../base/coordinates.ts";
import { assert } from "../../base/errors.ts";
import type { Extent } from "../../base/extent.ts";
import { grownCapacity } from "../../base/number-column.ts";
import { isCount } from "../../base/options.ts";
import type { BulkRows, RowRun } from "../../format/manifest/bulk-rows.ts";
import type { ChunkRef } from "../../format/manifest/chunk-ref.ts";
import {
  ROW_INLINE,
  ROW_NATIVE,
  ROW_TOMBSTONE,
  ROW_VIRTUAL,
} from "../../format/manifest/chunk-rows.ts";
import type { RowColumns } from "../../format/manifest/row-columns.ts";
import { readCoordinates, refOfRow } from "../../format/manifest/row-values.ts";
import { firstUnfitRow } from "../../format/manifest/rows-within.ts";
import { ChunkColumns } from "./chunk-columns.ts";
import { copyRow } from "./copy-row.ts";
import type { Dot } from "./dot.ts";
import { OverwrittenRows } from "./overwritten-rows.ts";
import type { CodedVirtualRef, VirtualRows } from "./virtual-rows.ts";
import type { VirtualTargets } from "./virtual-targets.ts";

const NOTHING = new Uint8Array(0);

/** Chunk references and tombstones by coordinates. Mutable. */
export class ChunkTable implements BulkRows {
  readonly rank: number;
  #columns: ChunkColumns;
  /** Whose change set may write to the table. */
  owner: object | undefined;
  /** Rows below are those of tables before this one, too. */
  #sharedEnd = 0;
  #overwritten: OverwrittenRows | undefined;
  /** What overwritten rows held, by the numbers of `#overwritten`. */
  #kept: ChunkTable | undefined;
  /** Once the table has a successor: how many rows it had then, and when that was. */
  #end: number | undefined;
  #moment = 0;
  #wasAscending = false;
  #endOrder: Uint32Array | undefined;

  constructor(rank: number) {
    this.rank = rank;
    this.#columns = new ChunkColumns(rank);
  }

  get length(): number {
    return this.#end ?? this.#columns.index.length;
  }

  /** The marks of the rows' writes, and maybe of some whose rows are gone. */
  get dots(): readonly Dot[] {
    return this.#columns.dots.all();
  }

  /** Whether rows are numbered in order of their coordinates. */
  get isAscending(): boolean {
    return this.#end === undefined ? this.#columns.index.isAscending : this.#wasAscending;
  }

  /** Whether all rows are known to come after all of `other`: then no chunk is in both. */
  isBehind(other: ChunkTable): boolean {
    return this.#columns.index.isBehind(other.#columns.index);
  }

  /** Bytes of memory held by columns, arenas and index. */
  get bytesHeld(): number {
    return this.#columns.bytesHeld;
  }

  /** The row of `coordinates`, tombstones included, or -1. */
  find(coordinates: ArrayLike<number>): number {
    const row = this.#columns.index.find(coordinates);
    return row < this.length ? row : -1;
  }

  /** Row numbers in lexicographic order of their coordinates. Do not write to it. */
  sortedOrder(): Uint32Array {
    if (this.#end === undefined) return this.#columns.index.order();
    this.#endOrder ??= this.#columns.index.orderOfFirst(this.#end);
    return this.#endOrder;
  }

  /** The coordinates of all rows in that order, `rank` numbers a row: a copy. */
  sortedCoordinates(): Uint32Array {
    return this.#columns.index.sortedCoordinates(this.sortedOrder());
  }

  coordinate(row: number, dimension: number): number {
    return this.#columns.index.at(row, dimension);
  }

  kind(row: number): number {
    const kept = this.#keptRow(row);
    return kept < 0 ? (this.#columns.kinds[row] as number) : this.#keptRows.kind(kept);
  }

  payload(row: number): Uint8Array {
    const kept = this.#keptRow(row);
    if (kept >= 0) return this.#keptRows.payload(kept);
    if (this.#columns.kinds[row] !== ROW_INLINE) return NOTHING;
    return this.#columns.payloads.view(
      this.#columns.offsets.get(row),
      this.#columns.lengths.get(row),
    );
  }

  chunkIdBytes(row: number): Uint8Array {
    const kept = this.#keptRow(row);
    if (kept >= 0) return this.#keptRows.chunkIdBytes(kept);
    return this.#columns.kinds[row] === ROW_NATIVE ? this.#columns.chunkIds.get(row) : NOTHING;
  }

  offset(row: number): number {
    const kept = this.#keptRow(row);
    if (kept >= 0) return this.#keptRows.offset(kept);
    return this.#columns.kinds[row] === ROW_INLINE ? 0 : this.#columns.offsets.get(row);
  }

  byteLength(row: number): number {
    const kept = this.#keptRow(row);
    return kept < 0 ? this.#columns.lengths.get(row) : this.#keptRows.byteLength(kept);
  }

  /** Gets ready for virtual references: who sets them brings their code along. */
  admitVirtual(create: () => VirtualTargets): VirtualTargets {
    this.#columns.targets ??= create();
    return this.#columns.targets;
  }

  get #targets(): VirtualTargets {
    const { targets } = this.#columns;
    assert(targets !== undefined, "virtual references are admitted before they are set");
    return targets;
  }

  /** Locations and etags of virtual rows: add what is set next, no more. Replaced when the table changes. */
  get strings(): ByteDictionary {
    return this.#targets.strings;
  }

  /** The number of a virtual row's location in `strings`. */
  locationCode(row: number): number {
    const kept = this.#keptRow(row);
    if (kept < 0) return this.#targets.location(row);
    return this.#targets.recode(this.#keptRows.strings, this.#keptRows.locationCode(kept));
  }

  /** 0 = no etag; else 1 plus its number in `strings`. */
  etagCode(row: number): number {
    const kept = this.#keptRow(row);
    if (kept < 0) return this.#columns.targets?.etag(row) ?? 0;
    const code = this.#keptRows.etagCode(kept);
    return code === 0 ? 0 : this.#targets.recode(this.#keptRows.strings, code - 1) + 1;
  }

  locationBytes(row: number): Uint8Array {
    if (this.kind(row) !== ROW_VIRTUAL) return NOTHING;
    return this.strings.bytes(this.locationCode(row));
  }

  location(row: number): string {
    return this.kind(row) === ROW_VIRTUAL ? this.strings.text(this.locationCode(row)) : "";
  }

  etag(row: number): string | undefined {
    const code = this.etagCode(row);
    return code === 0 ? undefined : this.strings.text(code - 1);
  }

  lastModifiedSeconds(row: number): number {
    const kept = this.#keptRow(row);
    return kept < 0
      ? (this.#columns.targets?.lastModifiedSeconds(row) ?? 0)
      : this.#keptRows.lastModifiedSeconds(kept);
  }

  ref(row: number): ChunkRef | undefined {
    return refOfRow(this, row);
  }

  get mayHoldVirtual(): boolean {
    return this.#columns.targets !== undefined;
  }

  /** The table, to be read in bulk: a copy if it has a successor, whose rows overwrite its own. */
  forBulk(): ChunkTable {
    return this.#end === undefined ? this : this.clone();
  }

  firstUnfit(run: RowRun, within: readonly Extent[]): number {
    return firstUnfitRow(this, run, within);
  }

  readColumns(run: RowRun, columns: RowColumns, at: number): void {
    this.#assertLatest();
    this.#columns.read(run, columns, at);
  }

  /** The write that made the row. Rows of equal dots share one object. */
  dot(row: number): Dot {
    const kept = this.#keptRow(row);
    return kept < 0
      ? this.#columns.dots.at(this.#columns.dotCodes.get(row))
      : this.#keptRows.dot(kept);
  }

  /** Sets an inline chunk; `bytes` are copied. */
  setInline(coordinates: ArrayLike<number>, bytes: Uint8Array, dot: Dot): void {
    const row = this.#open(coordinates, ROW_INLINE, dot);
    this.#columns.offsets.set(row, this.#columns.payloads.append(bytes));
    this.#columns.lengths.set(row, bytes.length);
  }

  /** Sets bytes [offset, offset + length) of the chunk object with that id (12 bytes, copied). */
  setNative(
    coordinates: ArrayLike<number>,
    idBytes: Uint8Array,
    offset: number,
    length: number,
    dot: Dot,
  ): void {
    const row = this.#openRange(coordinates, ROW_NATIVE, offset, length, dot);
    this.#columns.chunkIds.set(row, idBytes, this.#columns.kinds.length);
  }

  /** Sets a virtual reference whose strings have these numbers in `strings`. */
  setVirtualCoded(coordinates: ArrayLike<number>, ref: CodedVirtualRef, dot: Dot): void {
    const { location, etag, offset, length, lastModifiedSeconds } = ref;
    assert(isCount(lastModifiedSeconds), "a time is a whole number of seconds");
    const row = this.#openRange(coordinates, ROW_VIRTUAL, offset, length, dot);
    this.#targets.set(row, location, etag, lastModifiedSeconds);
  }

  /** Sets virtual references whose strings are numbered. Rows behind the last one are copied whole. */
  setVirtualRows(rows: VirtualRows, dot: Dot): void {
    this.#assertLatest();
    this.#targets.assertRows(rows);
    if (!this.#columns.appendVirtual(rows, dot)) this.#targets.setEach(this, rows, dot);
    this.limitStrings();
  }

  /** Forgets strings that no row uses, if there are many. */
  limitStrings(): void {
    this.#columns.limitStrings();
  }

  /** Marks a chunk as deleted. */
  setTombstone(coordinates: ArrayLike<number>, dot: Dot): void {
    const row = this.#open(coordinates, ROW_TOMBSTONE, dot);
    this.#columns.offsets.set(row, 0);
    this.#columns.lengths.set(row, 0);
  }

  /** Forgets `coordinates`; whether they were there. The last row takes the freed number. */
  remove(coordinates: ArrayLike<number>): boolean {
    const row = this.#columns.index.find(coordinates);
    if (row < 0) return false;
    this.#assertLatest();
    if (this.#sharedEnd > 0) this.#leaveShared();
    this.#columns.discard(row);
    this.#columns.remove(row);
    return true;
  }

  /** Writes those rows of `source` (all if left out), with their dots. */
  setRows(source: ChunkTable, rows?: ArrayLike<number>): void {
    const targets = this.#admitThoseOf(source);
    const columns = rows === undefined ? targets?.rowsOf(source) : undefined;
    if (columns === undefined) this.#copyRows(source, rows ?? source.sortedOrder());
    else this.setVirtualRows(columns, source.dot(0));
  }

  #admitThoseOf(source: ChunkTable): VirtualTargets | undefined {
    const { targets } = source.#columns;
    return targets && this.admitVirtual(() => targets.fresh());
  }

  /** A table of its own with the same rows under the same numbers. O(rows). */
  clone(): ChunkTable {
    const copy = new ChunkTable(this.rank);
    if (this.#end === undefined) copy.#columns = this.#columns.clone();
    else copy.#copyRows(this, identityOrder(this.#end));
    return copy;
  }

  /**
   * A table with the same rows under the same numbers, to be written to instead of this one, which
   * stays as it is from now on. O(1) the first time, later a `clone`.
   */
  successor(): ChunkTable {
    if (this.#end !== undefined || this.length === 0) return this.clone();
    const next = new ChunkTable(this.rank);
    this.#overwritten ??= new OverwrittenRows();
    this.#kept ??= new ChunkTable(1);
    this.#moment = this.#overwritten.share();
    this.#wasAscending = this.#columns.index.isAscending;
    next.#columns = this.#columns;
    next.#overwritten = this.#overwritten;
    next.#kept = this.#kept;
    next.#sharedEnd = this.length;
    this.#end = this.length;
    return next;
  }

  #leaveShared(): void {
    this.#columns = this.#columns.clone();
    this.#overwritten = undefined;
    this.#kept = undefined;
    this.#sharedEnd = 0;
  }

  #assertLatest(): void {
    assert(this.#end === undefined, "a table with a successor is left as it is");
  }

  /** Where what an overwritten row held is kept for this table; -1: the row still holds it. */
  #keptRow(row: number): number {
    if (this.#end === undefined) return -1;
    return (this.#overwritten as OverwrittenRows).find(row, this.#moment);
  }

  get #keptRows(): ChunkTable {
    return this.#kept as ChunkTable;
  }

  /** Keeps a row for the tables before this one, which have it too. */
  #keepRow(row: number): void {
    const overwritten = this.#overwritten as OverwrittenRows;
    if (overwritten.isLarge(this.length)) {
      this.#leaveShared();
      return;
    }
    const kept = overwritten.keep(row);
    if (kept === undefined) return;
    this.#keptRows.#admitThoseOf(this);
    this.#keptRows.#copyRow(this, row, [kept]);
  }

  #copyRows(source: ChunkTable, rows: ArrayLike<number>): void {
    this.#admitThoseOf(source);
    const coordinates = new Float64Array(this.rank);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number;
      readCoordinates(source, row, coordinates);
      this.#copyRow(source, row, coordinates);
    }
    this.limitStrings();
  }

  #copyRow(source: ChunkTable, row: number, coordinates: ArrayLike<number>): void {
    copyRow(source, row, this, coordinates, (strings, code) => this.#targets.recode(strings, code));
  }

  /** A row whose chunk is bytes [offset, offset + length) of something. */
  #openRange(
    coordinates: ArrayLike<number>,
    kind: number,
    offset: number,
    length: number,
    dot: Dot,
  ): number {
    assert(isCount(offset) && isCount(length), "offset and length are whole numbers below 2^53");
    const row = this.#open(coordinates, kind, dot);
    this.#columns.offsets.set(row, offset);
    this.#columns.lengths.set(row, length);
    return row;
  }

  /** The row to write `coordinates` to, of that kind and dot; what it held before is discarded. */
  #open(coordinates: ArrayLike<number>, kind: number, dot: Dot): number {
    this.#assertLatest();
    const lengthBefore = this.#columns.index.length;
    const row = this.#columns.index.findOrAdd(coordinates);
    if (row !== lengthBefore) {
      if (row < this.#sharedEnd) this.#keepRow(row);
      this.#columns.discard(row);
    } else {
      if (row >= this.#columns.kinds.length) this.#columns.growKinds(grownCapacity(row));
      this.#columns.targets?.set(row, 0, 0, 0);
    }
    this.#columns.kinds[row] = kind;
    this.#columns.dotCodes.set(row, this.#columns.dots.codeOf(dot));
    return row;
  }
}
