/**
 * Chunk references in columns, a block of rows at a time: sources fill them, manifests are measured
 * and written from them, all in loops without a call per row. What a column says of a row that has
 * no such field is left from before.
 */

/** Rows of a block: its columns stay in the cache of the processor. */
const BLOCK_ROWS_MAX = 2 ** 9;

/** Room for a block of rows of `rank` coordinates each. */
export class RowColumns {
  readonly rank: number;
  readonly capacity: number;
  /** ROW_ kinds with the HAS_ flags of what the row has. */
  readonly codes: Uint8Array;
  /** `rank` numbers a row. */
  readonly coordinates: Uint32Array;
  /** Byte lengths of the chunks. */
  readonly lengths: Float64Array;
  /** Byte offsets in the target, of rows with HAS_OFFSET. */
  readonly offsets: Float64Array;
  /** What holds the payload of an inline row or the id of a native one. Read only. */
  readonly bytesIn: Uint8Array[] = [];
  /** From which byte on. */
  readonly bytesAt: Uint32Array;
  /** Of virtual rows: what the source knows the location by. */
  readonly locations: Uint32Array;
  /** The same of the etag, of rows with HAS_ETAG. */
  readonly etags: Uint32Array;
  /** Seconds since the epoch, of rows with HAS_LAST_MODIFIED. */
  readonly lastModifieds: Uint32Array;

  /** For `rowCount` rows in blocks. */
  constructor(rank: number, rowCount: number) {
    const capacity = Math.min(rowCount, BLOCK_ROWS_MAX);
    this.rank = rank;
    this.capacity = capacity;
    this.codes = new Uint8Array(capacity);
    this.coordinates = new Uint32Array(capacity * rank);
    this.lengths = new Float64Array(capacity);
    this.offsets = new Float64Array(capacity);
    this.bytesAt = new Uint32Array(capacity);
    this.locations = new Uint32Array(capacity);
    this.etags = new Uint32Array(capacity);
    this.lastModifieds = new Uint32Array(capacity);
  }
}
