/**
 * The order of things among the references of one array: tables with their coordinates and
 * payload, each location behind the last reference that uses it, and copies of the vtables every
 * few kilobytes. So what a table says of its vtable and its location repeats from one group of
 * references to the next: half the size once compressed, and less to compress, than with one
 * vtable in front and all locations behind. Measuring and writing walk through it alike.
 */
import { ROW_INLINE, ROW_VIRTUAL } from "./chunk-rows.ts";
import type { RowBlocks } from "./row-blocks.ts";
import { LAYOUT_CODES_END, type RefTableLayout, refTableLayouts } from "./table-layouts.ts";

/** A table is at most so far from its vtable: a copy takes 24 bytes, once for 200 references. */
const VTABLE_REACH_BYTES = 8192;
/**
 * Sooner where a group of references ends: behind a location, and where a row of the grid starts,
 * so that tables of one column stand equally far apart in all rows.
 */
const VTABLE_REACH_BYTES_MIN = 4096;

const OUT_OF_REACH = Number.NEGATIVE_INFINITY;

/** The locations of a manifest by number, shared by all its references. */
export interface LocationColumns {
  readonly byteLengths: Uint32Array;
  /** The last reference that uses it, counted over all arrays. */
  readonly lastUse: Uint32Array;
  /** Where it stands, once that reference is laid out. */
  readonly at: Float64Array;
}

/** Where a string at `at`, its length in front and a NUL behind, ends. */
export function stringEnd(at: number, byteLength: number): number {
  const end = at + 5 + byteLength;
  return end + (-end & 3);
}

/** Lays out references, block by block. */
export class RefLayout {
  readonly blocks: RowBlocks;
  /** Of the rows of the block: where its table stands, and that one's vtable. */
  readonly tableAt: Int32Array;
  readonly vtableAt: Int32Array;
  /** Where the next thing goes. */
  at = 0;
  /** What the official verifier counts, with shared locations at every use. */
  apparentBytes = 0;
  readonly #start: number;
  readonly #firstNumber: number;
  readonly #locations: LocationColumns | undefined;
  /** References laid out. */
  #count = 0;
  readonly #vtables = new Float64Array(LAYOUT_CODES_END).fill(OUT_OF_REACH);
  #isBehindString = false;
  #column = -1;

  /** From `start` on; the first reference is number `firstNumber` of the manifest. */
  constructor(
    blocks: RowBlocks,
    start: number,
    firstNumber: number,
    locations: LocationColumns | undefined,
  ) {
    const { capacity } = blocks.columns;
    this.blocks = blocks;
    this.tableAt = new Int32Array(capacity);
    this.vtableAt = new Int32Array(capacity);
    this.at = start;
    this.#start = start;
    this.#firstNumber = firstNumber;
    this.#locations = locations;
  }

  /** Lays out the next block; how many references it has. 0 at the end, after which it starts over. */
  next(): number {
    const count = this.blocks.next();
    const { length } = this.blocks.selection;
    if (this.#count === length) {
      if (count === 0 || this.blocks.isSingle) return count;
      this.#restart();
    }
    this.#add(count);
    return count;
  }

  /** The number of the block's first reference. */
  numberOfFirst(count: number): number {
    return this.#firstNumber + this.#count - count;
  }

  #restart(): void {
    this.at = this.#start;
    this.apparentBytes = 0;
    this.#count = 0;
    this.#vtables.fill(OUT_OF_REACH);
    this.#isBehindString = false;
    this.#column = -1;
  }

  #add(count: number): void {
    const { rank, codes, coordinates, lengths, locations } = this.blocks.columns;
    const layouts = refTableLayouts();
    const indexBytes = 4 + 4 * rank;
    const shared = this.#locations;
    const { tableAt, vtableAt } = this;
    const firstNumber = this.#firstNumber + this.#count;
    const vtables = this.#vtables;
    let { at, apparentBytes } = this;
    let isBehindString = this.#isBehindString;
    let lastColumn = this.#column;
    for (let i = 0, columnAt = rank - 1; i < count; i++, columnAt += rank) {
      const code = codes[i] as number;
      const layout = layouts[code] as RefTableLayout;
      const column = rank === 0 ? 0 : (coordinates[columnAt] as number);
      const reach =
        isBehindString || column <= lastColumn ? VTABLE_REACH_BYTES_MIN : VTABLE_REACH_BYTES;
      lastColumn = column;
      isBehindString = false;
      if (at - (vtables[code] as number) > reach) {
        vtables[code] = at;
        at += layout.vtable.byteLength;
        at += -at & 3;
      }
      if (layout.alignment === 8) at += -at & 7;
      tableAt[i] = at;
      vtableAt[i] = vtables[code] as number;
      at += layout.sizeBytes + indexBytes;
      apparentBytes += layout.apparentBytes + indexBytes;
      if ((code & 3) === ROW_INLINE) {
        at += 4 + (lengths[i] as number);
        at += -at & 3;
        apparentBytes += 4 + (lengths[i] as number);
      } else if ((code & 3) === ROW_VIRTUAL && shared !== undefined) {
        const location = locations[i] as number;
        const byteLength = shared.byteLengths[location] as number;
        apparentBytes += 4 + byteLength;
        if (shared.lastUse[location] !== firstNumber + i) continue;
        shared.at[location] = at;
        at = stringEnd(at, byteLength);
        isBehindString = true;
      }
    }
    this.at = at;
    this.apparentBytes = apparentBytes;
    this.#isBehindString = isBehindString;
    this.#column = lastColumn;
    this.#count += count;
  }
}
