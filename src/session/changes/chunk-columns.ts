/** The columns of a chunk table, and the upkeep of what they hold. */
import { grownCapacity, NumberColumn } from "../../base/number-column.ts";
import { HAS_OFFSET, type RowRun } from "../../format/manifest/bulk-rows.ts";
import {
  ROW_INLINE,
  ROW_NATIVE,
  ROW_TOMBSTONE,
  ROW_VIRTUAL,
} from "../../format/manifest/chunk-rows.ts";
import type { RowColumns } from "../../format/manifest/row-columns.ts";
import { ChunkIdColumn } from "./chunk-id-column.ts";
import { CoordinateIndex } from "./coordinate-index.ts";
import type { Dot } from "./dot.ts";
import { DotDictionary } from "./dot-dictionary.ts";
import { InlinePayloads } from "./inline-payloads.ts";
import type { VirtualRows } from "./virtual-rows.ts";
import type { VirtualTargets } from "./virtual-targets.ts";

/** Rows as they are written; which of them a table looks at, it knows itself. */
export class ChunkColumns {
  index: CoordinateIndex;
  kinds: Uint8Array = new Uint8Array(0);
  /** Inline: position in `payloads`. Native and virtual: byte offset in the target. */
  offsets: NumberColumn = new NumberColumn();
  lengths: NumberColumn = new NumberColumn();
  chunkIds: ChunkIdColumn = new ChunkIdColumn();
  /** `undefined`: no row is virtual. */
  targets: VirtualTargets | undefined;
  payloads: InlinePayloads = new InlinePayloads();
  dotCodes: NumberColumn = new NumberColumn();
  dots: DotDictionary = new DotDictionary();

  constructor(rank: number) {
    this.index = new CoordinateIndex(rank);
  }

  /** Bytes of memory held by columns, arenas and index. */
  get bytesHeld(): number {
    const columns = this.offsets.bytesHeld + this.lengths.bytesHeld + this.dotCodes.bytesHeld;
    const payloads = this.chunkIds.bytesHeld + this.payloads.bytesHeld;
    const targets = this.targets?.bytesHeld ?? 0;
    return this.index.bytesHeld + this.kinds.byteLength + columns + payloads + targets;
  }

  /** Columns of their own with the same rows. */
  clone(): ChunkColumns {
    const { length, rank } = this.index;
    const copy = new ChunkColumns(rank);
    copy.index = this.index.clone();
    copy.kinds = this.kinds.slice(0, length);
    copy.offsets = this.offsets.clone(length);
    copy.lengths = this.lengths.clone(length);
    copy.chunkIds = this.chunkIds.clone(length);
    copy.targets = this.targets?.clone(length);
    copy.payloads = this.payloads.clone();
    copy.dotCodes = this.dotCodes.clone(length);
    copy.dots = this.dots.clone();
    return copy;
  }

  /** Reads a run of rows to those of `columns` from `at` on. */
  read(run: RowRun, columns: RowColumns, at: number): void {
    const { order, start, end } = run;
    const { kinds, payloads, chunkIds } = this;
    const { codes, offsets, bytesIn, bytesAt } = columns;
    this.index.read(run, columns.coordinates, at);
    this.lengths.read(order, start, end, columns.lengths, at);
    this.offsets.read(order, start, end, offsets, at);
    for (let i = start, to = at; i < end; i++, to++) {
      const row = order === undefined ? i : (order[i] as number);
      const kind = kinds[row] as number;
      const offset = offsets[to] as number;
      let code = kind;
      if (kind === ROW_INLINE) {
        bytesIn[to] = payloads.slabOf(offset);
        bytesAt[to] = payloads.offsetIn(offset);
      } else if (offset !== 0) code |= HAS_OFFSET;
      if (kind === ROW_NATIVE) {
        bytesIn[to] = chunkIds.bytes;
        bytesAt[to] = chunkIds.offsetOf(row);
      }
      codes[to] = code;
    }
    this.targets?.read(run, columns, at);
  }

  /** Appends virtual rows if all of them come behind the last one; else answers false. */
  appendVirtual(rows: VirtualRows, dot: Dot): boolean {
    const { count, coordinates, offsets, lengths } = rows;
    const start = this.index.length;
    if (!this.index.appendAscending(coordinates, count)) return false;
    const end = start + count;
    if (end > this.kinds.length) this.growKinds(Math.max(end, grownCapacity(start)));
    this.kinds.fill(ROW_VIRTUAL, start, end);
    this.offsets.setRange(start, offsets, count);
    this.lengths.setRange(start, lengths, count);
    this.targets?.setRange(start, end, rows);
    this.dotCodes.fill(start, end, this.dots.codeOf(dot));
    return true;
  }

  /** What a row holds is not needed any more. */
  discard(row: number): void {
    const kind = this.kinds[row];
    if (kind === ROW_VIRTUAL) this.targets?.set(row, 0, 0, 0);
    else if (kind === ROW_INLINE) {
      this.payloads.discard(this.lengths.get(row));
      // Compaction, which may run now, must leave the row out.
      this.kinds[row] = ROW_TOMBSTONE;
      if (this.payloads.isWasteful) this.#compactPayloads();
    }
  }

  /** Drops a row that was discarded; the last row takes its number. */
  remove(row: number): void {
    const last = this.index.length - 1;
    this.index.remove(row);
    if (row === last) return;
    this.kinds[row] = this.kinds[last] as number;
    this.chunkIds.move(last, row);
    for (const column of [this.offsets, this.lengths, this.dotCodes]) {
      column.set(row, column.get(last));
    }
    this.targets?.move(last, row);
  }

  /** Drops strings that no row uses, if there are many. */
  limitStrings(): void {
    this.targets?.limitStrings(this.index.length, (row) => this.kinds[row] === ROW_VIRTUAL);
  }

  growKinds(capacity: number): void {
    const grown = new Uint8Array(capacity);
    grown.set(this.kinds);
    this.kinds = grown;
  }

  #compactPayloads(): void {
    const viewOld = this.payloads.compact();
    for (let row = 0; row < this.index.length; row++) {
      if (this.kinds[row] !== ROW_INLINE) continue;
      const payload = viewOld(this.offsets.get(row), this.lengths.get(row));
      this.offsets.set(row, this.payloads.append(payload));
    }
  }
}
