/**
 * Sets of chunk coordinates as flat columns: what status, diffs, conflicts and overlaps hand out.
 * A million coordinates are one typed array, never a million objects.
 */
import type { ChunkRows } from "../../format/manifest/chunk-rows.ts";
import { orderByCoordinates } from "../../format/manifest/coordinate-order.ts";
import type { UpdatedChunks } from "../../format/transaction-log/read.ts";

/** Errors carry at most this many coordinates, beside the total. */
export const ERROR_COORDINATES_MAX = 1_000;

/** Chunk coordinates, row by row: row r is data[r * rank, (r + 1) * rank). */
export class ChunkCoordinates implements Iterable<number[]> {
  /** Number of coordinates; needed because those of scalars have rank 0. */
  readonly length: number;
  /** Numbers per coordinate: the array's dimensions. */
  readonly rank: number;
  /** The caller may change it; nothing else holds it. */
  readonly data: Uint32Array;

  constructor(rank: number, length: number, data: Uint32Array) {
    this.rank = rank;
    this.length = length;
    this.data = data;
  }

  /** One fresh list of numbers per chunk, in order. */
  *[Symbol.iterator](): Iterator<number[]> {
    const { rank } = this;
    for (let row = 0; row < this.length; row++) {
      yield Array.from(this.data.subarray(row * rank, (row + 1) * rank));
    }
  }

  /** One list of coordinates per chunk. */
  toJSON(): number[][] {
    return [...this];
  }
}

/** The coordinates of `rows`, tombstones included, in the order of `order` (default: row order). */
export function coordinatesOfRows(rows: ChunkRows, order?: Uint32Array): ChunkCoordinates {
  const { rank, length } = rows;
  const data = new Uint32Array(length * rank);
  for (let i = 0, at = 0; i < length; i++) {
    const row = order === undefined ? i : (order[i] as number);
    for (let d = 0; d < rank; d++) data[at++] = rows.coordinate(row, d);
  }
  return new ChunkCoordinates(rank, length, data);
}

/** The coordinates of one array's entry in a transaction log; a copy, as they stand there. */
export function coordinatesOfUpdate(update: UpdatedChunks): ChunkCoordinates {
  const { rank, count, data } = update;
  return new ChunkCoordinates(rank, count, data.slice(0, count * rank));
}

/**
 * All coordinates of `parts`, sorted and without repetitions. Parts of another rank than the first
 * are left out: they cannot belong to the same array.
 */
export function unionCoordinates(parts: readonly ChunkCoordinates[]): ChunkCoordinates {
  const rank = parts[0]?.rank ?? 0;
  const fitting = parts.filter((part) => part.rank === rank);
  const length = fitting.reduce((sum, part) => sum + part.length, 0);
  if (rank === 0) return new ChunkCoordinates(0, Math.min(length, 1), new Uint32Array(0));
  const joined = new Uint32Array(length * rank);
  let at = 0;
  for (const part of fitting) {
    joined.set(part.data.subarray(0, part.length * rank), at);
    at += part.length * rank;
  }
  return distinctSorted(joined, rank, length);
}

function distinctSorted(data: Uint32Array, rank: number, length: number): ChunkCoordinates {
  if (isStrictlyAscending(data, rank, length)) return new ChunkCoordinates(rank, length, data);
  const order = orderByCoordinates(data, rank, length);
  const sorted = new Uint32Array(data.length);
  let count = 0;
  for (let i = 0; i < length; i++) {
    const from = (order[i] as number) * rank;
    if (count > 0 && compareRows(sorted, (count - 1) * rank, data, from, rank) === 0) continue;
    sorted.set(data.subarray(from, from + rank), count * rank);
    count++;
  }
  // A copy, so that a small set does not hold the memory of the large one it came from.
  return new ChunkCoordinates(rank, count, sorted.slice(0, count * rank));
}

/** The coordinates that both hold, sorted, without repetitions; none if the ranks differ. */
export function intersectCoordinates(a: ChunkCoordinates, b: ChunkCoordinates): ChunkCoordinates {
  if (a.rank !== b.rank) return new ChunkCoordinates(a.rank, 0, new Uint32Array(0));
  const { rank } = a;
  if (rank === 0) {
    return new ChunkCoordinates(0, Math.min(a.length, b.length, 1), new Uint32Array(0));
  }
  const left = unionCoordinates([a]);
  const right = unionCoordinates([b]);
  const both = new Uint32Array(Math.min(left.length, right.length) * rank);
  let count = 0;
  for (let i = 0, j = 0; i < left.length && j < right.length; ) {
    const sign = compareRows(left.data, i * rank, right.data, j * rank, rank);
    if (sign === 0) both.set(left.data.subarray(i * rank, (i + 1) * rank), count++ * rank);
    if (sign <= 0) i++;
    if (sign >= 0) j++;
  }
  return new ChunkCoordinates(rank, count, both.slice(0, count * rank));
}

/** What an error's details carry: the first coordinates and how many there are in all. */
export function cappedCoordinates(all: ChunkCoordinates): {
  chunkCoordinates: ChunkCoordinates;
  total: number;
} {
  const length = Math.min(all.length, ERROR_COORDINATES_MAX);
  const data = all.data.slice(0, length * all.rank);
  return { chunkCoordinates: new ChunkCoordinates(all.rank, length, data), total: all.length };
}

function isStrictlyAscending(data: Uint32Array, rank: number, length: number): boolean {
  for (let row = 1; row < length; row++) {
    if (compareRows(data, (row - 1) * rank, data, row * rank, rank) >= 0) return false;
  }
  return true;
}

function compareRows(
  a: Uint32Array,
  aStart: number,
  b: Uint32Array,
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
