/**
 * What virtual references say beyond their byte range, by row: location, etag, time. Strings are
 * kept once each; overwritten ones go when they outnumber what the rows can use.
 */
import { ByteDictionary } from "../../base/byte-dictionary.ts";
import { NumberColumn } from "../../base/number-column.ts";
import type { RowRun } from "../../format/manifest/chunk-rows.ts";
import type { RowColumns } from "../../format/manifest/row-columns.ts";

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

  /** Reads a run of rows, as they are kept: codes of etags are 1 higher than in `strings`. */
  read({ order, start, end }: RowRun, columns: RowColumns, at: number): void {
    this.#locations.read(order, start, end, columns.locations, at);
    this.#etags.read(order, start, end, columns.etags, at);
    this.#lastModifieds.read(order, start, end, columns.lastModifieds, at);
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

  /** Sets `count` rows from `start` on, behind all rows that were set. */
  setRange(
    start: number,
    locations: Uint32Array,
    etags: Uint32Array | undefined,
    lastModifieds: Float64Array | undefined,
    count: number,
  ): void {
    this.#locations.setRange(start, locations, count);
    if (etags === undefined) this.#etags.fill(start, start + count, 0);
    else this.#etags.setRange(start, etags, count);
    if (lastModifieds === undefined) this.#lastModifieds.fill(start, start + count, 0);
    else this.#lastModifieds.setRange(start, lastModifieds, count);
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
