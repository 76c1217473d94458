/** The rows of a selection in blocks of columns, one after the other, as often as needed. */
import type { ManifestStrings } from "./manifest-strings.ts";
import { RowColumns } from "./row-columns.ts";
import type { RowSelection, SortedRows } from "./row-selection.ts";

/** Reads a selection. Strings stand in the columns by their numbers. */
export class RowBlocks {
  readonly columns: RowColumns;
  readonly selection: RowSelection;
  readonly #firstSource: number;
  readonly #strings: ManifestStrings | undefined;
  /** Where the next block starts: a run, and how many of its rows are read. */
  #run = 0;
  #done = 0;
  /** How many rows of all blocks are read. */
  #rowsRead = 0;
  /** The only block is read, and stays where it is. */
  #isKept = false;
  /** Numbers of the strings of all rows, found the first time: that takes hashing, or decompressing. */
  readonly #locations: Uint32Array;
  readonly #etags: Uint32Array;
  #isNumbered = false;

  /** The sources have those numbers in `strings` that follow `firstSource`. */
  constructor(selection: RowSelection, firstSource: number, strings: ManifestStrings | undefined) {
    this.selection = selection;
    this.columns = new RowColumns(selection.rank, selection.length);
    this.#firstSource = firstSource;
    this.#strings = strings;
    const keptCount = strings === undefined || this.#isOneBlock ? 0 : selection.length;
    this.#locations = new Uint32Array(keptCount);
    this.#etags = new Uint32Array(keptCount);
  }

  /** Starts over. */
  rewind(): void {
    this.#run = 0;
    this.#done = 0;
    this.#rowsRead = 0;
  }

  /** Reads the next block; how many rows it has, 0 at the end. */
  next(): number {
    const { runs, length } = this.selection;
    const { capacity } = this.columns;
    if (this.#isKept && this.#run === 0) {
      this.#run = runs.length;
      return length;
    }
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
    if (this.#isOneBlock) this.#isKept = true;
    else if (this.#strings !== undefined) this.#keepNumbers(count);
    this.#rowsRead += count;
    return count;
  }

  get #isOneBlock(): boolean {
    return this.selection.length <= this.columns.capacity;
  }

  #keepNumbers(count: number): void {
    const { locations, etags } = this.columns;
    const start = this.#rowsRead;
    const end = start + count;
    if (this.#isNumbered) {
      locations.set(this.#locations.subarray(start, end));
      etags.set(this.#etags.subarray(start, end));
    } else {
      this.#locations.set(locations.subarray(0, count), start);
      this.#etags.set(etags.subarray(0, count), start);
      this.#isNumbered = end === this.selection.length;
    }
  }

  #read(source: number, start: number, end: number, at: number): void {
    const { columns } = this;
    const { rows, order } = this.selection.sources[source] as SortedRows;
    rows.readColumns({ order, start, end }, columns, at);
    if (!rows.mayHoldVirtual || this.#isNumbered) return;
    this.#strings?.number(columns, this.#firstSource + source, at, at + end - start);
  }
}
