/**
 * Distinct byte strings numbered 0, 1, 2 ... in order of first sight, found by content hash.
 * Holds URLs of virtual chunks as UTF-8: a million references to a few files keep no JS strings.
 *
 * In the arena a string is its byte count, its bytes, and zeros up to a multiple of 4: strings are
 * compared four bytes at a time, counts included.
 */
import { ByteArena } from "./byte-arena.ts";
import { decodeUtf8 } from "./bytes.ts";
import { NumberColumn } from "./number-column.ts";

const SLOTS_MIN = 16;
const COUNT_BYTES = 4;
const SCRATCH_BYTES_MIN = 1024;
const UTF8_BYTES_PER_UNIT_MAX = 3;
const ASCII_LOOP_LENGTH_MAX = 256; // Above, the call into the platform's encoder pays off.
const COPY_LOOP_MAX = 64; // Up to here a loop beats `set(subarray)`: it makes no view object.

const encoder = new TextEncoder();

/** The string that is looked up, in the form that the arena has. */
let scratch = new Uint8Array(SCRATCH_BYTES_MIN);
let scratchWords = new Uint32Array(scratch.buffer);

function reserveScratch(byteCount: number): void {
  const needed = COUNT_BYTES + byteCount + 4;
  if (needed <= scratch.length) return;
  scratch = new Uint8Array(Math.ceil(needed / 4) * 4);
  scratchWords = new Uint32Array(scratch.buffer);
}

/** Puts `text` as UTF-8 into the scratch; answers the byte count. */
function takeText(text: string): number {
  const { length } = text;
  reserveScratch(length * UTF8_BYTES_PER_UNIT_MAX);
  if (length <= ASCII_LOOP_LENGTH_MAX) {
    const bytes = scratch;
    let i = 0;
    for (; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80) break;
      bytes[COUNT_BYTES + i] = unit;
    }
    if (i === length) return length;
  }
  return encoder.encodeInto(text, scratch.subarray(COUNT_BYTES)).written;
}

function takeBytes(source: Uint8Array): number {
  const { length } = source;
  reserveScratch(length);
  if (length > COPY_LOOP_MAX) scratch.set(source, COUNT_BYTES);
  else for (let i = 0; i < length; i++) scratch[COUNT_BYTES + i] = source[i] as number;
  return length;
}

/** Completes the scratch with count and padding; answers its words. */
function sealScratch(byteCount: number): number {
  const end = COUNT_BYTES + byteCount;
  scratch[end] = 0;
  scratch[end + 1] = 0;
  scratch[end + 2] = 0;
  scratchWords[0] = byteCount;
  return (end + 3) >>> 2;
}

function hashScratch(wordCount: number): number {
  const words = scratchWords;
  let hash = 0x811c9dc5;
  for (let i = 0; i < wordCount; i++) {
    hash = Math.imul(hash ^ (words[i] as number), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  hash = Math.imul(hash, 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** A set of byte strings with stable numbers. */
export class ByteDictionary {
  #arena = new ByteArena();
  #positions = new NumberColumn();
  #length = 0;
  /** Open addressing, two words a slot: code + 1 (0 = free) and hash. At most half full. */
  #slots = new Uint32Array(2 * SLOTS_MIN);
  #lastText: string | undefined;
  #lastCode = 0;

  /** How many distinct strings there are. */
  get length(): number {
    return this.#length;
  }

  /** The number of `bytes`, which are copied if they are new. */
  add(bytes: Uint8Array): number {
    return this.#addScratch(sealScratch(takeBytes(bytes)));
  }

  /** The number of `text` as UTF-8. Asking for the same text again and again is cheap. */
  addText(text: string): number {
    if (text === this.#lastText) return this.#lastCode;
    this.#lastCode = this.#addScratch(sealScratch(takeText(text)));
    this.#lastText = text;
    return this.#lastCode;
  }

  /** The bytes of string `code`: a view. */
  bytes(code: number): Uint8Array {
    const position = this.#positions.get(code);
    return this.#arena.view(position + COUNT_BYTES, this.byteLength(code));
  }

  /** Byte count of string `code`. */
  byteLength(code: number): number {
    const position = this.#positions.get(code);
    return this.#arena.wordsOf(position)[this.#arena.offsetIn(position) >>> 2] as number;
  }

  /** Copies string `code` to `target` from word `at` on, with zeros up to a multiple of 4 bytes. */
  copyTo(code: number, target: Uint32Array, at: number): void {
    const position = this.#positions.get(code);
    const words = this.#arena.wordsOf(position);
    const countAt = this.#arena.offsetIn(position) >>> 2;
    const start = countAt + 1;
    const end = start + (((words[countAt] as number) + 3) >>> 2);
    if (end - start > COPY_LOOP_MAX) target.set(words.subarray(start, end), at);
    else
      for (let from = start; from < end; from++) target[at + from - start] = words[from] as number;
  }

  /** String `code` as text. */
  text(code: number): string {
    return decodeUtf8(this.bytes(code));
  }

  /** A dictionary of its own with the same numbers. */
  clone(): ByteDictionary {
    const copy = new ByteDictionary();
    copy.#arena = this.#arena.clone();
    copy.#positions = this.#positions.clone(this.#length);
    copy.#length = this.#length;
    copy.#slots = this.#slots.slice();
    return copy;
  }

  get bytesHeld(): number {
    return this.#arena.bytesHeld + this.#positions.bytesHeld + this.#slots.byteLength;
  }

  #addScratch(wordCount: number): number {
    const hash = hashScratch(wordCount);
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = (hash * 2) & mask;
    for (; slots[slot] !== 0; slot = (slot + 2) & mask) {
      if (slots[slot + 1] !== hash) continue;
      const code = (slots[slot] as number) - 1;
      if (this.#equalsScratch(code, wordCount)) return code;
    }
    const code = this.#length++;
    this.#positions.set(code, this.#arena.append(scratch, 0, wordCount * 4));
    slots[slot] = code + 1;
    slots[slot + 1] = hash;
    if (this.#length * 4 > slots.length) this.#growSlots();
    return code;
  }

  #equalsScratch(code: number, wordCount: number): boolean {
    const position = this.#positions.get(code);
    const words = this.#arena.wordsOf(position);
    const offset = this.#arena.offsetIn(position) >>> 2;
    const wanted = scratchWords;
    // The first word, the byte count, decides how far to compare.
    for (let i = 0; i < wordCount; i++) if (words[offset + i] !== wanted[i]) return false;
    return true;
  }

  #growSlots(): void {
    const old = this.#slots;
    const slots = new Uint32Array(old.length * 2);
    const mask = slots.length - 1;
    for (let from = 0; from < old.length; from += 2) {
      if (old[from] === 0) continue;
      const hash = old[from + 1] as number;
      let slot = (hash * 2) & mask;
      while (slots[slot] !== 0) slot = (slot + 2) & mask;
      slots[slot] = old[from] as number;
      slots[slot + 1] = hash;
    }
    this.#slots = slots;
  }
}
