/**
 * Regions of arrays: boxes of elements, the chunks they touch, and copying between boxes.
 * Everything is row-major (the last dimension is contiguous). `start` inclusive, `end` exclusive.
 */
import { makeError } from "../base/errors.ts";
import { describe, isPlainObject } from "../base/options.ts";
import type { Elements } from "./data-type.ts";

/** Elements [start, end) of one dimension. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * One dimension of a region: a span, one index (which the data then has no dimension for, or one
 * of length 1: only the number of values counts), or `null` for all of it. zarrita's `slice()`
 * without a step is understood.
 */
export type RegionDimension =
  | Span
  | { readonly start: number | null; readonly stop: number | null; readonly step?: number | null }
  | number
  | null;

/**
 * The spans of a region; without one, of the whole array.
 * @throws {invalid-option} another rank, or a dimension that is no part of the array.
 */
export function parseRegion(
  region: readonly RegionDimension[] | undefined,
  shape: readonly number[],
  owner: string,
): Span[] {
  if (region === undefined) return shape.map((length) => ({ start: 0, end: length }));
  if (!Array.isArray(region) || region.length !== shape.length) {
    const found = Array.isArray(region) ? `${region.length} dimensions` : describe(region);
    throw makeError(
      "invalid-option",
      `${owner}: the region has ${found}, the array has ${shape.length}`,
      { details: { option: "region", expected: shape.length, found } },
    );
  }
  return region.map((dimension, index) =>
    parseSpan(dimension, shape[index] as number, index, owner),
  );
}

function parseSpan(dimension: RegionDimension, length: number, index: number, owner: string): Span {
  const span = spanOf(dimension, length);
  const isInside =
    span !== undefined &&
    Number.isSafeInteger(span.start) &&
    Number.isSafeInteger(span.end) &&
    span.start >= 0 &&
    span.start <= span.end &&
    span.end <= length;
  if (isInside) return span;
  const found = isPlainObject(dimension) ? JSON.stringify(dimension) : describe(dimension);
  throw makeError(
    "invalid-option",
    `${owner}: the region's dimension ${index} must be { start, end }, an index or null inside [0, ${length}), got ${found}`,
    { details: { option: "region", dimension: index, length, found } },
  );
}

function spanOf(dimension: RegionDimension, length: number): Span | undefined {
  if (dimension === null) return { start: 0, end: length };
  if (typeof dimension === "number") {
    // Index 0 of an empty dimension must not pass as an empty span.
    return dimension < length ? { start: dimension, end: dimension + 1 } : undefined;
  }
  if (typeof dimension !== "object") return undefined;
  if ("end" in dimension) return { start: dimension.start, end: dimension.end };
  if ((dimension.step ?? 1) !== 1 || !("stop" in dimension)) return undefined;
  return { start: dimension.start ?? 0, end: dimension.stop ?? length };
}

/** Number of elements of a box. */
export function sizeOfSpans(spans: readonly Span[]): number {
  return spans.reduce((size, { start, end }) => size * (end - start), 1);
}

/** A chunk that a region touches. */
export interface TouchedChunk {
  readonly coordinates: readonly number[];
  /** The shared elements, in the array's indices. */
  readonly shared: readonly Span[];
  /** Whether the region holds every element of the chunk that lies inside the array. */
  readonly isWhole: boolean;
}

/** Number of chunks that a region touches. */
export function touchedChunkCount(region: readonly Span[], chunkShape: readonly number[]): number {
  return chunkSpans(region, chunkShape).reduce((count, { start, end }) => count * (end - start), 1);
}

function chunkSpans(region: readonly Span[], chunkShape: readonly number[]): Span[] {
  return region.map(({ start, end }, d) => {
    const size = chunkShape[d] as number;
    if (start === end) return { start: 0, end: 0 };
    return { start: Math.floor(start / size), end: Math.ceil(end / size) };
  });
}

/** The touched chunk number `index`, in row-major order of the coordinates. */
export function touchedChunk(
  index: number,
  region: readonly Span[],
  shape: readonly number[],
  chunkShape: readonly number[],
): TouchedChunk {
  const grid = chunkSpans(region, chunkShape);
  const coordinates = new Array<number>(grid.length);
  let rest = index;
  for (let d = grid.length - 1; d >= 0; d--) {
    const { start, end } = grid[d] as Span;
    coordinates[d] = start + (rest % (end - start));
    rest = Math.floor(rest / (end - start));
  }
  let isWhole = true;
  const shared = coordinates.map((coordinate, d) => {
    const size = chunkShape[d] as number;
    const first = coordinate * size;
    const last = Math.min(first + size, shape[d] as number);
    const { start, end } = region[d] as Span;
    if (start > first || end < last) isWhole = false;
    return { start: Math.max(start, first), end: Math.min(end, last) };
  });
  return { coordinates, shared, isWhole };
}

/** A row-major box of elements whose first element stands at `origin`. */
export interface Box {
  readonly elements: Elements;
  readonly shape: readonly number[];
  readonly origin: readonly number[];
}

/** Copies the elements at `spans` from one box to the other; both hold them, of the same type. */
export function copySpans(source: Box, target: Box, spans: readonly Span[]): void {
  forEachRun(source, target, spans, (from, to, length) => {
    target.elements.set(source.elements.subarray(from, from + length) as never, to);
  });
}

/** Sets the elements at `spans` of a box to one value. */
export function fillSpans(target: Box, spans: readonly Span[], value: number | bigint): void {
  forEachRun(target, target, spans, (_, to, length) => {
    target.elements.fill(value as never, to, to + length);
  });
}

/** Calls `run` for each stretch of `spans` that is contiguous in both boxes. */
function forEachRun(
  source: Box,
  target: Box,
  spans: readonly Span[],
  run: (from: number, to: number, length: number) => void,
): void {
  if (sizeOfSpans(spans) === 0) return;
  let inner = spans.length;
  let length = 1;
  while (inner > 0) {
    const d = inner - 1;
    const extent = (spans[d] as Span).end - (spans[d] as Span).start;
    length *= extent;
    inner = d;
    // Beyond a dimension that is not whole in both boxes, memory is not contiguous.
    if (source.shape[d] !== extent || target.shape[d] !== extent) break;
  }
  const at = spans.map(({ start }) => start);
  for (;;) {
    run(offsetOf(source, at), offsetOf(target, at), length);
    let d = inner - 1;
    for (; d >= 0; d--) {
      const next = (at[d] as number) + 1;
      at[d] = next < (spans[d] as Span).end ? next : (spans[d] as Span).start;
      if (next < (spans[d] as Span).end) break;
    }
    if (d < 0) return;
  }
}

function offsetOf({ shape, origin }: Box, at: readonly number[]): number {
  let offset = 0;
  for (let d = 0; d < shape.length; d++) {
    offset = offset * (shape[d] as number) + (at[d] as number) - (origin[d] as number);
  }
  return offset;
}
