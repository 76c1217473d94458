/**
 * Chunk coordinates by row, and the way back. Rows that arrive in ascending order, as bulk writes
 * do, need no index: they are found by bisection. The first one out of order builds a hash table.
 */
import {
  areAscending,
  compareCoordinates,
  identityOrder,
  orderByCoordinates,
  positionInBox,
} from "../../base/coordinates.ts";
import { assert } from "../../base/errors.ts";
import { grownCapacity } from "../../base/number-column.ts";
import type { RowRun } from "../../format/manifest/bulk-rows.ts";

const SLOTS_MIN = 32;

/** Distinct coordinate tuples of u32, numbered by row. */
export class CoordinateIndex {
  readonly rank: number;
  #coordinates = new Uint32Array(0);
  #length = 0;
  /** Open addressing; row + 1, 0 = free; at most half full. `undefined` while rows are ascending. */
  #slots: Uint32Array | undefined;
  #order: Uint32Array | undefined;
  #lastFound = -1;

  constructor(rank: number) {
    this.rank = rank;
  }

  get length(): number {
    return this.#length;
  }

  /** Whether rows are in ascending order of their coordinates. */
  get isAscending(): boolean {
    return this.#slots === undefined;
  }

  get bytesHeld(): number {
    const index = (this.#slots?.byteLength ?? 0) + (this.#order?.byteLength ?? 0);
    return this.#coordinates.byteLength + index;
  }

  /** Coordinate `dimension` of `row`. */
  at(row: number, dimension: number): number {
    return this.#coordinates[row * this.rank + dimension] as number;
  }

  /** Copies the coordinates of a run of rows to those of `target` from row `at` on. */
  read({ order, start, end }: RowRun, target: Uint32Array, at: number): void {
    const { rank } = this;
    const own = this.#coordinates;
    if (order === undefined) {
      target.set(own.subarray(start * rank, end * rank), at * rank);
      return;
    }
    let to = at * rank;
    for (let i = start; i < end; i++) {
      const from = (order[i] as number) * rank;
      for (let d = 0; d < rank; d++) target[to++] = own[from + d] as number;
    }
  }

  /** The row of `coordinates`, or -1. */
  find(coordinates: ArrayLike<number>): number {
    if (coordinates.length !== this.rank) return -1;
    const next = this.#lastFound + 1;
    // Callers that walk a region ask for one row after the other.
    if (next < this.#length && this.#compare(next, coordinates) === 0) {
      this.#lastFound = next;
      return next;
    }
    const row =
      this.#slots === undefined ? this.#bisect(coordinates) : this.#probe(this.#slots, coordinates);
    if (row >= 0) this.#lastFound = row;
    return row;
  }

  /** The row of `coordinates`; a new last row (`length` has grown) if there was none. */
  findOrAdd(coordinates: ArrayLike<number>): number {
    assert(coordinates.length === this.rank, "chunk coordinates have the rank of their table");
    const isLast = this.#length === 0 || this.#compare(this.#length - 1, coordinates) < 0;
    if (this.#slots === undefined && isLast) return this.#append(coordinates);
    const row = this.find(coordinates);
    if (row >= 0) return row;
    this.#slots ??= this.#hashAll(SLOTS_MIN);
    const added = this.#append(coordinates);
    if (this.#length * 2 > this.#slots.length) this.#slots = this.#hashAll(this.#slots.length * 2);
    else this.#enter(this.#slots, added);
    return added;
  }

  /** Appends `count` rows if all are ascending then; else does nothing and answers false. */
  appendAscending(coordinates: Uint32Array, count: number): boolean {
    const { rank } = this;
    const length = this.#length;
    if (this.#slots !== undefined || !areAscending(coordinates, rank, count)) return false;
    if (length > 0 && count > 0 && this.#compare(length - 1, coordinates) >= 0) return false;
    const end = length + count;
    if (end * rank > this.#coordinates.length) this.#grow(Math.max(end, grownCapacity(length)));
    this.#coordinates.set(coordinates.subarray(0, count * rank), length * rank);
    this.#length = end;
    this.#order = undefined;
    return true;
  }

  /** Whether all rows come after all of `other`, as far as that is known without sorting. */
  isBehind(other: CoordinateIndex): boolean {
    if (this.#length === 0 || other.#length === 0) return true;
    if (!this.isAscending || !other.isAscending) return false;
    return other.#compare(other.#length - 1, this.#coordinates) < 0;
  }

  /** Drops `row`; the last row takes its number. */
  remove(row: number): void {
    const last = this.#length - 1;
    if (row !== last) this.#slots ??= this.#hashAll(SLOTS_MIN);
    if (this.#slots !== undefined) {
      this.#leave(this.#slots, row);
      if (row !== last) {
        const slot = this.#slotOf(this.#slots, last);
        this.#slots[slot] = row + 1;
        const { rank } = this;
        this.#coordinates.copyWithin(row * rank, last * rank, (last + 1) * rank);
      }
    }
    this.#length = last;
    this.#order = undefined;
    this.#lastFound = -1;
    if (last === 0) this.#slots = undefined;
  }

  /** Row numbers in lexicographic order of their coordinates; kept until rows come or go. */
  order(): Uint32Array {
    this.#order ??=
      this.#slots === undefined
        ? identityOrder(this.#length)
        : orderByCoordinates(this.#coordinates, this.rank, this.#length);
    return this.#order;
  }

  /** The same of rows [0, count) alone. */
  orderOfFirst(count: number): Uint32Array {
    if (this.#slots === undefined) return identityOrder(count);
    return orderByCoordinates(this.#coordinates, this.rank, count);
  }

  /** The coordinates of those rows, in that order: a copy. */
  sortedCoordinates(order: Uint32Array): Uint32Array {
    const { rank } = this;
    const own = this.#coordinates;
    if (this.#slots === undefined) return own.slice(0, order.length * rank);
    const sorted = new Uint32Array(order.length * rank);
    let to = 0;
    for (const row of order) {
      for (let from = row * rank, end = from + rank; from < end; from++)
        sorted[to++] = own[from] as number;
    }
    return sorted;
  }

  clone(): CoordinateIndex {
    const copy = new CoordinateIndex(this.rank);
    copy.#coordinates = this.#coordinates.slice(0, this.#length * this.rank);
    copy.#length = this.#length;
    copy.#slots = this.#slots?.slice();
    copy.#order = this.#order;
    return copy;
  }

  #append(coordinates: ArrayLike<number>): number {
    const { rank } = this;
    const row = this.#length;
    if ((row + 1) * rank > this.#coordinates.length) this.#grow(grownCapacity(row));
    const values = this.#coordinates;
    for (let d = 0, at = row * rank; d < rank; d++, at++) {
      const value = coordinates[d] as number;
      values[at] = value;
      assert(values[at] === value, "chunk coordinates are 32-bit unsigned integers");
    }
    this.#length = row + 1;
    this.#order = undefined;
    return row;
  }

  #grow(rowCount: number): void {
    const grown = new Uint32Array(rowCount * this.rank);
    grown.set(this.#coordinates.subarray(0, this.#length * this.rank));
    this.#coordinates = grown;
  }

  /** Sign of row's coordinates against `coordinates`. */
  #compare(row: number, coordinates: ArrayLike<number>): number {
    return compareCoordinates(this.#coordinates, row * this.rank, coordinates, 0, this.rank);
  }

  #bisect(coordinates: ArrayLike<number>): number {
    const { rank } = this;
    const all = this.#coordinates;
    // Where they are if the rows fill the box between the first and the last one.
    const guess = positionInBox(all, all, (this.#length - 1) * rank, coordinates, rank);
    if (guess < this.#length && this.#compare(guess, coordinates) === 0) return guess;
    let low = 0;
    let high = this.#length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const sign = this.#compare(middle, coordinates);
      if (sign === 0) return middle;
      if (sign < 0) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  #probe(slots: Uint32Array, coordinates: ArrayLike<number>): number {
    const mask = slots.length - 1;
    let slot = hashCoordinates(coordinates, 0, this.rank) & mask;
    for (;;) {
      const entry = slots[slot] as number;
      if (entry === 0) return -1;
      if (this.#compare(entry - 1, coordinates) === 0) return entry - 1;
      slot = (slot + 1) & mask;
    }
  }

  #homeOf(slots: Uint32Array, row: number): number {
    return hashCoordinates(this.#coordinates, row * this.rank, this.rank) & (slots.length - 1);
  }

  #enter(slots: Uint32Array, row: number): void {
    let slot = this.#homeOf(slots, row);
    while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1);
    slots[slot] = row + 1;
  }

  #slotOf(slots: Uint32Array, row: number): number {
    let slot = this.#homeOf(slots, row);
    while (slots[slot] !== row + 1) slot = (slot + 1) & (slots.length - 1);
    return slot;
  }

  /** Frees the slot of `row` and closes the gap: later entries of the run move up. */
  #leave(slots: Uint32Array, row: number): void {
    const mask = slots.length - 1;
    let gap = this.#slotOf(slots, row);
    for (let slot = (gap + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const home = this.#homeOf(slots, (slots[slot] as number) - 1);
      // The entry may move to the gap unless its home lies cyclically in (gap, slot].
      if (((slot - home) & mask) < ((slot - gap) & mask)) continue;
      slots[gap] = slots[slot] as number;
      gap = slot;
    }
    slots[gap] = 0;
  }

  #hashAll(slotsMin: number): Uint32Array {
    let slotCount = slotsMin;
    while (slotCount < (this.#length + 1) * 2) slotCount *= 2;
    const slots = new Uint32Array(slotCount);
    for (let row = 0; row < this.#length; row++) this.#enter(slots, row);
    return slots;
  }
}

function hashCoordinates(coordinates: ArrayLike<number>, start: number, rank: number): number {
  let hash = 0x9747b28c;
  for (let i = start; i < start + rank; i++) {
    hash = Math.imul(hash ^ (coordinates[i] as number), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash, 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}
