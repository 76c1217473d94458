/** Virtual references as columns, on their way into a chunk table: no object per reference. */

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
