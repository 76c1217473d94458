/** Which rows lie in a box of chunk coordinates, and boxes around rows. */
import type { TightBox } from "../../base/coordinates.ts";
import type { Extent } from "../../base/extent.ts";
import type { RowRun } from "./bulk-rows.ts";
import { type ChunkRows, ROW_TOMBSTONE } from "./chunk-rows.ts";

/** Whether all of `box` lies in `outer`, a box of the same rank. */
export function boxLiesIn({ starts, ends }: TightBox, outer: readonly Extent[]): boolean {
  return outer.every(
    ({ start, end }, d) => start <= (starts[d] as number) && (ends[d] as number) <= end,
  );
}

/** A box as extents; [0, 0) in every dimension if nothing is in it. */
export function extentsOf({ starts, ends }: TightBox): Extent[] {
  return Array.from(ends, (end, d) => ({ start: end === 0 ? 0 : (starts[d] as number), end }));
}

/** The first position in a run of a tombstone or a row outside of `within`; its end if there is none. */
export function firstUnfitRow(
  rows: ChunkRows,
  { order, start, end }: RowRun,
  within: readonly Extent[],
): number {
  for (let at = start; at < end; at++) {
    const row = order === undefined ? at : (order[at] as number);
    for (let d = 0; d < within.length; d++) {
      const coordinate = rows.coordinate(row, d);
      const extent = within[d] as Extent;
      if (coordinate < extent.start || coordinate >= extent.end) return at;
    }
    // Only now: what a damaged reference outside says matters to nobody.
    if (rows.kind(row) === ROW_TOMBSTONE) return at;
  }
  return end;
}

/** Makes room in `box` for the first `count` rows of coordinates. */
export function coverRows(
  { starts, ends }: TightBox,
  coordinates: Uint32Array,
  count: number,
): void {
  const rank = starts.length;
  for (let d = 0; d < rank; d++) {
    let start = starts[d] as number;
    let end = ends[d] as number;
    for (let at = d, rowsEnd = count * rank; at < rowsEnd; at += rank) {
      const coordinate = coordinates[at] as number;
      if (coordinate < start) start = coordinate;
      if (coordinate >= end) end = coordinate + 1;
    }
    starts[d] = start;
    ends[d] = end;
  }
}
