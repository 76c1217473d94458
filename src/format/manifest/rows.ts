/**
 * The chunk references of one array, read where they stand in the manifest's bytes. One pass checks
 * that every table and index lies inside the buffer, and whether they are sorted; strings and
 * payloads are checked when they are read. That pass is put off until all rows are asked for or many
 * are looked up: the first few are looked for where they would stand in a full box, and checked one
 * by one. While parts of the bytes are still to be made, references are trusted to be sorted and of
 * one rank, as icefloe writes such files.
 * Damage is refused (`deserialization`), naming object and offset. Spec: v2 "Chunk Manifest Files".
 */
import { decodeIfUtf8 } from "../../base/bytes.ts";
import { positionInBox, type TightBox } from "../../base/coordinates.ts";
import type { ManifestBuffer, RefPosition, StoredRefs } from "./buffer.ts";
import type { ChunkRef } from "./chunk-ref.ts";
import { type ChunkRows, ROW_INLINE, ROW_NATIVE, ROW_VIRTUAL } from "./chunk-rows.ts";
import { decodedLocation, uint64At, vectorAt, vectorPosition } from "./ref-fields.ts";
import { locateRef } from "./ref-locate.ts";
import { scanRefs, sortedSlots } from "./ref-scan.ts";
import { failManifest, type RefVtable, ROW_EMPTY } from "./ref-vtables.ts";
import { coordinatesOf, refOfRow } from "./row-values.ts";

const CHUNK_ID_BYTES = 12;

/** Lookups before all references are checked: each takes as long as checking ten. */
const UNCHECKED_LOOKUPS_MAX = 1000;

const NOTHING = new Uint8Array(0);
const NO_COORDINATES = new Uint32Array(0);

/** References in order of coordinates, whatever their order in the file. */
export class RefVectorRows implements ChunkRows {
  readonly rank: number;
  readonly length: number;
  readonly #buffer: ManifestBuffer;
  readonly #view: DataView;
  /** Position of the vector's first slot, and how many there are. */
  readonly #slotsAt: number;
  readonly #count: number;
  /** Slot numbers by row; `undefined`: row = slot. */
  readonly #order: Uint32Array | undefined;
  #isChecked: boolean;
  /** In order, if they are not so in the file. */
  #sorted: RefVectorRows | undefined;
  /** They fill the box between the first and the last one. */
  #isBox = false;
  #box: TightBox | undefined;
  #lookups = 0;
  #row = -1;
  #table = 0;
  #vtableAt = -1;
  #vtable: RefVtable;
  #indexAt = 0;
  #lastFound = -1;
  #boxFirst: Uint32Array | undefined;
  #boxLast = NO_COORDINATES;

  /**
   * Of the `count` >= 1 references whose slots start at `slotsAt`, those of `rank` coordinates (of
   * as many as most have); with `order`, those slots.
   */
  constructor(
    buffer: ManifestBuffer,
    slotsAt: number,
    count: number,
    rank?: number,
    order?: Uint32Array,
  ) {
    this.#buffer = buffer;
    this.#view = buffer.view;
    this.#slotsAt = slotsAt;
    this.#count = count;
    this.#order = order;
    this.#isChecked = order !== undefined;
    const first = locateRef(buffer, slotsAt);
    this.#vtable = first.vtable;
    this.rank =
      rank ?? (this.#isTrusted ? first.rank : scanRefs(buffer, slotsAt, count).commonRank);
    this.length = order?.length ?? count;
    if (this.#isChecked) return;
    if (this.#isTrusted) this.length = first.rank === this.rank ? count : 0;
    else if (this.#rankAt(0) !== this.rank || this.#rankAt(count - 1) !== this.rank) this.#check();
  }

  get #isTrusted(): boolean {
    return this.#buffer.partial !== undefined;
  }

  #rankAt(slot: number): number {
    return locateRef(this.#buffer, this.#slotsAt + 4 * slot).rank;
  }

  /** All rows in order, made and checked. */
  allInOrder(): RefVectorRows {
    this.#check();
    return this.#sorted ?? this;
  }

  #check(): void {
    if (this.#isChecked) return;
    this.#buffer.partial?.ensureAll();
    const scan = scanRefs(this.#buffer, this.#slotsAt, this.#count);
    const isInOrder = scan.isSorted && scan.firstRank === this.rank;
    if (this.#isTrusted && !scan.isSorted) this.#fail(this.#slotsAt, "references are not sorted");
    if (!isInOrder && !this.#isTrusted) {
      const order = sortedSlots(this.#buffer, this.#slotsAt, this.#count, this.rank);
      this.#sorted = new RefVectorRows(this.#buffer, this.#slotsAt, this.#count, this.rank, order);
    }
    this.#isBox = scan.isBox && isInOrder;
    if (isInOrder) this.#box = scan.box;
    this.#isChecked = true;
  }

  /** The row of `coordinates`, or -1. */
  find(coordinates: ArrayLike<number>): number {
    if (coordinates.length !== this.rank || this.length === 0) return -1;
    if (!this.#isChecked && this.#isCheckDue()) this.#check();
    if (this.#sorted !== undefined) return this.#findInOrder(this.#sorted, coordinates);
    if (this.#isBox) {
      const row = this.#positionInBox(coordinates);
      return row < this.length ? row : -1;
    }
    const next = this.#lastFound + 1;
    // Readers of a region ask for one row after the other.
    if (this.#isAt(next, coordinates)) return next;
    const guess = this.#positionInBox(coordinates);
    if (this.#isAt(guess, coordinates)) return guess;
    if (this.#isChecked || this.#isTrusted) return this.#search(coordinates);
    this.#check();
    return this.find(coordinates);
  }

  #isCheckDue(): boolean {
    const { partial } = this.#buffer;
    return partial === undefined ? ++this.#lookups > UNCHECKED_LOOKUPS_MAX : partial.isWhole;
  }

  /** Rows are slots here, and stay so. */
  #findInOrder(sorted: RefVectorRows, coordinates: ArrayLike<number>): number {
    const row = sorted.find(coordinates);
    return row < 0 ? -1 : (sorted.#order?.[row] as number);
  }

  #isAt(row: number, coordinates: ArrayLike<number>): boolean {
    if (row >= this.length) return false;
    // Not every reference need have so many coordinates.
    if (!this.#isChecked && !this.#isTrusted && this.#rankAt(row) !== this.rank) return false;
    if (this.#compare(row, coordinates) !== 0) return false;
    this.#lastFound = row;
    return true;
  }

  #search(coordinates: ArrayLike<number>): number {
    let low = 0;
    let high = this.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const sign = this.#compare(middle, coordinates);
      if (sign === 0) {
        this.#lastFound = middle;
        return middle;
      }
      if (sign < 0) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  coordinate(row: number, dimension: number): number {
    if (row !== this.#row) this.#seek(row);
    return this.#view.getUint32(this.#indexAt + 4 * dimension, true);
  }

  kind(row: number): number {
    if (row !== this.#row) this.#seek(row);
    const { kind } = this.#vtable;
    if (kind === ROW_EMPTY) this.#fail(this.#table, "a chunk reference has no payload");
    return kind;
  }

  payload(row: number): Uint8Array {
    return this.kind(row) === ROW_INLINE ? this.#vector(this.#vtable.inlineAt) : NOTHING;
  }

  chunkIdBytes(row: number): Uint8Array {
    if (this.kind(row) !== ROW_NATIVE) return NOTHING;
    const at = this.#table + this.#vtable.chunkIdAt;
    return this.#buffer.bytes.subarray(at, at + CHUNK_ID_BYTES);
  }

  offset(row: number): number {
    if (this.kind(row) === ROW_INLINE) return 0;
    return this.#uint64(this.#vtable.offsetAt);
  }

  byteLength(row: number): number {
    if (this.kind(row) === ROW_INLINE) return this.#vector(this.#vtable.inlineAt).length;
    return this.#uint64(this.#vtable.lengthAt);
  }

  locationBytes(row: number): Uint8Array {
    if (this.kind(row) !== ROW_VIRTUAL) return NOTHING;
    const { compressedLocationAt, locationAt } = this.#vtable;
    if (compressedLocationAt === 0) return this.#vector(locationAt);
    return decodedLocation(this.#buffer, this.#vector(compressedLocationAt), this.#table);
  }

  location(row: number): string {
    return this.#text(this.locationBytes(row));
  }

  etag(row: number): string | undefined {
    if (this.kind(row) !== ROW_VIRTUAL || this.#vtable.etagAt === 0) return undefined;
    return this.#text(this.#vector(this.#vtable.etagAt));
  }

  lastModifiedSeconds(row: number): number {
    if (this.kind(row) !== ROW_VIRTUAL || this.#vtable.lastModifiedAt === 0) return 0;
    return this.#view.getUint32(this.#table + this.#vtable.lastModifiedAt, true);
  }

  ref(row: number): ChunkRef | undefined {
    return refOfRow(this, row);
  }

  /** For reading in bulk, once `allInOrder` has answered these rows. */
  get stored(): StoredRefs {
    return { buffer: this.#buffer, slotsAt: this.#slotsAt, slots: this.#order, box: this.#box };
  }

  /** Where `coordinates` are if the references fill the box between the first and the last one. */
  #positionInBox(coordinates: ArrayLike<number>): number {
    if (this.#boxFirst === undefined) {
      this.#boxLast = Uint32Array.from(coordinatesOf(this, this.length - 1));
      this.#boxFirst = Uint32Array.from(coordinatesOf(this, 0)); // Known once both are.
    }
    return positionInBox(this.#boxFirst, this.#boxLast, 0, coordinates, this.rank);
  }

  /** Makes `row` the one whose fields are read. The scan has checked what is followed here. */
  #seek(row: number): void {
    if (!this.#isChecked) {
      this.#take(row, locateRef(this.#buffer, this.#slotsAt + 4 * row));
      return;
    }
    const view = this.#view;
    const slot =
      this.#slotsAt + 4 * (this.#order === undefined ? row : (this.#order[row] as number));
    const table = slot + view.getUint32(slot, true);
    const vtableAt = table - view.getInt32(table, true);
    if (vtableAt !== this.#vtableAt) {
      this.#vtable = this.#buffer.vtables.get(vtableAt);
      this.#vtableAt = vtableAt;
    }
    const field = table + this.#vtable.indexAt;
    this.#indexAt = field + view.getUint32(field, true) + 4;
    this.#table = table;
    this.#row = row;
  }

  /** As `#seek`, before the scan. */
  #take(row: number, { table, vtable, index, rank }: RefPosition): void {
    if (rank !== this.rank)
      this.#fail(index, `a reference has ${rank} coordinates, the first one ${this.rank}`);
    this.#vtable = vtable;
    this.#vtableAt = -1;
    this.#indexAt = index + 4;
    this.#table = table;
    this.#row = row;
  }

  /** Sign of the row's coordinates against `coordinates`. */
  #compare(row: number, coordinates: ArrayLike<number>): number {
    this.#seek(row);
    const view = this.#view;
    for (let d = 0, at = this.#indexAt; d < this.rank; d++, at += 4) {
      const a = view.getUint32(at, true);
      const b = coordinates[d] as number;
      if (a !== b) return a < b ? -1 : 1;
    }
    return 0;
  }

  /** The byte vector that a present field of the current table points to: a view. */
  #vector(fieldAt: number): Uint8Array {
    return vectorAt(this.#buffer, vectorPosition(this.#buffer, this.#table + fieldAt));
  }

  #uint64(fieldAt: number): number {
    return fieldAt === 0 ? 0 : uint64At(this.#buffer, this.#table + fieldAt);
  }

  #text(bytes: Uint8Array): string {
    return decodeIfUtf8(bytes) ?? this.#fail(this.#table, "string is not UTF-8");
  }

  #fail(offset: number, what: string): never {
    failManifest(this.#buffer.object, offset, what);
  }
}
