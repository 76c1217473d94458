/**
 * Writing FlatBuffers front to back in 32-bit words, with shared vtables: files have a table per
 * chunk, node or commit, and a general builder takes microseconds for each. Little-endian machines
 * only, as every JavaScript engine today.
 */
import { encodeUtf8 } from "../../base/bytes.ts";
import { makeError } from "../../base/errors.ts";

/** FlatBuffers end below 2 GiB. */
const WORDS_MAX = 2 ** 29 - 1;
const UINT32_END = 2 ** 32;

/**
 * A table's size in bytes, then the position of each slot's field behind the table's start, 0 if
 * absent. Layouts are told apart as objects.
 */
export type TableLayout = readonly number[];

/** A growing buffer of little-endian 32-bit words. Positions and lengths are in words. */
export class FlatBufferWords {
  length = 0;
  #words: Uint32Array;
  #bytes: Uint8Array;
  readonly #vtables = new Map<TableLayout, number>();
  /** Words that point to a shared string, by its text. */
  #shared: Map<string, number[]> | undefined;

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

  /** Returns where they start. */
  putWords(words: Uint32Array): number {
    const start = this.reserve(words.length);
    this.#words.set(words, start);
    return start;
  }

  /** The words from `start` on, to be read or set; void once more are put. */
  view(start: number, count: number): Uint32Array {
    return this.#words.subarray(start, start + count);
  }

  /** Bytes, zero-padded to whole words. */
  putBytes(bytes: Uint8Array): void {
    const start = this.reserve((bytes.length + 3) >> 2);
    this.#bytes.set(bytes, start * 4);
  }

  /** Whole words of bytes, from `position` on. */
  setBytes(position: number, bytes: Uint8Array): void {
    this.#bytes.set(bytes, position * 4);
  }

  /** The byte at `at`, which counts bytes. */
  setByte(at: number, value: number): void {
    this.#bytes[at] = value;
  }

  /** Returns where it starts. */
  putString(text: string): number {
    return this.putStringBytes(encodeUtf8(text));
  }

  /** A string in UTF-8; returns where it starts. */
  putStringBytes(bytes: Uint8Array): number {
    const position = this.length;
    this.put(bytes.length);
    const start = this.reserve((bytes.length >> 2) + 1); // At least one NUL behind.
    this.#bytes.set(bytes, start * 4);
    return position;
  }

  /** A vector of bytes; returns where it starts. */
  putByteVector(bytes: Uint8Array): number {
    const position = this.length;
    this.put(bytes.length);
    this.putBytes(bytes);
    return position;
  }

  /** A vector of offsets to what `put` puts for each item; returns where it starts. */
  putOffsets<T>(items: readonly T[], put: (item: T) => number): number {
    const vector = this.reserve(1 + items.length);
    this.set(vector, items.length);
    for (const [i, item] of items.entries()) this.setOffset(vector + 1 + i, put(item));
    return vector;
  }

  /** A vector without elements, for such as start at multiples of 8; returns where it starts. */
  putEmptyVector(): number {
    if (this.length % 2 === 0) this.put(0);
    this.put(0);
    return this.length - 1;
  }

  /** Makes the word at `position` an offset to `text`, which is put last and once. */
  shareString(position: number, text: string): void {
    this.#shared ??= new Map();
    const positions = this.#shared.get(text);
    if (positions === undefined) this.#shared.set(text, [position]);
    else positions.push(position);
  }

  /** An unsigned 64-bit integer at `position`, which is even; `value` is a safe integer. */
  setUint64(position: number, value: number): void {
    this.#words[position] = value; // Its low 32 bits.
    this.#words[position + 1] = Math.floor(value / UINT32_END);
  }

  /** A vtable. Returns its position. */
  putVtable(layout: TableLayout): number {
    const position = this.reserve((layout.length + 2) >> 1);
    const words = this.#words;
    words[position] = 2 + 2 * layout.length;
    for (let half = 1; half <= layout.length; half++) {
      const at = position + (half >> 1);
      const value = layout[half - 1] as number;
      words[at] = half % 2 === 0 ? value : (words[at] as number) | (value << 16);
    }
    return position;
  }

  /** The first word of a table; returns its position. */
  startTable(vtable: number): number {
    const position = this.length;
    this.put((position - vtable) * 4);
    return position;
  }

  /** Makes the word at `position` the first one of a table. */
  setTable(position: number, vtable: number): void {
    this.#words[position] = (position - vtable) * 4;
  }

  /** The position of the vtable that all tables of that layout share; put here if it is the first. */
  vtableOf(layout: TableLayout): number {
    let vtable = this.#vtables.get(layout);
    if (vtable === undefined) {
      vtable = this.putVtable(layout);
      this.#vtables.set(layout, vtable);
    }
    return vtable;
  }

  /** A table of zeros at a multiple of 8 bytes; returns its position. */
  putTable(layout: TableLayout): number {
    const vtable = this.vtableOf(layout);
    this.alignTo8Bytes();
    const table = this.reserve((layout[0] as number) >> 2);
    this.setTable(table, vtable);
    return table;
  }

  /** What comes next starts at a multiple of 8 bytes. */
  alignTo8Bytes(): void {
    if (this.length % 2 === 1) this.put(0);
  }

  /** All bytes; no more words may follow. */
  finish(): Uint8Array {
    for (const [text, positions] of this.#shared ?? []) {
      const string = this.putString(text);
      for (const position of positions) this.setOffset(position, string);
    }
    return this.#bytes.subarray(0, this.length * 4);
  }
}
