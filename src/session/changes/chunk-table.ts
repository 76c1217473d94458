/**
 * The uncommitted chunk references of one array: columns of numbers, bytes in arenas, no object
 * and no string per reference. Deletions are rows too (tombstones), and every row has the dot of
 * the write that made it. Rows are numbered in order of first write; `remove` renumbers.
 *
 * What a value means (zero length, grid bounds, URL form) is checked by callers.
 */
import type { ByteDictionary } from "../../base/byte-dictionary.ts";
import { assert } from "../../base/errors.ts";
import { grownCapacity, NumberColumn } from "../../base/number-column.ts";
import { isCount } from "../../base/options.ts";
import type { ChunkRef, VirtualRef } from "../../format/manifest/chunk-ref.ts";
import {
  type ChunkRows,
  ROW_INLINE,
  ROW_NATIVE,
  ROW_TOMBSTONE,
  ROW_VIRTUAL,
} from "../../format/manifest/chunk-rows.ts";
import type { CodedRows } from "../../format/manifest/location-numbers.ts";
import { equalRows, readCoordinates, refOfRow } from "../../format/manifest/row-values.ts";
import { ChunkIdColumn } from "./chunk-id-column.ts";
import { CoordinateIndex } from "./coordinate-index.ts";
import type { Dot } from "./dot.ts";
import { DotDictionary } from "./dot-dictionary.ts";
import { InlinePayloads } from "./inline-payloads.ts";
import {
  assertRange,
  assertRanges,
  type CodedVirtualRef,
  type VirtualRows,
  virtualRowsOf,
} from "./virtual-rows.ts";
import { VirtualTargets } from "./virtual-targets.ts";

const NOTHING = new Uint8Array(0);

/** Chunk references and tombstones by coordinates. Mutable. */
export class ChunkTable implements CodedRows {
  readonly rank: number;
  #index: CoordinateIndex;
  #kinds = new Uint8Array(0);
  /** Inline: position in `#payloads`. Native and virtual: byte offset in the target. */
  #offsets = new NumberColumn();
  #lengths = new NumberColumn();
  #chunkIds = new ChunkIdColumn();
  #targets = new VirtualTargets();
  #payloads = new InlinePayloads();
  #dotCodes = new NumberColumn();
  #dots = new DotDictionary();

  constructor(rank: number) {
    this.rank = rank;
    this.#index = new CoordinateIndex(rank);
  }

  get length(): number {
    return this.#index.length;
  }

  /** The marks of the rows' writes, and maybe of some whose rows are gone. */
  get dots(): readonly Dot[] {
    return this.#dots.all();
  }

  /** Whether rows are numbered in order of their coordinates. */
  get isAscending(): boolean {
    return this.#index.isAscending;
  }

  /** Whether all rows are known to come after all of `other`: then no chunk is in both. */
  isBehind(other: ChunkTable): boolean {
    return this.#index.isBehind(other.#index);
  }

  /** Bytes of memory held by columns, arenas and index. */
  get bytesHeld(): number {
    const columns = this.#offsets.bytesHeld + this.#lengths.bytesHeld + this.#dotCodes.bytesHeld;
    const payloads = this.#chunkIds.bytesHeld + this.#targets.bytesHeld + this.#payloads.bytesHeld;
    return this.#index.bytesHeld + this.#kinds.byteLength + columns + payloads;
  }

  /** The row of `coordinates`, tombstones included, or -1. */
  find(coordinates: ArrayLike<number>): number {
    return this.#index.find(coordinates);
  }

  /** Row numbers in lexicographic order of their coordinates. Do not write to it. */
  sortedOrder(): Uint32Array {
    return this.#index.order();
  }

  /** The coordinates of all rows in that order, `rank` numbers a row: a copy. */
  sortedCoordinates(): Uint32Array {
    return this.#index.sortedCoordinates();
  }

  coordinate(row: number, dimension: number): number {
    return this.#index.at(row, dimension);
  }

  kind(row: number): number {
    return this.#kinds[row] as number;
  }

  payload(row: number): Uint8Array {
    if (this.#kinds[row] !== ROW_INLINE) return NOTHING;
    return this.#payloads.view(this.#offsets.get(row), this.#lengths.get(row));
  }

  copyPayload(row: number, target: Uint8Array, at: number): void {
    this.#payloads.copyTo(this.#offsets.get(row), this.#lengths.get(row), target, at);
  }

  chunkIdBytes(row: number): Uint8Array {
    return this.#kinds[row] === ROW_NATIVE ? this.#chunkIds.get(row) : NOTHING;
  }

  offset(row: number): number {
    return this.#kinds[row] === ROW_INLINE ? 0 : this.#offsets.get(row);
  }

  byteLength(row: number): number {
    return this.#lengths.get(row);
  }

  /** Locations and etags: add what is set next, no more. Replaced when the table changes. */
  get strings(): ByteDictionary {
    return this.#targets.strings;
  }

  /** The number of a virtual row's location in `strings`. */
  locationCode(row: number): number {
    return this.#targets.location(row);
  }

  /** 0 = no etag; else 1 plus its number in `strings`. */
  etagCode(row: number): number {
    return this.#targets.etag(row);
  }

  locationBytes(row: number): Uint8Array {
    if (this.#kinds[row] !== ROW_VIRTUAL) return NOTHING;
    return this.strings.bytes(this.#targets.location(row));
  }

  location(row: number): string {
    return this.#kinds[row] === ROW_VIRTUAL ? this.strings.text(this.#targets.location(row)) : "";
  }

  etag(row: number): string | undefined {
    const code = this.#targets.etag(row);
    return code === 0 ? undefined : this.strings.text(code - 1);
  }

  lastModifiedSeconds(row: number): number {
    return this.#targets.lastModifiedSeconds(row);
  }

  ref(row: number): ChunkRef | undefined {
    return refOfRow(this, row);
  }

  /** The write that made the row. Rows of equal dots share one object. */
  dot(row: number): Dot {
    return this.#dots.at(this.#dotCodes.get(row));
  }

  /** Sets an inline chunk; `bytes` are copied. */
  setInline(coordinates: ArrayLike<number>, bytes: Uint8Array, dot: Dot): void {
    const row = this.#open(coordinates, ROW_INLINE, dot);
    this.#offsets.set(row, this.#payloads.append(bytes));
    this.#lengths.set(row, bytes.length);
  }

  /** Sets bytes [offset, offset + length) of the chunk object with that id (12 bytes, copied). */
  setNative(
    coordinates: ArrayLike<number>,
    idBytes: Uint8Array,
    offset: number,
    length: number,
    dot: Dot,
  ): void {
    assertRange(offset, length);
    const row = this.#open(coordinates, ROW_NATIVE, dot);
    this.#chunkIds.set(row, idBytes, this.#kinds.length);
    this.#offsets.set(row, offset);
    this.#lengths.set(row, length);
  }

  /** Sets bytes [offset, offset + length) of an object elsewhere. */
  setVirtual(coordinates: ArrayLike<number>, ref: Omit<VirtualRef, "type">, dot: Dot): void {
    const { offset, length, etag, lastModifiedSeconds = 0 } = ref;
    const location = this.strings.addText(ref.location);
    const etagCode = etag === undefined ? 0 : this.strings.addText(etag) + 1;
    this.#putVirtual(coordinates, location, etagCode, offset, length, lastModifiedSeconds, dot);
    this.#limitStrings();
  }

  /** The number of a location or etag for `setVirtualCoded`; valid until another kind of write. */
  addString(utf8: Uint8Array): number {
    return this.strings.add(utf8);
  }

  /** `setVirtual` with strings that `addString` has numbered. */
  setVirtualCoded(coordinates: ArrayLike<number>, ref: CodedVirtualRef, dot: Dot): void {
    const { location, etag, offset, length, lastModifiedSeconds } = ref;
    this.#putVirtual(coordinates, location, etag, offset, length, lastModifiedSeconds, dot);
  }

  /** Sets virtual references whose strings are numbered. Rows behind the last one are copied whole. */
  setVirtualRows(rows: VirtualRows, dot: Dot): void {
    assertRanges(rows);
    const { count, coordinates, locations, etags, offsets, lengths, lastModifieds } = rows;
    const { rank, length: start } = this;
    if (this.#index.appendAscending(coordinates, count)) {
      const end = start + count;
      if (end > this.#kinds.length) this.#growKinds(Math.max(end, grownCapacity(start)));
      this.#kinds.fill(ROW_VIRTUAL, start, end);
      this.#offsets.setRange(start, offsets, count);
      this.#lengths.setRange(start, lengths, count);
      this.#targets.setRange(start, locations, etags, lastModifieds, count);
      this.#dotCodes.fill(start, end, this.#dots.codeOf(dot));
    } else {
      for (let i = 0; i < count; i++) {
        this.#putVirtual(
          coordinates.subarray(i * rank, (i + 1) * rank),
          locations[i] as number,
          etags?.[i] ?? 0,
          offsets[i] as number,
          lengths[i] as number,
          lastModifieds?.[i] ?? 0,
          dot,
        );
      }
    }
    this.#limitStrings();
  }

  /** Marks a chunk as deleted. */
  setTombstone(coordinates: ArrayLike<number>, dot: Dot): void {
    const row = this.#open(coordinates, ROW_TOMBSTONE, dot);
    this.#offsets.set(row, 0);
    this.#lengths.set(row, 0);
  }

  /** Forgets `coordinates`; whether they were there. The last row takes the freed number. */
  remove(coordinates: ArrayLike<number>): boolean {
    const row = this.#index.find(coordinates);
    if (row < 0) return false;
    this.#discard(row);
    const last = this.length - 1;
    this.#index.remove(row);
    if (row !== last) this.#moveRow(last, row);
    return true;
  }

  /** Writes those rows of `source` (all if left out), with their dots. */
  setRows(source: ChunkTable, rows?: ArrayLike<number>): void {
    const recode = (code: number): number => this.#targets.recode(source.strings, code);
    const columns = rows === undefined ? virtualRowsOf(source, recode) : undefined;
    if (columns === undefined) this.#copyRows(source, rows ?? source.sortedOrder());
    else this.setVirtualRows(columns, source.dot(0));
  }

  /** Whether both rows say the same about a chunk. Coordinates and dots are not compared. */
  equalRows(row: number, other: ChunkRows, otherRow: number): boolean {
    return equalRows(this, row, other, otherRow);
  }

  /** A table of its own with the same rows under the same numbers. */
  clone(): ChunkTable {
    const copy = new ChunkTable(this.rank);
    const { length } = this;
    copy.#index = this.#index.clone();
    copy.#kinds = this.#kinds.slice(0, length);
    copy.#offsets = this.#offsets.clone(length);
    copy.#lengths = this.#lengths.clone(length);
    copy.#chunkIds = this.#chunkIds.clone(length);
    copy.#targets = this.#targets.clone(length);
    copy.#payloads = this.#payloads.clone();
    copy.#dotCodes = this.#dotCodes.clone(length);
    copy.#dots = this.#dots.clone();
    return copy;
  }

  #putVirtual(
    coordinates: ArrayLike<number>,
    location: number,
    etag: number,
    offset: number,
    length: number,
    lastModifiedSeconds: number,
    dot: Dot,
  ): void {
    assertRange(offset, length);
    assert(isCount(lastModifiedSeconds), "a time is a whole number of seconds");
    const row = this.#open(coordinates, ROW_VIRTUAL, dot);
    this.#offsets.set(row, offset);
    this.#lengths.set(row, length);
    this.#targets.set(row, location, etag, lastModifiedSeconds);
  }

  #copyRows(source: ChunkTable, rows: ArrayLike<number>): void {
    const coordinates = new Float64Array(this.rank);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number;
      readCoordinates(source, row, coordinates);
      this.#copyRow(source, row, coordinates);
    }
    this.#limitStrings();
  }

  #copyRow(source: ChunkTable, row: number, coordinates: ArrayLike<number>): void {
    const dot = source.dot(row);
    const kind = source.kind(row);
    const offset = source.offset(row);
    const length = source.byteLength(row);
    if (kind === ROW_TOMBSTONE) this.setTombstone(coordinates, dot);
    else if (kind === ROW_INLINE) this.setInline(coordinates, source.payload(row), dot);
    else if (kind === ROW_NATIVE) {
      this.setNative(coordinates, source.chunkIdBytes(row), offset, length, dot);
    } else {
      const location = this.#targets.recode(source.strings, source.locationCode(row));
      const etag = source.etagCode(row);
      const etagCode = etag === 0 ? 0 : this.#targets.recode(source.strings, etag - 1) + 1;
      const lastModified = source.lastModifiedSeconds(row);
      this.#putVirtual(coordinates, location, etagCode, offset, length, lastModified, dot);
    }
  }

  /** The row to write `coordinates` to, of that kind and dot; what it held before is discarded. */
  #open(coordinates: ArrayLike<number>, kind: number, dot: Dot): number {
    const lengthBefore = this.length;
    const row = this.#index.findOrAdd(coordinates);
    if (row !== lengthBefore) this.#discard(row);
    else {
      if (row >= this.#kinds.length) this.#growKinds(grownCapacity(row));
      this.#targets.set(row, 0, 0, 0);
    }
    this.#kinds[row] = kind;
    this.#dotCodes.set(row, this.#dots.codeOf(dot));
    return row;
  }

  #discard(row: number): void {
    const kind = this.#kinds[row];
    if (kind === ROW_VIRTUAL) this.#targets.set(row, 0, 0, 0);
    else if (kind === ROW_INLINE) {
      this.#payloads.discard(this.#lengths.get(row));
      // Compaction, which may run now, must leave the row out.
      this.#kinds[row] = ROW_TOMBSTONE;
      if (this.#payloads.isWasteful) this.#compactPayloads();
    }
  }

  #compactPayloads(): void {
    const viewOld = this.#payloads.compact();
    for (let row = 0; row < this.length; row++) {
      if (this.#kinds[row] !== ROW_INLINE) continue;
      const payload = viewOld(this.#offsets.get(row), this.#lengths.get(row));
      this.#offsets.set(row, this.#payloads.append(payload));
    }
  }

  #limitStrings(): void {
    this.#targets.limitStrings(this.length, (row) => this.#kinds[row] === ROW_VIRTUAL);
  }

  #growKinds(capacity: number): void {
    const grown = new Uint8Array(capacity);
    grown.set(this.#kinds);
    this.#kinds = grown;
  }

  #moveRow(from: number, to: number): void {
    this.#kinds[to] = this.#kinds[from] as number;
    this.#chunkIds.move(from, to);
    for (const column of [this.#offsets, this.#lengths, this.#dotCodes]) {
      column.set(to, column.get(from));
    }
    const targets = this.#targets;
    targets.set(to, targets.location(from), targets.etag(from), targets.lastModifiedSeconds(from));
  }
}
