/**
 * What virtual references say beyond their byte range, by row: location, etag, time. Strings are
 * kept once each; overwritten ones go when they outnumber what the rows can use.
 */
import { ByteDictionary } from "../../base/byte-dictionary.ts";
import { assert } from "../../base/errors.ts";
import { NumberColumn } from "../../base/number-column.ts";
import { isCount } from "../../base/options.ts";
import { HAS_ETAG, HAS_LAST_MODIFIED, type RowRun } from "../../format/manifest/bulk-rows.ts";
import { ROW_VIRTUAL } from "../../format/manifest/chunk-rows.ts";
import type { RowColumns } from "../../format/manifest/row-columns.ts";
import type { Dot } from "./dot.ts";
import type { CodedVirtualRef, VirtualRows } from "./virtual-rows.ts";

/** What is asked of a table of chunks to take its rows as columns. */
interface VirtualSource {
  readonly length: number;
  readonly isAscending: boolean;
  readonly dots: readonly unknown[];
  readonly strings: ByteDictionary;
  kind(row: number): number;
  locationCode(row: number): number;
  etagCode(row: number): number;
  offset(row: number): number;
  byteLength(row: number): number;
  lastModifiedSeconds(row: number): number;
  sortedCoordinates(): Uint32Array;
}

/** A table that takes rows one by one. */
interface VirtualSink {
  readonly rank: number;
  setVirtualCoded(coordinates: Uint32Array, ref: CodedVirtualRef, dot: Dot): void;
}

const STRINGS_PER_ROW_MAX = 2; // A location and an etag.
const SPARE_STRINGS_MAX = 1024;

/** Columns for rows of any kind; those of other rows than virtual ones are cleared. */
export class VirtualTargets {
  /** Code in `strings`; 0 also where there is none. */
  #locations = new NumberColumn();
  /** Code in `strings`, plus 1; 0 = none. */
  #etags = new NumberColumn();
  #lastModifieds = new NumberColumn();
  #strings = new ByteDictionary();
  /** By other tables' strings: per code there the code here plus 1; 0 = not looked up yet. */
  #recodings = new WeakMap<ByteDictionary, Uint32Array>();

  /** Locations and etags. Read only; replaced by `limitStrings`. */
  get strings(): ByteDictionary {
    return this.#strings;
  }

  get bytesHeld(): number {
    const codes = this.#locations.bytesHeld + this.#etags.bytesHeld;
    return codes + this.#lastModifieds.bytesHeld + this.#strings.bytesHeld;
  }

  location(row: number): number {
    return this.#locations.get(row);
  }

  etag(row: number): number {
    return this.#etags.get(row);
  }

  lastModifiedSeconds(row: number): number {
    return this.#lastModifieds.get(row);
  }

  /** Reads what the virtual rows of a run have, and sets it in their codes. */
  read({ order, start, end }: RowRun, columns: RowColumns, at: number): void {
    const { codes, etags, lastModifieds } = columns;
    this.#locations.read(order, start, end, columns.locations, at);
    this.#etags.read(order, start, end, etags, at);
    this.#lastModifieds.read(order, start, end, lastModifieds, at);
    for (let row = at, rowsEnd = at + end - start; row < rowsEnd; row++) {
      let code = codes[row] as number;
      if ((code & 3) !== ROW_VIRTUAL) continue;
      const etag = etags[row] as number;
      if (etag !== 0) {
        code |= HAS_ETAG;
        etags[row] = etag - 1;
      }
      if (lastModifieds[row] !== 0) code |= HAS_LAST_MODIFIED;
      codes[row] = code;
    }
  }

  /** Asserts that offsets and lengths of rows are such numbers. */
  assertRows({ count, offsets, lengths }: VirtualRows): void {
    for (let i = 0; i < count; i++)
      assert(isCount(offsets[i]) && isCount(lengths[i]), "ranges are whole numbers below 2^53");
  }

  /** Sets `rows` in their table one by one. */
  setEach(table: VirtualSink, rows: VirtualRows, dot: Dot): void {
    const { rank } = table;
    const { count, coordinates, locations, etags, offsets, lengths, lastModifieds } = rows;
    for (let i = 0; i < count; i++) {
      const ref = {
        location: locations[i] as number,
        etag: etags?.[i] ?? 0,
        offset: offsets[i] as number,
        length: lengths[i] as number,
        lastModifiedSeconds: lastModifieds?.[i] ?? 0,
      };
      table.setVirtualCoded(coordinates.subarray(i * rank, (i + 1) * rank), ref, dot);
    }
  }

  /** Copies what one row says to another. */
  move(from: number, to: number): void {
    this.set(to, this.location(from), this.etag(from), this.lastModifiedSeconds(from));
  }

  /** For another table. */
  fresh(): VirtualTargets {
    return new VirtualTargets();
  }

  /** Sets rows [start, end), behind all rows that were set. */
  setRange(start: number, end: number, { locations, etags, lastModifieds }: VirtualRows): void {
    const count = end - start;
    this.#locations.setRange(start, locations, count);
    if (etags === undefined) this.#etags.fill(start, end, 0);
    else this.#etags.setRange(start, etags, count);
    if (lastModifieds === undefined) this.#lastModifieds.fill(start, end, 0);
    else this.#lastModifieds.setRange(start, lastModifieds, count);
  }

  set(row: number, location: number, etag: number, lastModifiedSeconds: number): void {
    this.#locations.set(row, location);
    this.#etags.set(row, etag);
    this.#lastModifieds.set(row, lastModifiedSeconds);
  }

  /** The code here of string `code` of another table, which is added if it is new. */
  recode(source: ByteDictionary, code: number): number {
    let codes = this.#recodings.get(source);
    if (codes === undefined || code >= codes.length) {
      const grown = new Uint32Array(source.length);
      if (codes !== undefined) grown.set(codes);
      codes = grown;
      this.#recodings.set(source, codes);
    }
    const known = codes[code] as number;
    if (known !== 0) return known - 1;
    const own = this.#strings.add(source.bytes(code));
    codes[code] = own + 1;
    return own;
  }

  /** All rows of another table, if they are virtual references in ascending order, of one write. */
  rowsOf(table: VirtualSource): VirtualRows | undefined {
    const recode = (code: number): number => this.recode(table.strings, code);
    const count = table.length;
    if (count === 0 || !table.isAscending || table.dots.length !== 1) return undefined;
    const locations = new Uint32Array(count);
    const offsets = new Float64Array(count);
    const lengths = new Float64Array(count);
    let etags: Uint32Array | undefined;
    let lastModifieds: Float64Array | undefined;
    for (let row = 0; row < count; row++) {
      if (table.kind(row) !== ROW_VIRTUAL) return undefined;
      locations[row] = recode(table.locationCode(row));
      offsets[row] = table.offset(row);
      lengths[row] = table.byteLength(row);
      const etag = table.etagCode(row);
      if (etag !== 0) {
        etags ??= new Uint32Array(count);
        etags[row] = recode(etag - 1) + 1;
      }
      const seconds = table.lastModifiedSeconds(row);
      if (seconds !== 0) {
        lastModifieds ??= new Float64Array(count);
        lastModifieds[row] = seconds;
      }
    }
    const coordinates = table.sortedCoordinates();
    return { count, coordinates, locations, etags, offsets, lengths, lastModifieds };
  }

  clone(rowCount: number): VirtualTargets {
    const copy = new VirtualTargets();
    copy.#locations = this.#locations.clone(rowCount);
    copy.#etags = this.#etags.clone(rowCount);
    copy.#lastModifieds = this.#lastModifieds.clone(rowCount);
    copy.#strings = this.#strings.clone();
    return copy;
  }

  /** Drops strings that no row uses, if there are many. `isVirtual` says which of the rows count. */
  limitStrings(rowCount: number, isVirtual: (row: number) => boolean): void {
    const old = this.#strings;
    if (old.length <= rowCount * STRINGS_PER_ROW_MAX * 2 + SPARE_STRINGS_MAX) return;
    this.#strings = new ByteDictionary();
    this.#recodings = new WeakMap();
    for (let row = 0; row < rowCount; row++) {
      if (!isVirtual(row)) continue;
      this.#locations.set(row, this.#strings.add(old.bytes(this.#locations.get(row))));
      const etag = this.#etags.get(row);
      if (etag !== 0) this.#etags.set(row, this.#strings.add(old.bytes(etag - 1)) + 1);
    }
  }
}
