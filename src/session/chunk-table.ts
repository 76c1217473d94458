/**
 * The uncommitted chunk references of one array: columns of numbers, bytes in arenas, no object
 * and no string per reference. Deletions are rows too (tombstones), and every row has the dot of
 * the write that made it. Rows are numbered in order of first write; `remove` renumbers.
 *
 * What a value means (zero length, grid bounds, URL form) is checked by callers.
 */
import { ByteArena } from "../base/byte-arena.ts";
import { ByteDictionary } from "../base/byte-dictionary.ts";
import { assert } from "../base/errors.ts";
import { grownCapacity, NumberColumn } from "../base/number-column.ts";
import type { ChunkRef, VirtualRef } from "../format/chunk-ref.ts";
import {
  type ChunkRows,
  ROW_INLINE,
  ROW_NATIVE,
  ROW_TOMBSTONE,
  ROW_VIRTUAL,
} from "../format/chunk-rows.ts";
import type { CodedRows } from "../format/location-numbers.ts";
import { equalRows, refOfRow } from "../format/row-values.ts";
import { ChunkIdColumn } from "./chunk-id-column.ts";
import { CoordinateIndex } from "./coordinate-index.ts";
import type { Dot } from "./dot.ts";
import { DotDictionary } from "./dot-dictionary.ts";
import { fillGrid, type VirtualColumns } from "./virtual-columns.ts";

const CHUNK_ID_BYTES = 12;
const COMPACT_PAYLOAD_BYTES_MIN = 64 * 1024; // Less garbage is not worth a copy.
const COMPACT_STRINGS_MIN = 1024;
const STRINGS_PER_ROW_MAX = 2; // A location and an etag.

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
  /** Virtual: code of the location in `#strings`. */
  #locations = new NumberColumn();
  /** Virtual: code of the etag in `#strings`, plus 1; 0 = none. */
  #etags = new NumberColumn();
  #lastModifieds = new NumberColumn();
  #dotCodes = new NumberColumn();
  #dots = new DotDictionary();
  #payloads = new ByteArena();
  #payloadBytes = 0;
  #payloadGarbageBytes = 0;
  #strings = new ByteDictionary();
  #tombstoneCount = 0;

  constructor(rank: number) {
    this.rank = rank;
    this.#index = new CoordinateIndex(rank);
  }

  get length(): number {
    return this.#index.length;
  }

  /** How many rows delete a chunk. */
  get tombstoneCount(): number {
    return this.#tombstoneCount;
  }

  /** Bytes of memory held by columns, arenas and index. */
  get bytesHeld(): number {
    let bytes = this.#index.bytesHeld + this.#kinds.byteLength + this.#chunkIds.bytesHeld;
    for (const column of this.#columns()) bytes += column.bytesHeld;
    return bytes + this.#payloads.bytesHeld + this.#strings.bytesHeld;
  }

  /** The row of `coordinates`, tombstones included, or -1. */
  find(coordinates: ArrayLike<number>): number {
    return this.#index.find(coordinates);
  }

  /** Row numbers in lexicographic order of their coordinates. Do not write to it. */
  sortedOrder(): Uint32Array {
    return this.#index.order();
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

  chunkIdBytes(row: number): Uint8Array {
    return this.#kinds[row] === ROW_NATIVE ? this.#chunkIds.get(row) : NOTHING;
  }

  offset(row: number): number {
    return this.#kinds[row] === ROW_INLINE ? 0 : this.#offsets.get(row);
  }

  byteLength(row: number): number {
    return this.#lengths.get(row);
  }

  /** The number of a virtual row's location in `strings`. */
  locationCode(row: number): number {
    return this.#locations.get(row);
  }

  /** Locations and etags. Read only; replaced when the table changes. */
  get strings(): ByteDictionary {
    return this.#strings;
  }

  locationBytes(row: number): Uint8Array {
    if (this.#kinds[row] !== ROW_VIRTUAL) return NOTHING;
    return this.#strings.bytes(this.#locations.get(row));
  }

  location(row: number): string {
    return this.#strings.text(this.#locations.get(row));
  }

  etag(row: number): string | undefined {
    const code = this.#etags.get(row);
    return code === 0 ? undefined : this.#strings.text(code - 1);
  }

  lastModifiedSeconds(row: number): number {
    return this.#lastModifieds.get(row);
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
    this.#payloadBytes += bytes.length;
  }

  /** Sets bytes [offset, offset + length) of the chunk object with that id (12 bytes, copied). */
  setNative(
    coordinates: ArrayLike<number>,
    idBytes: Uint8Array,
    offset: number,
    length: number,
    dot: Dot,
  ): void {
    assert(idBytes.length === CHUNK_ID_BYTES, "a chunk id has 12 bytes");
    assertRange(offset, length);
    const row = this.#open(coordinates, ROW_NATIVE, dot);
    this.#chunkIds.set(row, idBytes, this.#kinds.length);
    this.#offsets.set(row, offset);
    this.#lengths.set(row, length);
  }

  /** Sets bytes [offset, offset + length) of an object elsewhere. */
  setVirtual(coordinates: ArrayLike<number>, ref: Omit<VirtualRef, "type">, dot: Dot): void {
    const { offset, length, etag, lastModifiedSeconds = 0 } = ref;
    assertRange(offset, length);
    assert(isCount(lastModifiedSeconds), "a time is a whole number of seconds");
    const location = this.#strings.addText(ref.location);
    const etagCode = etag === undefined ? 0 : this.#strings.addText(etag) + 1;
    this.#putVirtual(coordinates, location, offset, length, etagCode, lastModifiedSeconds, dot);
    this.#limitStrings();
  }

  /** Sets a box of virtual references from columns: row-major positions of `gridShape`. */
  setVirtualColumns(columns: VirtualColumns, dot: Dot): void {
    const { locations, offsets, lengths, etag, lastModifiedSeconds = 0 } = columns;
    assert(columns.gridShape.length === this.rank, "the grid has the rank of the table");
    assert(isCount(lastModifiedSeconds), "a time is a whole number of seconds");
    const strings = this.#strings;
    const etagCode = etag === undefined ? 0 : strings.addText(etag) + 1;
    const isCoded = "dictionary" in locations;
    const codes = isCoded ? locations.dictionary.map((text) => strings.addText(text)) : [];
    this.#reserve(this.length + offsets.length);
    fillGrid(columns, (position, coordinates) => {
      const offset = offsets[position] as number;
      const length = lengths[position] as number;
      assertRange(offset, length);
      const location = isCoded
        ? codes[locations.codes[position] as number]
        : strings.addText(locations[position] as string);
      assert(location !== undefined, "location codes lie inside their dictionary");
      this.#putVirtual(coordinates, location, offset, length, etagCode, lastModifiedSeconds, dot);
    });
    this.#limitStrings();
  }

  /** Marks a chunk as deleted. */
  setTombstone(coordinates: ArrayLike<number>, dot: Dot): void {
    const row = this.#open(coordinates, ROW_TOMBSTONE, dot);
    this.#offsets.set(row, 0);
    this.#lengths.set(row, 0);
    this.#tombstoneCount++;
  }

  /** Forgets what was written at `coordinates`; whether there was anything. The last row takes the row's number. */
  remove(coordinates: ArrayLike<number>): boolean {
    const row = this.#index.find(coordinates);
    if (row < 0) return false;
    this.#discard(row);
    const last = this.length - 1;
    this.#index.remove(row);
    if (row !== last) this.#moveRow(last, row);
    return true;
  }

  /** Writes row `row` of `source`, with its dot, over whatever is here at its coordinates. */
  setRow(source: ChunkTable, row: number): void {
    this.setRows(source, [row]);
  }

  /** Writes those rows of `source` (all, in order, if left out), with their dots. */
  setRows(source: ChunkTable, rows: ArrayLike<number> = source.sortedOrder()): void {
    const coordinates = new Float64Array(this.rank);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number;
      for (let d = 0; d < this.rank; d++) coordinates[d] = source.coordinate(row, d);
      this.#copyRow(source, row, coordinates);
    }
    this.#limitStrings();
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
    copy.#chunkIds = this.#chunkIds.clone(length);
    copy.#offsets = this.#offsets.clone(length);
    copy.#lengths = this.#lengths.clone(length);
    copy.#locations = this.#locations.clone(length);
    copy.#etags = this.#etags.clone(length);
    copy.#lastModifieds = this.#lastModifieds.clone(length);
    copy.#dotCodes = this.#dotCodes.clone(length);
    copy.#dots = this.#dots.clone();
    copy.#payloads = this.#payloads.clone();
    copy.#payloadBytes = this.#payloadBytes;
    copy.#payloadGarbageBytes = this.#payloadGarbageBytes;
    copy.#strings = this.#strings.clone();
    copy.#tombstoneCount = this.#tombstoneCount;
    return copy;
  }

  #putVirtual(
    coordinates: ArrayLike<number>,
    location: number,
    offset: number,
    length: number,
    etagCode: number,
    lastModified: number,
    dot: Dot,
  ): void {
    const row = this.#open(coordinates, ROW_VIRTUAL, dot);
    this.#offsets.set(row, offset);
    this.#lengths.set(row, length);
    this.#locations.set(row, location);
    this.#etags.set(row, etagCode);
    this.#lastModifieds.set(row, lastModified);
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
      const location = this.#strings.add(source.locationBytes(row));
      const etag = source.#etags.get(row);
      const etagCode = etag === 0 ? 0 : this.#strings.add(source.#strings.bytes(etag - 1)) + 1;
      const lastModified = source.lastModifiedSeconds(row);
      this.#putVirtual(coordinates, location, offset, length, etagCode, lastModified, dot);
    }
  }

  /** The row to write `coordinates` to, of that kind and dot; what it held before is discarded. */
  #open(coordinates: ArrayLike<number>, kind: number, dot: Dot): number {
    const lengthBefore = this.length;
    const row = this.#index.findOrAdd(coordinates);
    if (row === lengthBefore) {
      if (row >= this.#kinds.length) this.#growKinds(grownCapacity(row));
      this.#clearVirtual(row);
    } else {
      this.#discard(row);
    }
    this.#kinds[row] = kind;
    this.#dotCodes.set(row, this.#dots.codeOf(dot));
    return row;
  }

  #discard(row: number): void {
    const kind = this.#kinds[row];
    if (kind === ROW_VIRTUAL) this.#clearVirtual(row);
    else if (kind === ROW_TOMBSTONE) this.#tombstoneCount--;
    else if (kind === ROW_INLINE) {
      this.#payloadGarbageBytes += this.#lengths.get(row);
      // Marked so that compaction, which may run now, leaves the row out.
      this.#kinds[row] = ROW_NATIVE;
      const garbage = this.#payloadGarbageBytes;
      if (garbage > COMPACT_PAYLOAD_BYTES_MIN && garbage * 2 > this.#payloadBytes) {
        this.#compactPayloads();
      }
    }
  }

  #clearVirtual(row: number): void {
    this.#locations.set(row, 0);
    this.#etags.set(row, 0);
    this.#lastModifieds.set(row, 0);
  }

  #columns(): NumberColumn[] {
    const target = [this.#offsets, this.#lengths, this.#locations, this.#etags];
    return [...target, this.#lastModifieds, this.#dotCodes];
  }

  #growKinds(capacity: number): void {
    const grown = new Uint8Array(capacity);
    grown.set(this.#kinds);
    this.#kinds = grown;
  }

  #reserve(rowCount: number): void {
    this.#index.reserve(rowCount);
    if (rowCount > this.#kinds.length) this.#growKinds(rowCount);
    for (const column of this.#columns()) column.reserve(rowCount);
  }

  #moveRow(from: number, to: number): void {
    this.#kinds[to] = this.#kinds[from] as number;
    this.#chunkIds.move(from, to);
    for (const column of this.#columns()) column.set(to, column.get(from));
  }

  #compactPayloads(): void {
    const old = this.#payloads;
    this.#payloads = new ByteArena();
    for (let row = 0; row < this.length; row++) {
      if (this.#kinds[row] !== ROW_INLINE) continue;
      const view = old.view(this.#offsets.get(row), this.#lengths.get(row));
      this.#offsets.set(row, this.#payloads.append(view));
    }
    this.#payloadBytes -= this.#payloadGarbageBytes;
    this.#payloadGarbageBytes = 0;
  }

  /** Overwritten strings stay until they outnumber what the rows can use. */
  #limitStrings(): void {
    const stringsMax = this.length * STRINGS_PER_ROW_MAX * 2 + COMPACT_STRINGS_MIN;
    if (this.#strings.length <= stringsMax) return;
    const old = this.#strings;
    this.#strings = new ByteDictionary();
    for (let row = 0; row < this.length; row++) {
      if (this.#kinds[row] !== ROW_VIRTUAL) continue;
      this.#locations.set(row, this.#strings.add(old.bytes(this.#locations.get(row))));
      const etag = this.#etags.get(row);
      if (etag !== 0) this.#etags.set(row, this.#strings.add(old.bytes(etag - 1)) + 1);
    }
  }
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function assertRange(offset: number, length: number): void {
  assert(isCount(offset) && isCount(length), "offset and length are whole numbers below 2^53");
}
