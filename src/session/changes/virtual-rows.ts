/** Virtual references as columns, on their way into a chunk table: no object per reference. */
import { assert } from "../../base/errors.ts";
import { isCount } from "../../base/options.ts";
import { ROW_VIRTUAL } from "../../format/manifest/chunk-rows.ts";

/** A virtual reference whose strings are numbers in its table's `strings`. */
export interface CodedVirtualRef {
  readonly location: number;
  /** 1 higher than in `strings`; 0 = none. */
  readonly etag: number;
  readonly offset: number;
  readonly length: number;
  /** 0 = none. */
  readonly lastModifiedSeconds: number;
}

/** What is asked of a table of chunks to take its rows as columns. */
interface VirtualSource {
  readonly length: number;
  readonly isAscending: boolean;
  readonly dots: readonly unknown[];
  kind(row: number): number;
  locationCode(row: number): number;
  etagCode(row: number): number;
  offset(row: number): number;
  byteLength(row: number): number;
  lastModifiedSeconds(row: number): number;
  sortedCoordinates(): Uint32Array;
}

/** Rows of one write. */
export interface VirtualRows {
  readonly count: number;
  /** As many numbers a row as the table has dimensions. */
  readonly coordinates: Uint32Array;
  /** Numbers in the table's `strings`. */
  readonly locations: Uint32Array;
  /** 1 higher than in `strings`; 0 = none. Left out if no row has one. */
  readonly etags: Uint32Array | undefined;
  /** Bytes. */
  readonly offsets: Float64Array;
  /** Bytes. */
  readonly lengths: Float64Array;
  /** 0 = none. Left out if no row has one. */
  readonly lastModifieds: Float64Array | undefined;
}

/** Row `i` of `rows`. */
export function refAt(rows: VirtualRows, i: number): CodedVirtualRef {
  return {
    location: rows.locations[i] as number,
    etag: rows.etags?.[i] ?? 0,
    offset: rows.offsets[i] as number,
    length: rows.lengths[i] as number,
    lastModifiedSeconds: rows.lastModifieds?.[i] ?? 0,
  };
}

/** Asserts that a target's offset and length are such numbers. */
export function assertRange(offset: number, length: number): void {
  assert(isCount(offset) && isCount(length), "offset and length are whole numbers below 2^53");
}

/** Asserts it of all rows. */
export function assertRanges({ count, offsets, lengths }: VirtualRows): void {
  for (let i = 0; i < count; i++) assertRange(offsets[i] as number, lengths[i] as number);
}

/**
 * All rows of a table, if they are virtual references in ascending order, of one write. `recode`
 * gives numbers of its strings for numbers of the table's.
 */
export function virtualRowsOf(
  table: VirtualSource,
  recode: (code: number) => number,
): VirtualRows | undefined {
  const count = table.length;
  if (count === 0 || !table.isAscending || table.dots.length !== 1) return undefined;
  const locations = new Uint32Array(count);
  const offsets = new Float64Array(count);
  const lengths = new Float64Array(count);
  let etags: Uint32Array | undefined;
  let lastModifieds: Float64Array | undefined;
  for (let row = 0; row < count; row++) {
    if (table.kind(row) !== ROW_VIRTUAL) return undefined;
    locations[row] = recode(table.locationCode(row));
    offsets[row] = table.offset(row);
    lengths[row] = table.byteLength(row);
    const etag = table.etagCode(row);
    if (etag !== 0) {
      etags ??= new Uint32Array(count);
      etags[row] = recode(etag - 1) + 1;
    }
    const seconds = table.lastModifiedSeconds(row);
    if (seconds !== 0) {
      lastModifieds ??= new Float64Array(count);
      lastModifieds[row] = seconds;
    }
  }
  const coordinates = table.sortedCoordinates();
  return { count, coordinates, locations, etags, offsets, lengths, lastModifieds };
}
