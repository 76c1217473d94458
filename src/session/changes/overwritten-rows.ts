/**
 * Which rows of a table were overwritten since it was shared, and under which number what they held
 * is kept for those who share it. Moments are numbered: one for each time that it was shared.
 */

const KEPT_MIN = 64;
const KEPT_DIVISOR = 4; // Above a quarter of the rows, a table of one's own is worth its copy.

/** Numbers of kept rows by row and moment. */
export class OverwrittenRows {
  /** Per row its moments and kept rows in turn, ascending. */
  #kept = new Map<number, number[]>();
  #moment = -1;
  #count = 0;

  /** The table is shared as it is now; answers the moment. */
  share(): number {
    return ++this.#moment;
  }

  /** The number to keep a row under that is overwritten now; `undefined`: nobody has seen it. */
  keep(row: number): number | undefined {
    const kept = this.#kept.get(row);
    if (kept !== undefined && kept[kept.length - 2] === this.#moment) return undefined;
    const number = this.#count++;
    if (kept === undefined) this.#kept.set(row, [this.#moment, number]);
    else kept.push(this.#moment, number);
    return number;
  }

  /** Where what a row held at `moment` is kept; -1: the row still holds it. */
  find(row: number, moment: number): number {
    const kept = this.#kept.get(row);
    if (kept === undefined) return -1;
    let low = 0;
    let high = kept.length >>> 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((kept[middle * 2] as number) < moment) low = middle + 1;
      else high = middle;
    }
    return kept[low * 2 + 1] ?? -1;
  }

  /** Whether so much is kept that whoever writes should leave the table to the others. */
  isLarge(rowCount: number): boolean {
    return this.#count >= KEPT_MIN && this.#count > rowCount / KEPT_DIVISOR;
  }
}
