/** Sorting rows by coordinates without an object or a comparison per row. */

const WIDE_DIGIT_ROWS_MIN = 2 ** 16; // Below, clearing 65,536 counters costs more than a pass.

/** 0, 1, ... length - 1. */
export function identityOrder(length: number): Uint32Array<ArrayBuffer> {
  const order = new Uint32Array(length);
  for (let row = 0; row < length; row++) order[row] = row;
  return order;
}

/**
 * Row numbers in lexicographic order of `coordinates` (row-major, `rank` per row), equal rows in
 * row order. A radix sort: linear in `length`, one pass per dimension and 8 or 16 bits of its values.
 */
export function orderByCoordinates(
  coordinates: Uint32Array,
  rank: number,
  length: number,
): Uint32Array {
  const digitBits = length >= WIDE_DIGIT_ROWS_MIN ? 16 : 8;
  let order = identityOrder(length);
  let spare = new Uint32Array(length);
  const counts = new Uint32Array(2 ** digitBits + 1);
  for (let dimension = rank - 1; dimension >= 0; dimension--) {
    const range = valueRange(coordinates, rank, length, dimension);
    for (let shift = 0; shift < 32 && range.spread >= 2 ** shift; shift += digitBits) {
      counts.fill(0);
      const mask = 2 ** digitBits - 1;
      for (let at = dimension, row = 0; row < length; row++, at += rank) {
        const digit = (((coordinates[at] as number) - range.least) >>> shift) & mask;
        counts[digit + 1] = (counts[digit + 1] as number) + 1;
      }
      for (let i = 1; i < counts.length; i++) {
        counts[i] = (counts[i] as number) + (counts[i - 1] as number);
      }
      for (let i = 0; i < length; i++) {
        const row = order[i] as number;
        const value = coordinates[row * rank + dimension] as number;
        const digit = ((value - range.least) >>> shift) & mask;
        const to = counts[digit] as number;
        counts[digit] = to + 1;
        spare[to] = row;
      }
      [order, spare] = [spare, order];
    }
  }
  return order;
}

function valueRange(
  coordinates: Uint32Array,
  rank: number,
  length: number,
  dimension: number,
): { least: number; spread: number } {
  let least = 2 ** 32 - 1;
  let most = 0;
  for (let at = dimension, row = 0; row < length; row++, at += rank) {
    const value = coordinates[at] as number;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return { least, spread: most - least };
}

/** Whether `count` rows of `rank` coordinates rise strictly, in lexicographic order. */
export function areAscending(coordinates: Uint32Array, rank: number, count: number): boolean {
  if (rank === 0) return count <= 1;
  const last = rank - 1;
  for (let at = rank, end = count * rank; at < end; at += rank) {
    let d = 0;
    while (d < last && coordinates[at + d] === coordinates[at + d - rank]) d++;
    if ((coordinates[at + d] as number) <= (coordinates[at + d - rank] as number)) return false;
  }
  return true;
}
