/** Checked virtual references on their way into a table, as columns: no object per reference. */
import type { VirtualRef } from "../format/chunk-ref.ts";
import type { ChunkTable } from "./chunk-table.ts";
import type { Dot } from "./dot.ts";

/** How the target of a reference is told from a later state of the same object. */
export type Checksum = Pick<VirtualRef, "etag" | "lastModifiedSeconds">;

/** References of one array. */
export class VirtualRefList {
  readonly #rank: number;
  readonly #coordinates: number[] = [];
  readonly #locations: string[] = [];
  readonly #offsets: number[] = [];
  readonly #lengths: number[] = [];
  readonly #checksums: Checksum[] = [];

  constructor(rank: number) {
    this.#rank = rank;
  }

  get length(): number {
    return this.#locations.length;
  }

  /** Adds bytes [offset, offset + length) of `location`; `index` is copied. */
  add(
    index: ArrayLike<number>,
    location: string,
    offset: number,
    length: number,
    checksum: Checksum,
  ): void {
    for (let d = 0; d < this.#rank; d++) this.#coordinates.push(index[d] as number);
    this.#locations.push(location);
    this.#offsets.push(offset);
    this.#lengths.push(length);
    this.#checksums.push(checksum);
  }

  /** Sets all of them, in the order in which they were added. */
  writeTo(table: ChunkTable, dot: Dot): void {
    const coordinates = new Array<number>(this.#rank).fill(0);
    for (let at = 0, from = 0; at < this.length; at++) {
      for (let d = 0; d < this.#rank; d++) coordinates[d] = this.#coordinates[from++] as number;
      const { etag, lastModifiedSeconds } = this.#checksums[at] as Checksum;
      const location = this.#locations[at] as string;
      const offset = this.#offsets[at] as number;
      const length = this.#lengths[at] as number;
      table.setVirtual(coordinates, { location, offset, length, etag, lastModifiedSeconds }, dot);
    }
  }
}
