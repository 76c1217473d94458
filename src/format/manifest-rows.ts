/**
 * The chunk references of one array, read where they stand in the manifest's bytes. One pass when
 * an array is opened checks that every table and index lies inside the buffer, and whether they
 * are sorted; strings and payloads are checked when they are read. Damage throws
 * `deserialization`, naming object and offset. Spec: v2 "Chunk Manifest Files" › ChunkRef.
 */
import { decodeUtf8 } from "../base/bytes.ts";
import { isIcefloeError } from "../base/errors.ts";
import type { ChunkRef } from "./chunk-ref.ts";
import { type ChunkRows, ROW_INLINE, ROW_NATIVE, ROW_VIRTUAL } from "./chunk-rows.ts";
import { orderByCoordinates } from "./coordinate-order.ts";
import type { LocationDecoder } from "./location-decoder.ts";
import { failManifest, type RefShape, type RefShapes, ROW_EMPTY } from "./ref-shapes.ts";
import { refOfRow } from "./row-values.ts";

const CHUNK_ID_BYTES = 12;
const UINT32_END = 2 ** 32;
const SAFE_HIGH_END = 2 ** 21; // High words of integers up to 2^53 - 1.

const NOTHING = new Uint8Array(0);

/** What the references of all arrays of a manifest share. */
export interface ManifestBuffer {
  readonly object: string;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly shapes: RefShapes;
  /** `undefined`: the manifest has no dictionary, or an algorithm that is not known. */
  readonly decodeLocation: LocationDecoder | undefined;
}

/** References in order of coordinates, whatever their order in the file. */
export class RefVectorRows implements ChunkRows {
  readonly rank: number;
  readonly length: number;
  readonly #buffer: ManifestBuffer;
  readonly #view: DataView;
  /** Position of the vector's first slot. */
  readonly #slotsAt: number;
  /** Slot numbers by row; `undefined`: row = slot. */
  readonly #order: Uint32Array | undefined;
  #row = -1;
  #table = 0;
  #vtable = -1;
  #shape: RefShape;
  #indexAt = 0;
  #lastFound = -1;
  #boxStart: readonly number[] | undefined;
  #boxEnd: readonly number[] = [];

  /** Of the `count` >= 1 references whose slots start at `slotsAt`, those of `rank` coordinates. */
  constructor(buffer: ManifestBuffer, slotsAt: number, count: number, rank: number | undefined) {
    this.#buffer = buffer;
    this.#view = buffer.view;
    this.#slotsAt = slotsAt;
    const scan = scanRefs(buffer, slotsAt, count);
    this.rank = rank ?? scan.commonRank;
    this.#order =
      scan.isSorted && scan.firstRank === this.rank
        ? undefined
        : sortedSlots(buffer, slotsAt, count, this.rank);
    this.length = this.#order?.length ?? count;
    this.#shape = scan.shape;
  }

  /** The row of `coordinates`, or -1. */
  find(coordinates: ArrayLike<number>): number {
    if (coordinates.length !== this.rank || this.length === 0) return -1;
    const next = this.#lastFound + 1;
    // Readers of a region ask for one row after the other.
    if (next < this.length && this.#compare(next, coordinates) === 0) {
      this.#lastFound = next;
      return next;
    }
    const guess = this.#positionInBox(coordinates);
    if (guess < this.length && this.#compare(guess, coordinates) === 0) {
      this.#lastFound = guess;
      return guess;
    }
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
    const { kind } = this.#shape;
    if (kind === ROW_EMPTY) this.#fail(this.#table, "a chunk reference has no payload");
    return kind;
  }

  payload(row: number): Uint8Array {
    if (this.kind(row) !== ROW_INLINE) return NOTHING;
    return this.#vector(this.#shape.inlineAt);
  }

  chunkIdBytes(row: number): Uint8Array {
    if (this.kind(row) !== ROW_NATIVE) return NOTHING;
    const at = this.#table + this.#shape.chunkIdAt;
    return this.#buffer.bytes.subarray(at, at + CHUNK_ID_BYTES);
  }

  offset(row: number): number {
    if (this.kind(row) === ROW_INLINE) return 0;
    return this.#uint64(this.#shape.offsetAt);
  }

  byteLength(row: number): number {
    if (this.kind(row) === ROW_INLINE) return this.#vector(this.#shape.inlineAt).length;
    return this.#uint64(this.#shape.lengthAt);
  }

  locationBytes(row: number): Uint8Array {
    if (this.kind(row) !== ROW_VIRTUAL) return NOTHING;
    const { compressedLocationAt, locationAt } = this.#shape;
    if (compressedLocationAt === 0) return this.#vector(locationAt);
    const { decodeLocation } = this.#buffer;
    if (decodeLocation === undefined) {
      return this.#fail(this.#table, "a compressed location, but no decompression dictionary");
    }
    const frame = this.#vector(compressedLocationAt);
    try {
      return decodeLocation(frame);
    } catch (cause) {
      if (!isIcefloeError(cause, "deserialization")) throw cause;
      return this.#fail(this.#table, `compressed location: ${cause.message}`, cause);
    }
  }

  /** Where in the file a row's location is, if it is stored plainly; else -1. */
  locationPlace(row: number): number {
    if (this.kind(row) !== ROW_VIRTUAL || this.#shape.compressedLocationAt !== 0) return -1;
    const field = this.#table + this.#shape.locationAt;
    return field + this.#view.getUint32(field, true);
  }

  location(row: number): string {
    return this.#text(this.locationBytes(row));
  }

  etag(row: number): string | undefined {
    if (this.kind(row) !== ROW_VIRTUAL || this.#shape.etagAt === 0) return undefined;
    return this.#text(this.#vector(this.#shape.etagAt));
  }

  lastModifiedSeconds(row: number): number {
    if (this.kind(row) !== ROW_VIRTUAL || this.#shape.lastModifiedAt === 0) return 0;
    return this.#view.getUint32(this.#table + this.#shape.lastModifiedAt, true);
  }

  ref(row: number): ChunkRef | undefined {
    return refOfRow(this, row);
  }

  /** Where `coordinates` are if the references fill the box between the first and the last one. */
  #positionInBox(coordinates: ArrayLike<number>): number {
    const { rank } = this;
    if (this.#boxStart === undefined) {
      this.#boxStart = Array.from({ length: rank }, (_, d) => this.coordinate(0, d));
      this.#boxEnd = Array.from(
        { length: rank },
        (_, d) => this.coordinate(this.length - 1, d) + 1,
      );
    }
    let position = 0;
    for (let d = 0; d < rank; d++) {
      const start = this.#boxStart[d] as number;
      const end = this.#boxEnd[d] as number;
      const coordinate = coordinates[d] as number;
      if (!(coordinate >= start && coordinate < end)) return Number.POSITIVE_INFINITY;
      position = position * (end - start) + (coordinate - start);
    }
    return Number.isInteger(position) ? position : Number.POSITIVE_INFINITY;
  }

  /** Makes `row` the one whose fields are read. The scan has checked what is followed here. */
  #seek(row: number): void {
    const view = this.#view;
    const slot =
      this.#slotsAt + 4 * (this.#order === undefined ? row : (this.#order[row] as number));
    const table = slot + view.getUint32(slot, true);
    const vtable = table - view.getInt32(table, true);
    if (vtable !== this.#vtable) {
      this.#shape = this.#buffer.shapes.get(vtable);
      this.#vtable = vtable;
    }
    const field = table + this.#shape.indexAt;
    this.#indexAt = field + view.getUint32(field, true) + 4;
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
    const { bytes } = this.#buffer;
    const field = this.#table + fieldAt;
    const start = field + this.#view.getUint32(field, true) + 4;
    if (start > bytes.length) this.#fail(field, "vector starts behind the end");
    const end = start + this.#view.getUint32(start - 4, true);
    if (end > bytes.length) this.#fail(start - 4, "vector reaches behind the end");
    return bytes.subarray(start, end);
  }

  #uint64(fieldAt: number): number {
    if (fieldAt === 0) return 0;
    const at = this.#table + fieldAt;
    const high = this.#view.getUint32(at + 4, true);
    if (high >= SAFE_HIGH_END) this.#fail(at, "integer beyond 2^53");
    return high * UINT32_END + this.#view.getUint32(at, true);
  }

  #text(bytes: Uint8Array): string {
    try {
      return decodeUtf8(bytes);
    } catch (cause) {
      if (!(cause instanceof TypeError)) throw cause;
      return this.#fail(this.#table, "string is not UTF-8", cause);
    }
  }

  #fail(offset: number, what: string, cause?: unknown): never {
    failManifest(this.#buffer.object, offset, what, cause);
  }
}

interface RefScan {
  readonly firstRank: number;
  /** The rank that most references have. */
  readonly commonRank: number;
  /** All of one rank, strictly ascending. */
  readonly isSorted: boolean;
  /** The shape of some reference. */
  readonly shape: RefShape;
}

/** Checks that all tables and indices lie inside the buffer, and looks at their order. */
function scanRefs(buffer: ManifestBuffer, slotsAt: number, count: number): RefScan {
  const { view, shapes, object } = buffer;
  const end = view.byteLength;
  const ranks = new Map<number, number>();
  let vtable = Number.NaN;
  let shape: RefShape | undefined;
  let previous = -1; // Position of the previous index's length.
  let firstRank = -1;
  let isSorted = true;
  let indexBytes = 0;
  for (let slot = slotsAt, slotsEnd = slotsAt + 4 * count; slot < slotsEnd; slot += 4) {
    const table = slot + view.getUint32(slot, true);
    if (table + 4 > end) failManifest(object, slot, "offset points behind the end");
    const vtableAt = table - view.getInt32(table, true);
    if (vtableAt !== vtable || shape === undefined) {
      shape = shapes.get(vtableAt);
      vtable = vtableAt;
    }
    if (table + shape.tableBytes > end) failManifest(object, table, "table reaches behind the end");
    const field = table + shape.indexAt;
    const index = field + view.getUint32(field, true);
    if (index + 4 > end) failManifest(object, field, "index starts behind the end");
    const rank = view.getUint32(index, true);
    if (index + 4 + 4 * rank > end) failManifest(object, index, "index reaches behind the end");
    // Indices that overlap would make the scan quadratic in the file's size.
    indexBytes += 4 * rank;
    if (indexBytes > end) failManifest(object, index, "indices overlap");
    if (firstRank === -1) firstRank = rank;
    else if (rank !== firstRank) isSorted = false;
    else if (isSorted) isSorted = isAscending(view, previous, index, rank);
    if (ranks.size > 0 || rank !== firstRank)
      countRank(ranks, rank, (slot - slotsAt) / 4, firstRank);
    previous = index;
  }
  let commonRank = firstRank;
  for (const [rank, refs] of ranks) {
    if (refs > (ranks.get(commonRank) ?? 0)) commonRank = rank;
  }
  return { firstRank, commonRank, isSorted, shape: shape as RefShape };
}

/** Counts a rank; `before` references of `firstRank` came before the first one of another rank. */
function countRank(
  ranks: Map<number, number>,
  rank: number,
  before: number,
  firstRank: number,
): void {
  if (ranks.size === 0) ranks.set(firstRank, before);
  ranks.set(rank, (ranks.get(rank) ?? 0) + 1);
}

function isAscending(view: DataView, previous: number, index: number, rank: number): boolean {
  for (let at = 4; at <= 4 * rank; at += 4) {
    const a = view.getUint32(previous + at, true);
    const b = view.getUint32(index + at, true);
    if (a !== b) return a < b;
  }
  return false;
}

/** Slots of the references of `rank`, sorted by coordinates; of equal ones the first in the file. */
function sortedSlots(
  buffer: ManifestBuffer,
  slotsAt: number,
  count: number,
  rank: number,
): Uint32Array {
  const { view, shapes } = buffer;
  const slots: number[] = [];
  const indices: number[] = [];
  for (let i = 0; i < count; i++) {
    const slot = slotsAt + 4 * i;
    const table = slot + view.getUint32(slot, true);
    const field = table + shapes.get(table - view.getInt32(table, true)).indexAt;
    const index = field + view.getUint32(field, true);
    if (view.getUint32(index, true) !== rank) continue;
    slots.push(i);
    indices.push(index);
  }
  const coordinates = new Uint32Array(slots.length * rank);
  for (const [row, index] of indices.entries()) {
    for (let d = 0; d < rank; d++) {
      coordinates[row * rank + d] = view.getUint32(index + 4 + 4 * d, true);
    }
  }
  const order = orderByCoordinates(coordinates, rank, slots.length);
  const isRepeated = (at: number): boolean => {
    const a = (order[at - 1] as number) * rank;
    const b = (order[at] as number) * rank;
    for (let d = 0; d < rank; d++) if (coordinates[a + d] !== coordinates[b + d]) return false;
    return true;
  };
  let length = 0;
  const sorted = new Uint32Array(order.length);
  for (let at = 0; at < order.length; at++) {
    if (at === 0 || !isRepeated(at)) sorted[length++] = slots[order[at] as number] as number;
  }
  return sorted.slice(0, length);
}
