/** Order and boxes of chunk coordinates, in flat rows of `rank` numbers; no allocation per row. */
import type { Extent } from "./extent.ts";

const WIDE_DIGIT_ROWS_MIN = 2 ** 16; // Below, clearing 65,536 counters costs more than a pass.

/** 0, 1, ... length - 1. */
export function identityOrder(length: number): Uint32Array<ArrayBuffer> {
  const order = new Uint32Array(length);
  for (let row = 0; row < length; row++) order[row] = row;
  return order;
}

/**
 * Row numbers in lexicographic order of `coordinates` (row-major, `rank` per row), equal rows in
 * row order. A radix sort: linear in `length`, one pass per dimension and 8 or 16 bits of its values.
 */
export function orderByCoordinates(
  coordinates: Uint32Array,
  rank: number,
  length: number,
): Uint32Array {
  const digitBits = length >= WIDE_DIGIT_ROWS_MIN ? 16 : 8;
  let order = identityOrder(length);
  let spare = new Uint32Array(length);
  const counts = new Uint32Array(2 ** digitBits + 1);
  for (let dimension = rank - 1; dimension >= 0; dimension--) {
    const range = valueRange(coordinates, rank, length, dimension);
    for (let shift = 0; shift < 32 && range.spread >= 2 ** shift; shift += digitBits) {
      counts.fill(0);
      const mask = 2 ** digitBits - 1;
      for (let at = dimension, row = 0; row < length; row++, at += rank) {
        const digit = (((coordinates[at] as number) - range.least) >>> shift) & mask;
        counts[digit + 1] = (counts[digit + 1] as number) + 1;
      }
      for (let i = 1; i < counts.length; i++) {
        counts[i] = (counts[i] as number) + (counts[i - 1] as number);
      }
      for (let i = 0; i < length; i++) {
        const row = order[i] as number;
        const value = coordinates[row * rank + dimension] as number;
        const digit = ((value - range.least) >>> shift) & mask;
        const to = counts[digit] as number;
        counts[digit] = to + 1;
        spare[to] = row;
      }
      [order, spare] = [spare, order];
    }
  }
  return order;
}

function valueRange(
  coordinates: Uint32Array,
  rank: number,
  length: number,
  dimension: number,
): { least: number; spread: number } {
  let least = 2 ** 32 - 1;
  let most = 0;
  for (let at = dimension, row = 0; row < length; row++, at += rank) {
    const value = coordinates[at] as number;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return { least, spread: most - least };
}

/** Whether `count` rows of `rank` coordinates rise strictly, in lexicographic order. */
export function areAscending(coordinates: Uint32Array, rank: number, count: number): boolean {
  if (rank === 0) return count <= 1;
  const last = rank - 1;
  for (let at = rank, end = count * rank; at < end; at += rank) {
    let d = 0;
    while (d < last && coordinates[at + d] === coordinates[at + d - rank]) d++;
    if ((coordinates[at + d] as number) <= (coordinates[at + d - rank] as number)) return false;
  }
  return true;
}

/** Sign of the coordinates at `aStart` of `a` against those at `bStart` of `b`, lexicographically. */
export function compareCoordinates(
  a: ArrayLike<number>,
  aStart: number,
  b: ArrayLike<number>,
  bStart: number,
  rank: number,
): number {
  for (let d = 0; d < rank; d++) {
    const x = a[aStart + d] as number;
    const y = b[bStart + d] as number;
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}

/** A list of coordinates: row r is data[r * rank, (r + 1) * rank). Scalars have rows of no numbers. */
export interface CoordinateRows {
  readonly rank: number;
  readonly count: number;
  readonly data: Uint32Array;
}

/**
 * All rows of `parts`, which have one rank, sorted, each once. A single part that is so already is
 * answered as it is; what is not is copied, so that a small set never holds a large one's memory.
 */
export function uniteCoordinates(parts: readonly CoordinateRows[]): CoordinateRows {
  const [only] = parts;
  const rows = parts.length === 1 && only !== undefined ? only : joinCoordinates(parts);
  const { rank, count, data } = rows;
  if (areAscending(data, rank, count)) return rows;
  const sorted = new Uint32Array(count * rank);
  let kept = 0;
  for (const row of orderByCoordinates(data, rank, count)) {
    const from = row * rank;
    if (kept > 0 && compareCoordinates(sorted, (kept - 1) * rank, data, from, rank) === 0) continue;
    sorted.set(data.subarray(from, from + rank), kept * rank);
    kept++;
  }
  return { rank, count: kept, data: sorted.slice(0, kept * rank) };
}

function joinCoordinates(parts: readonly CoordinateRows[]): CoordinateRows {
  const rank = parts[0]?.rank ?? 0;
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const data = new Uint32Array(count * rank);
  let at = 0;
  for (const part of parts) {
    data.set(part.data.subarray(0, part.count * rank), at);
    at += part.count * rank;
  }
  return { rank, count, data };
}

/** How many positions a box of these lengths has, or elements an array; 1 for that of a scalar. */
export function volumeOf(lengths: readonly number[]): number {
  let volume = 1;
  for (const length of lengths) volume *= length;
  return volume;
}

/** Whether `coordinates` lie in the box, which has one extent per coordinate. */
export function boxContains(box: readonly Extent[], coordinates: ArrayLike<number>): boolean {
  for (let d = 0; d < box.length; d++) {
    const { start, end } = box[d] as Extent;
    const coordinate = coordinates[d] as number;
    if (coordinate < start || coordinate >= end) return false;
  }
  return true;
}

/**
 * Where `coordinates` stand among those from the box's first to its last, in lexicographic order:
 * `first` holds the first ones, `last` the last ones from `lastStart` on. Infinity outside.
 */
export function positionInBox(
  first: Uint32Array,
  last: Uint32Array,
  lastStart: number,
  coordinates: ArrayLike<number>,
  rank: number,
): number {
  let position = 0;
  for (let d = 0; d < rank; d++) {
    const start = first[d] as number;
    const end = (last[lastStart + d] as number) + 1;
    const coordinate = coordinates[d] as number;
    if (coordinate >>> 0 !== coordinate || coordinate < start || coordinate >= end)
      return Number.POSITIVE_INFINITY;
    position = position * (end - start) + (coordinate - start);
  }
  return position;
}

/** Whether two boxes of the same rank share a position. */
export function boxesMeet(a: readonly Extent[], b: readonly Extent[]): boolean {
  return a.every(({ start, end }, d) => {
    const other = b[d] as Extent;
    return start < other.end && other.start < end;
  });
}

/** The smallest box around coordinates that come one by one. */
export class TightBox {
  readonly starts: Float64Array;
  readonly ends: Float64Array;

  constructor(rank: number) {
    this.starts = new Float64Array(rank).fill(Number.POSITIVE_INFINITY);
    this.ends = new Float64Array(rank);
  }

  /** Makes room for a coordinate along dimension `d`. */
  cover(d: number, coordinate: number): void {
    if (coordinate < (this.starts[d] as number)) this.starts[d] = coordinate;
    if (coordinate >= (this.ends[d] as number)) this.ends[d] = coordinate + 1;
  }

  /** Its lengths. */
  lengths(): number[] {
    return Array.from(this.ends, (end, d) => end - (this.starts[d] as number));
  }
}
