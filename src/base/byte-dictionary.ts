/**
 * Distinct byte strings numbered 0, 1, 2 ... in order of first sight, found by content hash.
 * Holds URLs of virtual chunks as UTF-8: a million references to a few files keep no JS strings.
 */
import { ByteArena } from "./byte-arena.ts";
import { decodeUtf8 } from "./bytes.ts";
import { NumberColumn } from "./number-column.ts";

const SLOTS_MIN = 16;
const SCRATCH_BYTES_MIN = 1024;
const UTF8_BYTES_PER_UNIT_MAX = 3;
const ASCII_LOOP_LENGTH_MAX = 256; // Above, the call into the platform's encoder pays off.

const COPY_LOOP_BYTES_MAX = 64;

const encoder = new TextEncoder();
let scratch = new Uint8Array(SCRATCH_BYTES_MIN);

/** Writes `text` as UTF-8 to the start of `scratch`; answers the byte count. */
function encodeToScratch(text: string): number {
  const length = text.length;
  if (length * UTF8_BYTES_PER_UNIT_MAX > scratch.length) {
    scratch = new Uint8Array(length * UTF8_BYTES_PER_UNIT_MAX);
  }
  if (length <= ASCII_LOOP_LENGTH_MAX) {
    let i = 0;
    for (; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80) break;
      scratch[i] = unit;
    }
    if (i === length) return length;
  }
  return encoder.encodeInto(text, scratch).written;
}

function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193);
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** A set of byte strings with stable numbers. */
export class ByteDictionary {
  #arena = new ByteArena();
  #positions = new NumberColumn();
  #lengths = new NumberColumn();
  #length = 0;
  /** Open addressing; code + 1, 0 = free; at most half full. */
  #slots = new Uint32Array(SLOTS_MIN);
  #lastText: string | undefined;
  #lastCode = 0;

  /** How many distinct strings there are. */
  get length(): number {
    return this.#length;
  }

  /** The number of the string `source` [start, end), which is copied if it is new. */
  add(source: Uint8Array, start = 0, end: number = source.length): number {
    const mask = this.#slots.length - 1;
    let slot = hashBytes(source, start, end) & mask;
    for (;;) {
      const entry = this.#slots[slot] as number;
      if (entry === 0) break;
      if (this.#equals(entry - 1, source, start, end)) return entry - 1;
      slot = (slot + 1) & mask;
    }
    const code = this.#length++;
    this.#positions.set(code, this.#arena.append(source, start, end));
    this.#lengths.set(code, end - start);
    this.#slots[slot] = code + 1;
    if (this.#length * 2 > this.#slots.length) this.#rehash();
    return code;
  }

  /** The number of `text` as UTF-8. Asking for the same text again and again is cheap. */
  addText(text: string): number {
    if (text === this.#lastText) return this.#lastCode;
    const length = encodeToScratch(text); // May replace `scratch`: not inside the call below.
    this.#lastCode = this.add(scratch, 0, length);
    this.#lastText = text;
    return this.#lastCode;
  }

  /** The bytes of string `code`: a view. */
  bytes(code: number): Uint8Array {
    return this.#arena.view(this.#positions.get(code), this.#lengths.get(code));
  }

  /** Byte count of string `code`. */
  byteLength(code: number): number {
    return this.#lengths.get(code);
  }

  /** Copies string `code` to `target` from `at` on. */
  copyTo(code: number, target: Uint8Array, at: number): void {
    const length = this.#lengths.get(code);
    const position = this.#positions.get(code);
    const slab = this.#arena.slabOf(position);
    const offset = this.#arena.offsetIn(position);
    // A loop beats `set(subarray)` for short strings: it makes no view object.
    if (length > COPY_LOOP_BYTES_MAX) target.set(slab.subarray(offset, offset + length), at);
    else for (let i = 0; i < length; i++) target[at + i] = slab[offset + i] as number;
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
    copy.#lengths = this.#lengths.clone(this.#length);
    copy.#length = this.#length;
    copy.#slots = this.#slots.slice();
    return copy;
  }

  get bytesHeld(): number {
    const columns = this.#positions.bytesHeld + this.#lengths.bytesHeld + this.#slots.byteLength;
    return this.#arena.bytesHeld + columns;
  }

  #equals(code: number, source: Uint8Array, start: number, end: number): boolean {
    const length = end - start;
    if (this.#lengths.get(code) !== length) return false;
    const position = this.#positions.get(code);
    const slab = this.#arena.slabOf(position);
    const offset = this.#arena.offsetIn(position);
    // From the end: URLs of one store differ there.
    for (let i = length - 1; i >= 0; i--) {
      if (slab[offset + i] !== source[start + i]) return false;
    }
    return true;
  }

  #rehash(): void {
    const slots = new Uint32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let code = 0; code < this.#length; code++) {
      const position = this.#positions.get(code);
      const offset = this.#arena.offsetIn(position);
      const end = offset + this.#lengths.get(code);
      let slot = hashBytes(this.#arena.slabOf(position), offset, end) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = code + 1;
    }
    this.#slots = slots;
  }
}
