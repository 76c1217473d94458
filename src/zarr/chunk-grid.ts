/**
 * The chunks of a regular grid that a box of elements touches, and the one loop over them. Chunks
 * count from 0 in row-major order of their coordinates; edge chunks reach beyond the array.
 */
import { mapConcurrent } from "../base/concurrency.ts";
import { volumeOf } from "../base/coordinates.ts";
import type { Extent } from "../base/extent.ts";
import { type Box, indexAt, relativeTo, shapeOf } from "./box.ts";

/** An array, or a shard, cut into chunks of one shape. */
export interface ChunkGrid {
  readonly shape: readonly number[];
  readonly chunkShape: readonly number[];
}

/** A chunk that a box touches. */
export interface TouchedChunk {
  readonly coordinates: readonly number[];
  /** The shared elements, in the array's indices. */
  readonly shared: Box;
  /** Whether the box holds every element of the chunk that lies inside the array. */
  readonly isWhole: boolean;
}

/** Number of chunks that a box touches. */
export function touchedChunkCount(box: Box, chunkShape: readonly number[]): number {
  return volumeOf(shapeOf(touchedCoordinates(box, chunkShape)));
}

function touchedCoordinates(box: Box, chunkShape: readonly number[]): Extent[] {
  const isEmpty = box.some(({ start, end }) => start === end);
  return box.map(({ start, end }, d) => {
    const size = chunkShape[d] as number;
    if (isEmpty) return { start: 0, end: 0 };
    return { start: Math.floor(start / size), end: Math.ceil(end / size) };
  });
}

/** The touched chunk number `index`. */
function touchedChunk(index: number, box: Box, { shape, chunkShape }: ChunkGrid): TouchedChunk {
  const coordinates = indexAt(touchedCoordinates(box, chunkShape), index);
  let isWhole = true;
  const shared = coordinates.map((coordinate, d) => {
    const size = chunkShape[d] as number;
    const first = coordinate * size;
    const last = Math.min(first + size, shape[d] as number);
    const { start, end } = box[d] as Extent;
    if (start > first || end < last) isWhole = false;
    return { start: Math.max(start, first), end: Math.min(end, last) };
  });
  return { coordinates, shared, isWhole };
}

/** The chunks that a box touches, one after the other. */
export function* touchedChunks(box: Box, grid: ChunkGrid): Generator<TouchedChunk, void> {
  const count = touchedChunkCount(box, grid.chunkShape);
  for (let index = 0; index < count; index++) yield touchedChunk(index, box, grid);
}

/** Runs `work` for every chunk that a box touches, some at once; the first failure rejects. */
export async function forEachTouchedChunk(
  box: Box,
  grid: ChunkGrid,
  options: { readonly concurrencyMax: number; readonly signal: AbortSignal | undefined },
  work: (chunk: TouchedChunk) => Promise<void>,
): Promise<void> {
  const count = touchedChunkCount(box, grid.chunkShape);
  const indices = Array.from({ length: count }, (_, index) => index);
  await mapConcurrent(indices, options.concurrencyMax, async (index) => {
    options.signal?.throwIfAborted();
    await work(touchedChunk(index, box, grid));
  });
}

/** The first chunk that a box covers in part, which somebody else may write the rest of. */
export function firstCutChunk(box: Box, grid: ChunkGrid): TouchedChunk | undefined {
  const count = touchedChunkCount(box, grid.chunkShape);
  if (count === 0) return undefined;
  // The first and the last chunk of each dimension are the only ones that can be cut.
  return [0, count - 1]
    .map((index) => touchedChunk(index, box, grid))
    .find(({ isWhole }) => !isWhole);
}

/** The elements of a chunk, those beyond the array's end included. */
export function chunkBox(coordinates: readonly number[], chunkShape: readonly number[]): Extent[] {
  return coordinates.map((coordinate, d) => {
    const size = chunkShape[d] as number;
    return { start: coordinate * size, end: (coordinate + 1) * size };
  });
}

/** Where a box begins inside another. */
export function startIn(outer: Box, inner: Box): number[] {
  return relativeTo(inner, outer).map(({ start }) => start);
}
