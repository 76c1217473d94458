/** Ids of native chunks by row, 12 raw bytes each; takes no memory before the first one is set. */
import { assert } from "../../base/errors.ts";

const ID_BYTES = 12;
const NOTHING = new Uint8Array(0);

/** A growing column of object ids. */
export class ChunkIdColumn {
  #bytes: Uint8Array | undefined;

  get bytesHeld(): number {
    return this.#bytes?.byteLength ?? 0;
  }

  /** All of them, for reading in place from `offsetOf(row)` on. */
  get bytes(): Uint8Array {
    return this.#bytes ?? NOTHING;
  }

  offsetOf(row: number): number {
    return row * ID_BYTES;
  }

  /** The id at `row`, which must have been set: a view. */
  get(row: number): Uint8Array {
    const bytes = this.#bytes as Uint8Array;
    return bytes.subarray(row * ID_BYTES, (row + 1) * ID_BYTES);
  }

  /** Copies an id in, making room for `capacity` rows if it must grow. */
  set(row: number, id: Uint8Array, capacity: number): void {
    assert(id.length === ID_BYTES, "a chunk id has 12 bytes");
    const at = row * ID_BYTES;
    let bytes = this.#bytes;
    if (bytes === undefined || at + ID_BYTES > bytes.length) {
      bytes = new Uint8Array(capacity * ID_BYTES);
      if (this.#bytes !== undefined) bytes.set(this.#bytes);
      this.#bytes = bytes;
    }
    for (let i = 0; i < ID_BYTES; i++) bytes[at + i] = id[i] as number;
  }

  /** Copies the id of one row, if it has any, to another that has room. */
  move(from: number, to: number): void {
    this.#bytes?.copyWithin(to * ID_BYTES, from * ID_BYTES, (from + 1) * ID_BYTES);
  }

  /** A column of its own with rows [0, length). */
  clone(length: number): ChunkIdColumn {
    const copy = new ChunkIdColumn();
    copy.#bytes = this.#bytes?.slice(0, length * ID_BYTES);
    return copy;
  }
}
