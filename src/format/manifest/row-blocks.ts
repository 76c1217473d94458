/** The rows of a selection in blocks of columns, one after the other, as often as needed. */

import { ROW_VIRTUAL } from "./chunk-rows.ts";
import { RowColumns } from "./row-columns.ts";
import type { RowSelection, SortedRows } from "./row-selection.ts";
import type { StringNumbers } from "./string-numbers.ts";
import { HAS_ETAG } from "./table-layouts.ts";

/** Numbers for the strings of a manifest, if it may have any. */
export interface ManifestStrings {
  readonly locations: StringNumbers;
  readonly etags: StringNumbers;
}

/** Reads a selection. Strings stand in the columns by their numbers. */
export class RowBlocks {
  readonly columns: RowColumns;
  readonly selection: RowSelection;
  readonly #firstSource: number;
  readonly #strings: ManifestStrings | undefined;
  /** Where the next block starts: a run, and how many of its rows are read. */
  #run = 0;
  #done = 0;
  /** The only block stays where it is. */
  #isKept = false;

  /** The sources have those numbers in `strings` that follow `firstSource`. */
  constructor(selection: RowSelection, firstSource: number, strings: ManifestStrings | undefined) {
    this.selection = selection;
    this.columns = new RowColumns(selection.rank, selection.length, strings !== undefined);
    this.#firstSource = firstSource;
    this.#strings = strings;
  }

  /** Whether all rows are one block. */
  get isSingle(): boolean {
    return this.selection.length <= this.columns.capacity;
  }

  /** Reads the next block; how many rows it has. 0 at the end, after which it starts over. */
  next(): number {
    const { runs, length } = this.selection;
    if (this.#run === runs.length) {
      this.#run = 0;
      return 0;
    }
    if (this.#isKept) {
      this.#run = runs.length;
      return length;
    }
    const { capacity } = this.columns;
    let count = 0;
    while (count < capacity && this.#run < runs.length) {
      const start = (runs[this.#run + 1] as number) + this.#done;
      const runEnd = runs[this.#run + 2] as number;
      const end = Math.min(runEnd, start + capacity - count);
      this.#read(runs[this.#run] as number, start, end, count);
      count += end - start;
      if (end < runEnd) this.#done += end - start;
      else {
        this.#run += 3;
        this.#done = 0;
      }
    }
    this.#isKept = this.isSingle;
    return count;
  }

  #read(source: number, start: number, end: number, at: number): void {
    const { columns } = this;
    const { rows, order } = this.selection.sources[source] as SortedRows;
    rows.readColumns({ order, start, end }, columns, at);
    if (this.#strings === undefined || !rows.mayHoldVirtual) return;
    const { codes, locations, etags } = columns;
    const read = { codes, start: at, end: at + end - start };
    const number = this.#firstSource + source;
    this.#strings.locations.number(locations, number, { ...read, mask: ROW_VIRTUAL });
    this.#strings.etags.number(etags, number, { ...read, mask: HAS_ETAG });
  }
}
