/**
 * Many small byte strings in a few slabs: no object per string, no copying when it grows.
 * A position is `slab * 2^20 + offset`; strings too large for sharing get a slab of their own.
 */

const SLAB_SHIFT = 2 ** 20;
const FIRST_SLAB_BYTES = 1024;
const OWN_SLAB_DIVISOR = 4; // A string above a quarter of a slab would waste too much of its end.

const LOOP_BYTES_MAX = 64;

const NOTHING = new Uint8Array(0);
const NO_WORDS = new Uint32Array(0);

/** Append-only byte strings; the caller remembers position and length. */
export class ByteArena {
  #slabs: Uint8Array[] = [];
  #words: Uint32Array[] = [];
  #current = -1;
  #used = 0;
  #nextSlabBytes = FIRST_SLAB_BYTES;
  #bytesHeld = 0;

  /** Copies `source` [start, end) in; answers its position, a safe integer. */
  append(source: Uint8Array, start = 0, end: number = source.length): number {
    const length = end - start;
    if (length === 0) return 0;
    if (length > SLAB_SHIFT / OWN_SLAB_DIVISOR) {
      const slab = this.#addSlab(length);
      slab.set(source.subarray(start, end));
      return (this.#slabs.length - 1) * SLAB_SHIFT;
    }
    let slab = this.#slabs[this.#current];
    if (slab === undefined || this.#used + length > slab.length) {
      const wanted = Math.max(this.#nextSlabBytes, length);
      slab = this.#addSlab(wanted);
      this.#current = this.#slabs.length - 1;
      this.#used = 0;
      this.#nextSlabBytes = Math.min(wanted * 2, SLAB_SHIFT);
    }
    const offset = this.#used;
    // A loop beats `set(subarray)` for short strings: it makes no view object.
    if (length <= LOOP_BYTES_MAX)
      for (let i = 0; i < length; i++) slab[offset + i] = source[start + i] as number;
    else slab.set(source.subarray(start, end), offset);
    this.#used += length;
    return this.#current * SLAB_SHIFT + offset;
  }

  /** The slab that holds `position`, for reading in place from `offsetIn(position)` on. */
  slabOf(position: number): Uint8Array {
    return this.#slabs[Math.floor(position / SLAB_SHIFT)] ?? NOTHING;
  }

  /** The same slab in words of four bytes, without an incomplete last one. */
  wordsOf(position: number): Uint32Array {
    return this.#words[Math.floor(position / SLAB_SHIFT)] ?? NO_WORDS;
  }

  /** Where in its slab `position` is. */
  offsetIn(position: number): number {
    return position % SLAB_SHIFT;
  }

  /** A view of `length` bytes from `position`. */
  view(position: number, length: number): Uint8Array {
    if (length === 0) return NOTHING;
    const offset = position % SLAB_SHIFT;
    return this.slabOf(position).subarray(offset, offset + length);
  }

  /** An arena of its own with the same bytes at the same positions. */
  clone(): ByteArena {
    const copy = new ByteArena();
    for (const slab of this.#slabs) copy.#addSlab(slab.length).set(slab);
    copy.#current = this.#current;
    copy.#used = this.#used;
    copy.#nextSlabBytes = this.#nextSlabBytes;
    return copy;
  }

  get bytesHeld(): number {
    return this.#bytesHeld;
  }

  #addSlab(byteCount: number): Uint8Array {
    const slab = new Uint8Array(byteCount);
    this.#slabs.push(slab);
    this.#words.push(new Uint32Array(slab.buffer, 0, byteCount >>> 2));
    this.#bytesHeld += byteCount;
    return slab;
  }
}
