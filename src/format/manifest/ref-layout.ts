/**
 * The order of things among the references of one array: tables with their coordinates and
 * payload, each location behind the last reference that uses it, and copies of the vtables every
 * few kilobytes. So what a table says of its vtable and its location repeats from one group of
 * references to the next: half the size once compressed, and less to compress, than with one
 * vtable in front and all locations behind. Measuring and writing walk through it alike.
 */
import { LAYOUT_CODES_END, type RefTableLayout } from "./table-layouts.ts";

/** A table is at most so far from its vtable: a copy takes 24 bytes, once for 200 references. */
const VTABLE_REACH_BYTES = 8192;
/**
 * Sooner where a group of references ends: behind a location, and where a row of the grid starts,
 * so that tables of one column stand equally far apart in all rows.
 */
const VTABLE_REACH_BYTES_MIN = 4096;

const alignTo4 = (at: number): number => at + (-at & 3);

/** Where a string at `at`, its length in front and a NUL behind, ends. */
export const stringEnd = (at: number, byteLength: number): number => alignTo4(at + 5 + byteLength);

/** Lays out references one after the other. */
export class RefLayout {
  /** Where the next thing goes. */
  at: number;
  /** The table opened last, and its vtable. */
  tableAt = 0;
  vtableAt = 0;
  readonly #vtables = new Float64Array(LAYOUT_CODES_END).fill(Number.NEGATIVE_INFINITY);
  #isBehindString = false;
  #column = -1;

  constructor(start: number) {
    this.at = start;
  }

  /**
   * Lays out a table and its coordinates, of which `column` is the last; true if a copy of its
   * vtable goes to `vtableAt`.
   */
  openTable(
    code: number,
    tableLayout: RefTableLayout,
    indexBytes: number,
    column: number,
  ): boolean {
    const endsGroup = this.#isBehindString || column <= this.#column;
    this.#column = column;
    const reach = endsGroup ? VTABLE_REACH_BYTES_MIN : VTABLE_REACH_BYTES;
    const isDue = this.at - (this.#vtables[code] as number) > reach;
    if (isDue) {
      this.#vtables[code] = this.at;
      this.at = alignTo4(this.at + tableLayout.vtable.byteLength);
    }
    this.vtableAt = this.#vtables[code] as number;
    this.#isBehindString = false;
    if (tableLayout.alignment === 8) this.at += -this.at & 7;
    this.tableAt = this.at;
    this.at += tableLayout.sizeBytes + indexBytes;
    return isDue;
  }

  /** Lays out the payload of the table opened last; where. */
  addPayload(byteLength: number): number {
    const payloadAt = this.at;
    this.at = alignTo4(payloadAt + 4 + byteLength);
    return payloadAt;
  }

  /** Lays out a location behind the table opened last; where. */
  addString(byteLength: number): number {
    const stringAt = this.at;
    this.at = stringEnd(stringAt, byteLength);
    this.#isBehindString = true;
    return stringAt;
  }
}
