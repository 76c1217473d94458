/**
 * Whole numbers (of bytes, elements, chunks), half-open ranges of them, and boxes: one range per
 * dimension.
 */

/** Whether `value` is a whole number from 0, and exact. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** From `start` (inclusive) to `end` (exclusive). */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

/** Whether `coordinates` lie in the box, which has one extent per coordinate. */
export function boxContains(box: readonly Extent[], coordinates: ArrayLike<number>): boolean {
  for (let d = 0; d < box.length; d++) {
    const { start, end } = box[d] as Extent;
    const coordinate = coordinates[d] as number;
    if (coordinate < start || coordinate >= end) return false;
  }
  return true;
}

/** Whether two boxes of the same rank share a position. */
export function boxesMeet(a: readonly Extent[], b: readonly Extent[]): boolean {
  return a.every(({ start, end }, d) => {
    const other = b[d] as Extent;
    return start < other.end && other.start < end;
  });
}

/** How many positions a box of these lengths has; 1 for that of a scalar. */
export function volumeOf(lengths: readonly number[]): number {
  return lengths.reduce((product, length) => product * length, 1);
}
