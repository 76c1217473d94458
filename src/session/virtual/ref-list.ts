/** Checked virtual references on their way into a table, as columns: no object per reference. */
import { ByteDictionary } from "../../base/byte-dictionary.ts";
import { assert } from "../../base/errors.ts";
import { grownCapacity } from "../../base/number-column.ts";
import type { VirtualRef } from "../../format/manifest/chunk-ref.ts";
import type { ChunkTable } from "../changes/chunk-table.ts";
import type { Dot } from "../changes/dot.ts";
import { virtualStrings } from "../changes/set-virtual.ts";

/** How the target of a reference is told from a later state of the same object. */
export type Checksum = Pick<VirtualRef, "etag" | "lastModifiedSeconds">;

/** References of one array. */
export class VirtualRefList {
  readonly #rank: number;
  readonly #strings = new ByteDictionary();
  #length = 0;
  #capacity: number;
  #coordinates: Uint32Array;
  #locations: Uint32Array;
  #offsets: Float64Array;
  #lengths: Float64Array;
  /** Allocated with the first one. */
  #etags: Uint32Array | undefined;
  #lastModifieds: Float64Array | undefined;

  /** With room for `capacity` references; it grows. */
  constructor(rank: number, capacity: number) {
    this.#rank = rank;
    this.#capacity = capacity;
    this.#coordinates = new Uint32Array(capacity * rank);
    this.#locations = new Uint32Array(capacity);
    this.#offsets = new Float64Array(capacity);
    this.#lengths = new Float64Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** The number of a location for `add`. */
  addLocation(location: string): number {
    return this.#strings.addText(location);
  }

  /** Adds bytes [offset, offset + length) of that location; `index` is copied. */
  add(
    index: ArrayLike<number>,
    location: number,
    offset: number,
    length: number,
    checksum: Checksum,
  ): void {
    const row = this.#length;
    if (row === this.#capacity) this.#grow(grownCapacity(row));
    const rank = this.#rank;
    const coordinates = this.#coordinates;
    for (let d = 0, at = row * rank; d < rank; d++, at++) {
      const coordinate = index[d] as number;
      coordinates[at] = coordinate;
      assert(coordinates[at] === coordinate, "chunk coordinates are 32-bit unsigned integers");
    }
    this.#locations[row] = location;
    this.#offsets[row] = offset;
    this.#lengths[row] = length;
    const { etag, lastModifiedSeconds } = checksum;
    if (etag !== undefined) {
      this.#etags ??= new Uint32Array(this.#capacity);
      this.#etags[row] = this.#strings.addText(etag) + 1;
    }
    if (lastModifiedSeconds !== undefined) {
      this.#lastModifieds ??= new Float64Array(this.#capacity);
      this.#lastModifieds[row] = lastModifiedSeconds;
    }
    this.#length = row + 1;
  }

  /** Sets all of them, in the order in which they were added. The list can't be used afterwards. */
  writeTo(table: ChunkTable, dot: Dot): void {
    const count = this.#length;
    const strings = this.#strings;
    const codes = new Uint32Array(strings.length);
    const ofTable = virtualStrings(table);
    for (let code = 0; code < codes.length; code++) codes[code] = ofTable.add(strings.bytes(code));
    const locations = this.#locations;
    const etags = this.#etags;
    for (let row = 0; row < count; row++)
      locations[row] = codes[locations[row] as number] as number;
    for (let row = 0; etags !== undefined && row < count; row++) {
      const etag = etags[row] as number;
      if (etag !== 0) etags[row] = (codes[etag - 1] as number) + 1;
    }
    const coordinates = this.#coordinates;
    const offsets = this.#offsets;
    const lengths = this.#lengths;
    const lastModifieds = this.#lastModifieds;
    table.setVirtualRows(
      { count, coordinates, locations, etags, offsets, lengths, lastModifieds },
      dot,
    );
  }

  #grow(capacity: number): void {
    const copied = <T extends Uint32Array | Float64Array>(grown: T, old: T): T => {
      grown.set(old);
      return grown;
    };
    this.#capacity = capacity;
    this.#coordinates = copied(new Uint32Array(capacity * this.#rank), this.#coordinates);
    this.#locations = copied(new Uint32Array(capacity), this.#locations);
    this.#offsets = copied(new Float64Array(capacity), this.#offsets);
    this.#lengths = copied(new Float64Array(capacity), this.#lengths);
    if (this.#etags !== undefined) this.#etags = copied(new Uint32Array(capacity), this.#etags);
    if (this.#lastModifieds !== undefined)
      this.#lastModifieds = copied(new Float64Array(capacity), this.#lastModifieds);
  }
}
