/**
 * Sets of chunk coordinates as flat columns: what status, diffs, conflicts and overlaps hand out.
 * A million coordinates are one typed array, never a million objects.
 */
import { uniteCoordinates } from "../../base/coordinates.ts";
import { showAsText } from "../../base/show-as-text.ts";
import type { ChunkRows } from "../../format/manifest/chunk-rows.ts";
import { readCoordinates } from "../../format/manifest/row-values.ts";
import type { UpdatedChunks } from "../../format/transaction-log/read.ts";

/** Errors carry at most this many coordinates, beside the total. */
export const ERROR_COORDINATES_MAX = 1_000;

/** A console shows so many coordinates. */
const SHOWN_MAX = 10;

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

  /** How many there are and the first ones: what consoles print. */
  toString(): string {
    const shown = [];
    for (const coordinates of this) {
      if (shown.push(`[${coordinates}]`) === SHOWN_MAX) break;
    }
    const rest = this.length - shown.length;
    if (rest > 0) shown.push(`... and ${rest} more`);
    return `<${this.length} chunk(s)${shown.length === 0 ? "" : `: ${shown.join(", ")}`}>`;
  }

  /** One list of coordinates per chunk. */
  toJSON(): number[][] {
    return [...this];
  }
}

showAsText(ChunkCoordinates.prototype);

/** The coordinates of those rows, tombstones included, in that order. */
export function coordinatesOfRows(rows: ChunkRows, rowNumbers: Uint32Array): ChunkCoordinates {
  const { rank } = rows;
  const data = new Uint32Array(rowNumbers.length * rank);
  for (let i = 0; i < rowNumbers.length; i++)
    readCoordinates(rows, rowNumbers[i] as number, data, i * rank);
  return new ChunkCoordinates(rank, rowNumbers.length, data);
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
  const { count, data } = uniteCoordinates(
    fitting.map(({ length, data }) => ({ rank, count: length, data })),
  );
  return new ChunkCoordinates(rank, count, data);
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
