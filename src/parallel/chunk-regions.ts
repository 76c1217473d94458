/** Cuts an array's extent into chunk-aligned regions, so that no two tasks share a chunk. */
import { makeError } from "../base/errors.ts";
import type { Extent } from "../base/extent.ts";
import { checkOptions, isCount, positiveInteger } from "../base/options.ts";
import { wholeBox } from "../zarr/box.ts";
import { touchedChunkCount, touchedChunks } from "../zarr/chunk-grid.ts";

/** Elements [start, end) of one dimension. */
export type RegionExtent = Extent;

/** An array as far as regions need it: zarrita's arrays fit (`chunks`), options of createArray too (`chunkShape`). */
export interface ChunkedArray {
  /** Elements per dimension. */
  readonly shape: readonly number[];
  readonly chunkShape?: readonly number[] | undefined;
  readonly chunks?: readonly number[] | undefined;
  /**
   * Of a sharded array: what is stored together, so that two writers may not share it. Give it beside
   * zarrita's arrays: their `chunks` are those inside the shards.
   */
  readonly shards?: readonly number[] | undefined;
}

/** A variable as far as regions need it: a `DataArray` of icefloe/dataset. */
export interface ChunkedVariable {
  /** One name per dimension. */
  readonly dims: readonly string[];
  readonly shape: readonly number[];
  /** `chunks`, and `shards` of a sharded array, as `openZarr` shows them or `toZarr` is to make them. */
  readonly encoding: {
    readonly chunks?: readonly number[] | null | undefined;
    readonly shards?: readonly number[] | null | undefined;
  };
}

/**
 * Elements [start, end) by dimension, as `isel` takes them; a dimension that is not named is whole.
 */
export type NamedRegion = Readonly<Record<string, RegionExtent>>;

/** Options of `chunkRegions`. */
export interface ChunkRegionsOptions {
  /** Chunks per region at most; the last regions of a dimension may have fewer. Default 1. */
  readonly chunksPerTask?: number | undefined;
}

const REGIONS_MAX = 10_000_000;

/**
 * Regions that cover a variable of a dataset, each a box of whole chunks, in row-major order. Boxes
 * are filled from the last dimension: whole rows first.
 *
 *     for (const region of chunkRegions(dataset.variables.air)) {
 *       await dataset.isel(region).toZarr(store, { region }); // { time: { start: 0, end: 24 } }
 *     }
 * @throws {invalid-option} a variable without `encoding.chunks`; chunks that do not fit its shape;
 *   more than one region of a variable that has a dimension twice; more than 10 million regions
 */
export function chunkRegions(
  variable: ChunkedVariable,
  options?: ChunkRegionsOptions,
): NamedRegion[];
/**
 * Regions of an array, as `writeRegion` takes them: an extent per dimension.
 * @throws {invalid-option} a shape and chunks that do not fit, or more than 10 million regions
 */
export function chunkRegions(array: ChunkedArray, options?: ChunkRegionsOptions): RegionExtent[][];
export function chunkRegions(
  array: ChunkedArray | ChunkedVariable,
  options?: ChunkRegionsOptions,
): RegionExtent[][] | NamedRegion[] {
  checkOptions("chunkRegions", options, { chunksPerTask: positiveInteger });
  if (!("dims" in array)) return regionsOf(array, options);
  const { dims, shape, encoding } = array;
  const { chunks, shards } = encoding;
  if (!chunks) {
    throw invalid(
      "the variable does not say its chunks: set encoding.chunks, or open what was written with openZarr",
    );
  }
  const regions = regionsOf({ shape, chunks, shards: shards ?? undefined }, options);
  const twice = dims.find((dim, d) => dims.lastIndexOf(dim) !== d);
  if (twice !== undefined && regions.length > 1) {
    throw invalid(
      `the variable has dimension ${twice} twice: a region takes the same part along both, so regions do not cover it; write it as a whole`,
    );
  }
  return regions.map((region) =>
    Object.fromEntries(
      region.flatMap((extent, d) => {
        const isWhole = extent.start === 0 && extent.end === shape[d];
        return isWhole ? [] : [[dims[d] as string, extent] as const];
      }),
    ),
  );
}

function regionsOf(
  array: ChunkedArray,
  options: ChunkRegionsOptions | undefined,
): RegionExtent[][] {
  const { shape } = array;
  const chunkShape = array.shards ?? array.chunkShape ?? array.chunks;
  const chunksPerTask = options?.chunksPerTask ?? 1;
  if (chunkShape === undefined || chunkShape.length !== shape.length) {
    throw invalid(
      `the array needs one chunk length per dimension: shape [${shape}], chunks [${chunkShape}]`,
    );
  }
  if (![...shape, ...chunkShape].every(isCount)) {
    throw invalid(`shape [${shape}] and chunks [${chunkShape}] must be non-negative integers`);
  }
  const inside = array.chunkShape ?? array.chunks;
  if (array.shards?.some((size, d) => size % (inside?.[d] ?? 1) !== 0)) {
    throw invalid(`shards [${array.shards}] are no multiples of chunks [${inside}]`);
  }
  const counts = shape.map((length, d) => Math.ceil(length / Math.max(1, chunkShape[d] as number)));
  const box = boxOf(counts, chunksPerTask);
  const grid = {
    shape,
    chunkShape: box.map((count, d) => count * Math.max(1, chunkShape[d] as number)),
  };
  const whole = wholeBox(shape);
  const total = touchedChunkCount(whole, grid.chunkShape);
  if (total > REGIONS_MAX) throw invalid(`${total} regions are too many: raise chunksPerTask`);
  return Array.from(touchedChunks(whole, grid), ({ shared }) => [...shared]);
}

/** Chunks per region and dimension: whole trailing dimensions while they fit, then a part of the next. */
function boxOf(counts: readonly number[], chunksPerTask: number): number[] {
  const box = counts.map(() => 1);
  let left = chunksPerTask;
  for (let d = counts.length - 1; d >= 0 && left > 1; d--) {
    box[d] = Math.max(1, Math.min(counts[d] as number, left));
    if ((box[d] as number) < (counts[d] as number)) break;
    left = Math.floor(left / (box[d] as number));
  }
  return box;
}

function invalid(message: string): Error {
  return makeError("invalid-option", `chunkRegions: ${message}`);
}
