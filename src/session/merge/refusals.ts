/** How a merge is refused: chunks that both sides wrote, nodes that both sides changed. */
import { type ErrorDetails, makeError } from "../../base/errors.ts";
import { ChunkCoordinates } from "../changes/chunk-coordinates.ts";

/** Errors name at most this many coordinates of an array. */
export const COORDINATES_PER_OVERLAP_MAX = 1000;

/** Chunks of one array that both sides wrote. */
export interface Overlap {
  readonly path: string;
  readonly rank: number;
  readonly coordinates: number[];
  total: number;
}

/** The error for chunks that both sides wrote: `merge-overlap`. */
export function overlapError(overlaps: ReadonlyMap<string, Overlap>): Error {
  const entries = [...overlaps.values()].map(({ path, rank, coordinates, total }) => ({
    path,
    chunkCoordinates: new ChunkCoordinates(
      rank,
      Math.min(total, COORDINATES_PER_OVERLAP_MAX),
      Uint32Array.from(coordinates),
    ),
    total,
  }));
  const first = entries[0];
  const sum = entries.reduce((count, { total }) => count + total, 0);
  const coordinate = first === undefined ? [] : [...first.chunkCoordinates][0];
  return makeError(
    "merge-overlap",
    `both sides wrote ${sum} chunk(s), the first is [${coordinate}] of ${first?.path}`,
    { details: { overlaps: entries } },
  );
}

/** The error for nodes that both sides changed: `merge-failed`. */
export function mergeFailed(
  paths: readonly string[],
  reason: string,
  details: ErrorDetails = {},
): Error {
  const sorted = [...new Set(paths)].sort();
  return makeError("merge-failed", `${reason} ${sorted.join(", ")}`, {
    details: { paths: sorted, ...details },
  });
}
