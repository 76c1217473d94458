/**
 * The order of things among the references of one array: tables with their coordinates and
 * payload, each location behind the last reference that uses it, and copies of the vtables every
 * few kilobytes. So what a table says of its vtable and its location repeats from one group of
 * references to the next: half the size once compressed, and less to compress, than with one
 * vtable in front and all locations behind. Measuring and writing walk through it alike.
 */
import { ROW_INLINE, ROW_VIRTUAL } from "./chunk-rows.ts";
import type { ManifestStrings } from "./manifest-strings.ts";
import type { RowBlocks } from "./row-blocks.ts";
import { LAYOUT_CODES_END, REF_TABLE_LAYOUTS, type RefTableLayout } from "./table-layouts.ts";

/** A table is at most so far from its vtable: a copy takes 24 bytes, once for 200 references. */
const VTABLE_REACH_BYTES = 8192;
/**
 * Sooner where a group of references ends: behind a location, and where a row of the grid starts,
 * so that tables of one column stand equally far apart in all rows.
 */
const VTABLE_REACH_BYTES_MIN = 4096;

const OUT_OF_REACH = Number.NEGATIVE_INFINITY;

/** Lays out references, block by block. */
export class RefLayout {
  readonly blocks: RowBlocks;
  /** Of references by code. */
  readonly layouts: readonly RefTableLayout[] = REF_TABLE_LAYOUTS;
  /** Of the rows of the block: where its table stands, and that one's vtable. */
  readonly tableAt: Int32Array;
  readonly vtableAt: Int32Array;
  /** The number of the block's first reference, counted over all arrays. */
  firstNumber = 0;
  /** Where the next thing goes. */
  at = 0;
  /** What the official verifier counts, with shared locations at every use. */
  apparentBytes = 0;
  readonly #strings: ManifestStrings | undefined;
  readonly #vtables = new Float64Array(LAYOUT_CODES_END);
  #nextNumber = 0;
  #isBehindString = false;
  #column = -1;

  constructor(blocks: RowBlocks, strings: ManifestStrings | undefined) {
    const { capacity } = blocks.columns;
    this.blocks = blocks;
    this.tableAt = new Int32Array(capacity);
    this.vtableAt = new Int32Array(capacity);
    this.#strings = strings;
  }

  /** Starts with the first block, from `at` on; `number` references of other arrays come before. */
  start(at: number, number: number): void {
    this.blocks.rewind();
    this.at = at;
    this.apparentBytes = 0;
    this.#nextNumber = number;
    this.#vtables.fill(OUT_OF_REACH);
    this.#isBehindString = false;
    this.#column = -1;
  }

  /** Lays out the next block; how many references it has, 0 at the end. */
  next(): number {
    const count = this.blocks.next();
    this.firstNumber = this.#nextNumber;
    this.#nextNumber += count;
    this.#add(count);
    return count;
  }

  #add(count: number): void {
    const { rank, codes, coordinates, lengths, locations } = this.blocks.columns;
    const indexBytes = 4 + 4 * rank;
    const strings = this.#strings;
    const { layouts, tableAt, vtableAt, firstNumber } = this;
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
      } else if ((code & 3) === ROW_VIRTUAL && strings !== undefined) {
        const location = locations[i] as number;
        apparentBytes += 4 + strings.locationBytes(location);
        const end = strings.layOutLocation(location, firstNumber + i, at);
        isBehindString = end !== at;
        at = end;
      }
    }
    this.at = at;
    this.apparentBytes = apparentBytes;
    this.#isBehindString = isBehindString;
    this.#column = lastColumn;
  }
}
