/**
 * Writing FlatBuffers front to back in 32-bit words, with shared vtables: for files with a table
 * per chunk, where a general builder takes microseconds each. Little-endian machines only, as
 * every JavaScript engine today.
 */
import { encodeUtf8 } from "../base/bytes.ts";
import { makeError } from "../base/errors.ts";

/** FlatBuffers end below 2 GiB. */
const WORDS_MAX = 2 ** 29 - 1;

/** A growing buffer of little-endian 32-bit words. Positions and lengths are in words. */
export class FlatBufferWords {
  length = 0;
  #words: Uint32Array;
  #bytes: Uint8Array;

  /** Grows beyond `room` words if need be. */
  constructor(room = 1024) {
    if (room > WORDS_MAX) throw makeError("serialization", "flatbuffer: above 2 GiB");
    this.#words = new Uint32Array(room);
    this.#bytes = new Uint8Array(this.#words.buffer);
  }

  /** Makes room for `count` more words. */
  grow(count: number): void {
    const needed = this.length + count;
    if (needed <= this.#words.length) return;
    if (needed > WORDS_MAX) throw makeError("serialization", "flatbuffer: above 2 GiB");
    const words = new Uint32Array(Math.min(WORDS_MAX, Math.max(needed, this.#words.length * 2)));
    words.set(this.#words.subarray(0, this.length));
    this.#words = words;
    this.#bytes = new Uint8Array(words.buffer);
  }

  put(word: number): void {
    if (this.length === this.#words.length) this.grow(1);
    this.#words[this.length++] = word;
  }

  set(position: number, word: number): void {
    this.#words[position] = word;
  }

  /** Makes the word at `position` an offset to `target`. */
  setOffset(position: number, target: number): void {
    this.#words[position] = (target - position) * 4;
  }

  /** Zeros, to be set later; returns where they start. */
  reserve(count: number): number {
    this.grow(count);
    const start = this.length;
    this.length += count;
    return start;
  }

  /** Bytes, zero-padded to whole words. */
  putBytes(bytes: Uint8Array): void {
    const start = this.reserve((bytes.length + 3) >> 2);
    this.#bytes.set(bytes, start * 4);
  }

  putString(text: string): void {
    const bytes = encodeUtf8(text);
    this.put(bytes.length);
    const start = this.reserve((bytes.length >> 2) + 1); // At least one NUL behind.
    this.#bytes.set(bytes, start * 4);
  }

  /**
   * A vtable; `layout` is the table's size in bytes, then the position of each slot's field, 0 if
   * absent. Returns its position.
   */
  putVtable(layout: readonly number[]): number {
    const halves = Uint16Array.of(2 + 2 * layout.length, ...layout);
    const position = this.length;
    this.putBytes(new Uint8Array(halves.buffer));
    return position;
  }

  /** The first word of a table; returns its position. */
  startTable(vtable: number): number {
    const position = this.length;
    this.put((position - vtable) * 4);
    return position;
  }

  /** All bytes; no more words may follow. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.length * 4);
  }
}
