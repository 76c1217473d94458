/** Some rows of other rows, in the given order, as rows of their own. Nothing is copied. */
import type { ChunkRef } from "../../format/manifest/chunk-ref.ts";
import type { ChunkRows } from "../../format/manifest/chunk-rows.ts";

/** A view of `rowNumbers` of `rows`. */
export class RowSubset implements ChunkRows {
  readonly #rows: ChunkRows;
  readonly #rowNumbers: ArrayLike<number>;

  constructor(rows: ChunkRows, rowNumbers: ArrayLike<number>) {
    this.#rows = rows;
    this.#rowNumbers = rowNumbers;
  }

  get rank(): number {
    return this.#rows.rank;
  }
  get length(): number {
    return this.#rowNumbers.length;
  }
  coordinate(row: number, dimension: number): number {
    return this.#rows.coordinate(this.#at(row), dimension);
  }
  kind(row: number): number {
    return this.#rows.kind(this.#at(row));
  }
  payload(row: number): Uint8Array {
    return this.#rows.payload(this.#at(row));
  }
  chunkIdBytes(row: number): Uint8Array {
    return this.#rows.chunkIdBytes(this.#at(row));
  }
  offset(row: number): number {
    return this.#rows.offset(this.#at(row));
  }
  byteLength(row: number): number {
    return this.#rows.byteLength(this.#at(row));
  }
  locationBytes(row: number): Uint8Array {
    return this.#rows.locationBytes(this.#at(row));
  }
  location(row: number): string {
    return this.#rows.location(this.#at(row));
  }
  etag(row: number): string | undefined {
    return this.#rows.etag(this.#at(row));
  }
  lastModifiedSeconds(row: number): number {
    return this.#rows.lastModifiedSeconds(this.#at(row));
  }
  ref(row: number): ChunkRef | undefined {
    return this.#rows.ref(this.#at(row));
  }

  #at(row: number): number {
    return this.#rowNumbers[row] as number;
  }
}
