/** Virtual references of a whole box of chunks as columns: what indexers of archives produce. */
import { assert } from "../base/errors.ts";

/** One reference per position of `gridShape` in row-major order (last dimension fastest). */
export interface VirtualColumns {
  /** Chunks per dimension of the box. */
  readonly gridShape: readonly number[];
  /** Coordinates of the box's first chunk; all 0 if left out. */
  readonly gridOffset?: readonly number[] | undefined;
  /** One URL per position, or distinct URLs and a code per position. */
  readonly locations:
    | readonly string[]
    | { readonly dictionary: readonly string[]; readonly codes: Uint32Array };
  readonly offsets: Float64Array;
  readonly lengths: Float64Array;
  /** Checksum of every target, if all have one and the same. */
  readonly etag?: string | undefined;
  /** Seconds since the epoch, for every target; 0 = none. */
  readonly lastModifiedSeconds?: number | undefined;
}

/** Calls `visit` for every position; `coordinates` is reused between calls. */
export function fillGrid(
  columns: VirtualColumns,
  visit: (position: number, coordinates: Float64Array) => void,
): void {
  const { gridShape, gridOffset, locations, offsets, lengths } = columns;
  const rank = gridShape.length;
  const count = gridShape.reduce((product, extent) => product * extent, 1);
  const locationCount = "dictionary" in locations ? locations.codes.length : locations.length;
  const isComplete = [locationCount, offsets.length, lengths.length].every((n) => n === count);
  assert(isComplete, "virtual reference columns have one value per position of the grid");
  const start = gridOffset ?? gridShape.map(() => 0);
  assert(start.length === rank, "the grid's offset has the rank of the grid");
  const coordinates = Float64Array.from(start);
  for (let position = 0; position < count; position++) {
    visit(position, coordinates);
    for (let d = rank - 1; d >= 0; d--) {
      const next = (coordinates[d] as number) + 1;
      if (next < (start[d] as number) + (gridShape[d] as number)) {
        coordinates[d] = next;
        break;
      }
      coordinates[d] = start[d] as number;
    }
  }
}
