/** Half-open ranges of whole numbers: bytes, elements, chunks. */

/** From `start` (inclusive) to `end` (exclusive). */
export interface Extent {
  readonly start: number;
  readonly end: number;
}
