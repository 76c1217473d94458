/**
 * Locations and etags of a manifest's virtual references: their numbers, where they stand, and what
 * tables say of them. Loaded only where there may be any.
 */
import { type BulkRows, HAS_ETAG } from "./bulk-rows.ts";
import { ROW_VIRTUAL } from "./chunk-rows.ts";
import { etagOfKey, locationOfKey } from "./ref-strings.ts";
import type { RowColumns } from "./row-columns.ts";
import { StringNumbers } from "./string-numbers.ts";
import type { RefTableLayout } from "./table-layouts.ts";

/** Where a string at `at`, its length in front and a NUL behind, ends. */
function stringEnd(at: number, byteLength: number): number {
  const end = at + 5 + byteLength;
  return end + (-end & 3);
}

/** The rows of an array in blocks: 0 at the end. */
interface Blocks {
  readonly columns: RowColumns;
  next(): number;
  rewind(): void;
}

/** A block of references that is laid out: see `RefLayout`. */
interface LaidOutBlock {
  readonly blocks: Blocks;
  readonly layouts: readonly RefTableLayout[];
  readonly tableAt: Int32Array;
  readonly firstNumber: number;
}

/** The strings of one manifest, each stored once. */
export class ManifestStrings {
  readonly #locations: StringNumbers;
  readonly #etags: StringNumbers;
  /** By location: the last reference that uses it, counted over all arrays. */
  #lastUse = new Uint32Array(0);
  #byteLengths = new Uint32Array(0);
  /** By location: where it stands, once that reference is laid out. */
  #locationAt = new Float64Array(0);
  #etagAt = new Float64Array(0);

  /** For up to `rowCount` rows of `sources`. */
  constructor(sources: readonly BulkRows[], rowCount: number) {
    this.#locations = new StringNumbers(sources, rowCount, locationOfKey);
    this.#etags = new StringNumbers(sources, rowCount, etagOfKey);
  }

  /** Puts numbers in the place of what source number `source` knows its strings by, in rows [start, end). */
  number(
    { codes, locations, etags }: RowColumns,
    source: number,
    start: number,
    end: number,
  ): void {
    this.#locations.number(locations, source, { codes, start, end, mask: ROW_VIRTUAL });
    this.#etags.number(etags, source, { codes, start, end, mask: HAS_ETAG });
  }

  /** Numbers all strings, and looks for the last use of each location. */
  findLastUses(arrays: readonly { readonly blocks: Blocks }[]): void {
    let lastUse = this.#lastUse;
    let number = 0;
    for (const { blocks } of arrays) {
      const { codes, locations } = blocks.columns;
      for (let count = blocks.next(); count > 0; count = blocks.next()) {
        if (this.#locations.length > lastUse.length) {
          const grown = new Uint32Array(Math.max(this.#locations.length, 2 * lastUse.length));
          grown.set(lastUse);
          lastUse = grown;
        }
        for (let i = 0; i < count; i++) {
          if (((codes[i] as number) & 3) === ROW_VIRTUAL)
            lastUse[locations[i] as number] = number + i;
        }
        number += count;
      }
      blocks.rewind();
    }
    this.#lastUse = lastUse;
    this.#locationAt = new Float64Array(this.#locations.length);
    this.#byteLengths = new Uint32Array(this.#locations.length);
    for (let location = 0; location < this.#byteLengths.length; location++)
      this.#byteLengths[location] = this.#locations.byteLength(location);
  }

  /** Byte count of a location. */
  locationBytes(location: number): number {
    return this.#byteLengths[location] as number;
  }

  /** Puts a location at `at`, if reference `number` is the last one that uses it; where what follows stands. */
  layOutLocation(location: number, number: number, at: number): number {
    if (this.#lastUse[location] !== number) return at;
    this.#locationAt[location] = at;
    return stringEnd(at, this.#byteLengths[location] as number);
  }

  /** Puts all etags, one after the other, from `start` on; where they end. */
  layOutEtags(start: number): number {
    let at = start;
    this.#etagAt = new Float64Array(this.#etags.length);
    for (let etag = 0; etag < this.#etagAt.length; etag++) {
      this.#etagAt[etag] = at;
      at = stringEnd(at, this.#etags.byteLength(etag));
    }
    return at;
  }

  /** What tables of a block say of their strings, and the locations among them. */
  writeBlock(
    words: Uint32Array,
    { blocks, layouts, tableAt, firstNumber }: LaidOutBlock,
    count: number,
  ): void {
    const { codes, locations, etags, lastModifieds } = blocks.columns;
    const lastUse = this.#lastUse;
    for (let i = 0; i < count; i++) {
      const code = codes[i] as number;
      if ((code & 3) !== ROW_VIRTUAL) continue;
      const layout = layouts[code] as RefTableLayout;
      const at = tableAt[i] as number;
      const location = locations[i] as number;
      const stringAt = this.#locationAt[location] as number;
      const fieldAt = at + layout.locationAt;
      words[fieldAt >>> 2] = stringAt - fieldAt;
      if (layout.etagAt !== 0) {
        const etagField = at + layout.etagAt;
        words[etagField >>> 2] = (this.#etagAt[etags[i] as number] as number) - etagField;
      }
      if (layout.lastModifiedAt !== 0)
        words[(at + layout.lastModifiedAt) >>> 2] = lastModifieds[i] as number;
      if (lastUse[location] === firstNumber + i) this.#locations.write(location, words, stringAt);
    }
  }

  writeEtags(words: Uint32Array): void {
    for (let etag = 0; etag < this.#etagAt.length; etag++)
      this.#etags.write(etag, words, this.#etagAt[etag] as number);
  }
}
