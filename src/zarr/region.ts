/** Regions of arrays as callers say them, checked against the array. */
import { makeError } from "../base/errors.ts";
import type { Extent } from "../base/extent.ts";
import { describe, isPlainObject } from "../base/options.ts";

/** Elements [start, end) of one dimension. */
export type Span = Extent;

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
 * @throws {invalid-option} another rank, or a part that lies outside the array
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
