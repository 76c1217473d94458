/**
 * Which rows of several sources make up a manifest: a merge of sorted base rows and sorted changes
 * that yields runs of rows, so that a million references are chosen without looking at each.
 */
import { compareCoordinates } from "../../base/coordinates.ts";
import { assert } from "../../base/errors.ts";
import type { Extent } from "../../base/extent.ts";
import type { BulkRows } from "./bulk-rows.ts";
import { readCoordinates } from "./row-values.ts";

/** Rows in order of coordinates: those that `order` lists, or all. */
export interface SortedRows {
  readonly rows: BulkRows;
  readonly order?: Uint32Array | undefined;
}

/** Rows in order of coordinates, all distinct, as runs of rows of sources. */
export interface RowSelection {
  readonly rank: number;
  /** How many rows there are. */
  readonly length: number;
  readonly sources: readonly SortedRows[];
  /** Three numbers a run: its source, and where in that it starts and ends. */
  readonly runs: Uint32Array;
}

/** What `selectRows` chooses from. */
interface SelectionInput {
  readonly rank: number;
  /** Where two hold the same chunk the earlier one counts. */
  readonly base: readonly SortedRows[];
  /** A change replaces what the base holds. */
  readonly changes?: SortedRows | undefined;
  /** One extent per dimension. */
  readonly within: readonly Extent[];
}

/**
 * The rows inside `within`, changes over base, without tombstones. Base rows of another rank than
 * `rank` can belong to no chunk of the array and are left out. Each change costs a bisection of
 * the base rows, where they are known to lie inside `within`.
 */
export function selectRows({ rank, base, changes, within }: SelectionInput): RowSelection {
  assert(within.length === rank, "a selection has one extent per dimension");
  assert(changes === undefined || changes.rows.rank === rank, "changes have the array's rank");
  const sources: SortedRows[] = changes === undefined ? [] : [changes];
  for (const rows of base) if (rows.rows.rank === rank) sources.push(rows);
  const heap: Cursor[] = [];
  for (const [source, rows] of sources.entries()) {
    const cursor = new Cursor(rows, source);
    if (cursor.goTo(0)) heap.push(cursor);
  }
  const sink = new Sink(within);
  mergeCursors(heap, sink);
  return { rank, length: sink.length, sources, runs: sink.runs() };
}

/** A position in one source. */
class Cursor {
  readonly rows: BulkRows;
  readonly order: Uint32Array | undefined;
  /** The source's number: the lower one counts where two hold the same chunk. */
  readonly source: number;
  /** How many rows there are to go through. */
  readonly count: number;
  /** Coordinates of the current row. */
  readonly head: Uint32Array;
  readonly #asked: Uint32Array;
  at = 0;

  constructor({ rows, order }: SortedRows, source: number) {
    this.rows = rows;
    this.order = order;
    this.source = source;
    this.count = order?.length ?? rows.length;
    this.head = new Uint32Array(rows.rank);
    this.#asked = new Uint32Array(rows.rank);
  }

  /** Makes `position` the current one; false at the end. */
  goTo(position: number): boolean {
    this.at = position;
    if (position >= this.count) return false;
    this.#read(position, this.head);
    return true;
  }

  /** The coordinates at a position, until the next such question. */
  coordinatesAt(position: number): Uint32Array {
    return this.#read(position, this.#asked);
  }

  /** Of equal ones, that of the source that counts comes first. */
  comesBefore(other: Cursor, coordinates = this.head): boolean {
    const sign = compareCoordinates(coordinates, 0, other.head, 0, coordinates.length);
    return sign === 0 ? this.source < other.source : sign < 0;
  }

  /** The end of the rows from the current one on that come before the current one of `other`. */
  endBefore(other: Cursor): number {
    const { count } = this;
    let low = this.at;
    if (low + 1 < count && !this.#isBefore(low + 1, other)) return low + 1;
    if (this.#isBefore(count - 1, other)) return count;
    let high = count - 1;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (this.#isBefore(middle, other)) low = middle;
      else high = middle;
    }
    return high;
  }

  #isBefore(position: number, other: Cursor): boolean {
    return this.comesBefore(other, this.coordinatesAt(position));
  }

  #read(position: number, target: Uint32Array): Uint32Array {
    const row = this.order === undefined ? position : (this.order[position] as number);
    readCoordinates(this.rows, row, target);
    return target;
  }
}

/** Collects runs: of those that are offered, the rows that are inside and no tombstones. */
class Sink {
  readonly #within: readonly Extent[];
  #runs = new Uint32Array(3 * 4);
  #runsEnd = 0;
  length = 0;

  constructor(within: readonly Extent[]) {
    this.#within = within;
  }

  /** Takes rows of `cursor` from the current one up to position `end`. */
  take({ rows, order, source, at }: Cursor, end: number): void {
    let start = at;
    while (start < end) {
      const unfit = rows.firstUnfit({ order, start, end }, this.#within);
      if (unfit > start) this.#push(source, start, unfit);
      start = unfit + 1;
    }
  }

  runs(): Uint32Array {
    return this.#runs.subarray(0, this.#runsEnd);
  }

  #push(source: number, start: number, end: number): void {
    this.length += end - start;
    const at = this.#runsEnd;
    if (at === this.#runs.length) {
      const grown = new Uint32Array(2 * at);
      grown.set(this.#runs);
      this.#runs = grown;
    }
    this.#runs[at] = source;
    this.#runs[at + 1] = start;
    this.#runs[at + 2] = end;
    this.#runsEnd = at + 3;
  }
}

/** Feeds `sink` in order of coordinates. `heap` is a binary heap once the first loop has built it. */
function mergeCursors(heap: Cursor[], sink: Sink): void {
  for (let i = (heap.length >>> 1) - 1; i >= 0; i--) siftDown(heap, i);
  let taken: Uint32Array | undefined; // Coordinates of the row taken last, which others may repeat.
  while (heap.length > 0) {
    const first = heap[0] as Cursor;
    let end = first.at + 1;
    if (taken === undefined || compareCoordinates(first.head, 0, taken, 0, taken.length) !== 0) {
      end = heap.length === 1 ? first.count : first.endBefore(secondOf(heap));
      sink.take(first, end);
      if (heap.length > 1) taken = first.coordinatesAt(end - 1);
    }
    if (!first.goTo(end)) {
      const last = heap.pop() as Cursor;
      if (heap.length === 0) return;
      heap[0] = last;
    }
    if (heap.length > 1) siftDown(heap, 0);
  }
}

/** The least of a heap but its first. */
function secondOf(heap: readonly Cursor[]): Cursor {
  const left = heap[1] as Cursor;
  const right = heap[2];
  return right?.comesBefore(left) ? right : left;
}

function siftDown(heap: Cursor[], from: number): void {
  const cursor = heap[from] as Cursor;
  let at = from;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    const right = child + 1;
    if (right < heap.length && (heap[right] as Cursor).comesBefore(heap[child] as Cursor)) {
      child = right;
    }
    if (!(heap[child] as Cursor).comesBefore(cursor)) break;
    heap[at] = heap[child] as Cursor;
    at = child;
  }
  heap[at] = cursor;
}
