/**
 * Which rows of several sources make up a manifest: a merge of sorted base rows and sorted changes
 * that yields row numbers only, so that a million references are chosen without copying one.
 */
import { compareCoordinates, TightBox } from "../../base/coordinates.ts";
import { assert } from "../../base/errors.ts";
import type { Extent } from "../../base/extent.ts";
import { type ChunkRows, ROW_TOMBSTONE } from "./chunk-rows.ts";
import { readCoordinates } from "./row-values.ts";

/** Rows `rowOf[i]` of `sources[sourceOf[i]]` for i in [0, length), in order of coordinates, all distinct. */
export interface RowSelection {
  readonly rank: number;
  readonly sources: readonly ChunkRows[];
  readonly sourceOf: Uint32Array;
  readonly rowOf: Uint32Array;
  readonly length: number;
}

/** What `selectRows` chooses from. */
interface SelectionInput {
  readonly rank: number;
  /** Each sorted by coordinates. Where two hold the same chunk the earlier one counts. */
  readonly base: readonly ChunkRows[];
  /** `order` lists rows in order of coordinates. A change replaces what the base holds. */
  readonly changes?: { readonly rows: ChunkRows; readonly order: Uint32Array } | undefined;
  /** One extent per dimension. */
  readonly within: readonly Extent[];
}

/**
 * The rows inside `within`, changes over base, without tombstones. Base rows of another rank than
 * `rank` can belong to no chunk of the array and are left out. Time grows with the rows offered.
 */
export function selectRows(input: SelectionInput): RowSelection {
  const { rank, changes, within } = input;
  assert(within.length === rank, "a selection has one extent per dimension");
  assert(changes === undefined || changes.rows.rank === rank, "changes have the array's rank");
  const cursors: Cursor[] = [];
  if (changes !== undefined) cursors.push(new Cursor(changes.rows, changes.order, 0));
  for (const rows of input.base) {
    if (rows.rank === rank) cursors.push(new Cursor(rows, undefined, cursors.length));
  }
  const sources = cursors.map(({ rows }) => rows);
  const rowCount = cursors.reduce((sum, { count }) => sum + count, 0);
  const sink = new Sink(sources, rank, within, rowCount);
  mergeCursors(
    cursors.filter((cursor) => cursor.load()),
    sink,
  );
  return sink.selection();
}

/** Tight extents of the selected rows; [0, 0) in every dimension if there are none. */
export function extentsOf(selection: RowSelection): Extent[] {
  const { rank, sources, sourceOf, rowOf, length } = selection;
  const box = new TightBox(rank);
  for (let i = 0; i < length; i++) {
    const rows = sources[sourceOf[i] as number] as ChunkRows;
    const row = rowOf[i] as number;
    for (let d = 0; d < rank; d++) box.cover(d, rows.coordinate(row, d));
  }
  return Array.from(box.ends, (end, d) => ({
    start: length === 0 ? 0 : (box.starts[d] as number),
    end,
  }));
}

/** A position in one source. */
class Cursor {
  readonly rows: ChunkRows;
  /** The source's number: the lower one counts where two hold the same chunk. */
  readonly source: number;
  /** Coordinates of the current row. */
  readonly head: Uint32Array;
  readonly order: Uint32Array | undefined;
  /** How many rows there are to go through. */
  readonly count: number;
  #at = 0;
  row = 0;

  constructor(rows: ChunkRows, order: Uint32Array | undefined, source: number) {
    this.rows = rows;
    this.source = source;
    this.head = new Uint32Array(rows.rank);
    this.order = order;
    this.count = order?.length ?? rows.length;
  }

  /** Reads the current row; false at the end. */
  load(): boolean {
    if (this.#at >= this.count) return false;
    const row = this.order === undefined ? this.#at : (this.order[this.#at] as number);
    this.row = row;
    readCoordinates(this.rows, row, this.head);
    return true;
  }

  /** Goes to the next row; false at the end. */
  next(): boolean {
    this.#at++;
    return this.load();
  }

  comesBefore(other: Cursor): boolean {
    const sign = compareCoordinates(this.head, 0, other.head, 0, this.head.length);
    return sign === 0 ? this.source < other.source : sign < 0;
  }
}

/** Collects merged rows: the first of equal coordinates, if inside and no tombstone. */
class Sink {
  readonly #sources: readonly ChunkRows[];
  readonly #rank: number;
  readonly #starts: Float64Array;
  readonly #ends: Float64Array;
  readonly #last: Uint32Array;
  readonly #sourceOf: Uint32Array;
  readonly #rowOf: Uint32Array;
  #isFirst = true;
  #length = 0;

  constructor(
    sources: readonly ChunkRows[],
    rank: number,
    within: readonly Extent[],
    rowCount: number,
  ) {
    this.#sources = sources;
    this.#rank = rank;
    this.#starts = Float64Array.from(within, ({ start }) => start);
    this.#ends = Float64Array.from(within, ({ end }) => end);
    this.#last = new Uint32Array(rank);
    this.#sourceOf = new Uint32Array(rowCount);
    this.#rowOf = new Uint32Array(rowCount);
  }

  take(cursor: Cursor): void {
    const { head } = cursor;
    let isInside = true;
    let isRepeated = !this.#isFirst;
    for (let d = 0; d < head.length; d++) {
      const coordinate = head[d] as number;
      if (coordinate < (this.#starts[d] as number) || coordinate >= (this.#ends[d] as number)) {
        isInside = false;
      }
      if (coordinate !== this.#last[d]) isRepeated = false;
      this.#last[d] = coordinate;
    }
    this.#isFirst = false;
    if (isRepeated || !isInside || cursor.rows.kind(cursor.row) === ROW_TOMBSTONE) return;
    this.#sourceOf[this.#length] = cursor.source;
    this.#rowOf[this.#length] = cursor.row;
    this.#length++;
  }

  /** As `take` for every row of the only source, if those are changes: they are distinct already. */
  takeAll({ rows, order, count, source }: Cursor): void {
    const rank = this.#rank;
    for (let at = 0; at < count; at++) {
      const row = order === undefined ? at : (order[at] as number);
      if (rows.kind(row) === ROW_TOMBSTONE) continue;
      let isInside = true;
      for (let d = 0; d < rank; d++) {
        const coordinate = rows.coordinate(row, d);
        if (coordinate < (this.#starts[d] as number) || coordinate >= (this.#ends[d] as number)) {
          isInside = false;
          break;
        }
      }
      if (!isInside) continue;
      this.#sourceOf[this.#length] = source;
      this.#rowOf[this.#length++] = row;
    }
  }

  selection(): RowSelection {
    return {
      rank: this.#rank,
      sources: this.#sources,
      sourceOf: this.#sourceOf.subarray(0, this.#length),
      rowOf: this.#rowOf.subarray(0, this.#length),
      length: this.#length,
    };
  }
}

/** Feeds `sink` in order of coordinates. `heap` is a binary heap once the loop below has built it. */
function mergeCursors(heap: Cursor[], sink: Sink): void {
  const [only] = heap;
  if (heap.length === 1 && only?.order !== undefined) {
    sink.takeAll(only);
    return;
  }
  for (let i = (heap.length >>> 1) - 1; i >= 0; i--) siftDown(heap, i);
  while (heap.length > 0) {
    const first = heap[0] as Cursor;
    sink.take(first);
    if (!first.next()) {
      const last = heap.pop() as Cursor;
      if (heap.length === 0) return;
      heap[0] = last;
    }
    if (heap.length > 1) siftDown(heap, 0);
  }
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
