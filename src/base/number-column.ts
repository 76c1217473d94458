/**
 * A growing column of non-negative safe integers that costs what its values need: nothing while
 * all are 0, 4 bytes a row below 2^32, 8 above. A million offsets of 0 take no memory.
 */

const UINT32_END = 2 ** 32;
const ROWS_MIN = 16;

/** Rows that a full column of `row` rows grows to: by half, so that appending is linear in time. */
export function grownCapacity(row: number): number {
  return Math.max(ROWS_MIN, row + (row >>> 1) + 1);
}

/** Numbers by row. Rows never set read as 0; a row that is reused must be set again. */
export class NumberColumn {
  #values: Uint32Array | Float64Array | undefined;

  /** The number at `row`. */
  get(row: number): number {
    return this.#values?.[row] ?? 0;
  }

  /**
   * Copies the numbers of rows [start, end), of the rows listed there in `order` if that is given,
   * to `target` from `at` on.
   */
  read(
    order: Uint32Array | undefined,
    start: number,
    end: number,
    target: Uint32Array | Float64Array,
    at: number,
  ): void {
    const values = this.#values;
    if (values === undefined) {
      target.fill(0, at, at + end - start);
      return;
    }
    for (let i = start, to = at; i < end; i++, to++) {
      const row = order === undefined ? i : (order[i] as number);
      target[to] = row < values.length ? (values[row] as number) : 0;
    }
  }

  /** Stores a safe integer >= 0. */
  set(row: number, value: number): void {
    let values = this.#values;
    if (values === undefined) {
      if (value === 0) return;
      values = this.#grow(row, 0);
    } else if (row >= values.length) {
      if (value === 0) return;
      values = this.#grow(row, values.length);
    }
    if (value >= UINT32_END && values instanceof Uint32Array) {
      values = Float64Array.from(values);
      this.#values = values;
    }
    values[row] = value;
  }

  /** Stores the first `count` of `source` from row `start` on, behind all rows that were set. */
  setRange(start: number, source: Uint32Array | Float64Array, count: number): void {
    let most = 0;
    for (let i = 0; i < count; i++) {
      const value = source[i] as number;
      if (value > most) most = value;
    }
    if (most === 0) {
      this.fill(start, start + count, 0);
      return;
    }
    const values = this.#room(start + count, most);
    for (let i = 0; i < count; i++) values[start + i] = source[i] as number;
  }

  /** Stores `value` in rows [start, end), behind all rows that were set. */
  fill(start: number, end: number, value: number): void {
    if (value === 0)
      this.#values?.fill(0, start, end); // A removed row may have left something.
    else if (end > start) this.#room(end, value).fill(value, start, end);
  }

  /** The column with room for rows [0, end) of values up to `most`. */
  #room(end: number, most: number): Uint32Array | Float64Array {
    let values = this.#values;
    if (values === undefined || end > values.length)
      values = this.#grow(end - 1, values?.length ?? 0);
    if (most >= UINT32_END && values instanceof Uint32Array) {
      values = Float64Array.from(values);
      this.#values = values;
    }
    return values;
  }

  /** A column of its own with the same numbers in rows [0, length). */
  clone(length: number): NumberColumn {
    const copy = new NumberColumn();
    copy.#values = this.#values?.slice(0, length);
    return copy;
  }

  get bytesHeld(): number {
    return this.#values?.byteLength ?? 0;
  }

  #grow(row: number, from: number): Uint32Array | Float64Array {
    const capacity = Math.max(row + 1, grownCapacity(from));
    const old = this.#values;
    const values =
      old instanceof Float64Array ? new Float64Array(capacity) : new Uint32Array(capacity);
    if (old !== undefined) values.set(old);
    this.#values = values;
    return values;
  }
}
