/** Virtual references as columns, on their way into a chunk table: no object per reference. */
import { assert } from "../base/errors.ts";

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

/** A number that columns may hold. */
export function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** Asserts that a target's offset and length are such numbers. */
export function assertRange(offset: number, length: number): void {
  assert(isCount(offset) && isCount(length), "offset and length are whole numbers below 2^53");
}

/** Asserts it of all rows. */
export function assertRanges({ count, offsets, lengths }: VirtualRows): void {
  for (let i = 0; i < count; i++) assertRange(offsets[i] as number, lengths[i] as number);
}
