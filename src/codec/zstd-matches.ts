/**
 * Finding repetitions for the zstd encoder: greedy, with one table of 8-byte and one of 5-byte
 * beginnings, as zstd's own levels 3 and 4 do.
 */

/** Positions so close to a block's end are not hashed: the hash reads 8 bytes. */
const TAIL_BYTES = 8;
/** The longer nothing matches, the larger the steps: a step more per so many bytes. */
const SKIP_SHIFT = 8;

/** The sequences of one block. `offsets` are stored values: 1 repeats, others are distance + 3. */
export interface Sequences {
  count: number;
  readonly literalLengths: Int32Array;
  readonly matchLengths: Int32Array;
  readonly offsets: Int32Array;
  literalCount: number;
  readonly literals: Uint8Array;
}

/** Scratch space for blocks of at most `blockBytes`. */
export function createSequences(blockBytes: number): Sequences {
  const countMax = (blockBytes >> 2) + 1;
  return {
    count: 0,
    literalLengths: new Int32Array(countMax),
    matchLengths: new Int32Array(countMax),
    offsets: new Int32Array(countMax),
    literalCount: 0,
    literals: new Uint8Array(blockBytes),
  };
}

/** Finds matches block by block; remembers what earlier blocks held. */
export class MatchFinder {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #windowBytes: number;
  readonly #long: Int32Array;
  readonly #short: Int32Array;
  readonly #longShift: number;
  readonly #shortShift: number;
  /** The two latest distances, as the decoder will know them. */
  repeats: [number, number] = [1, 4];

  constructor(bytes: Uint8Array, windowBytes: number, tableLog: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#windowBytes = windowBytes;
    this.#long = new Int32Array(1 << tableLog);
    this.#short = new Int32Array(1 << (tableLog - 1));
    this.#longShift = 32 - tableLog;
    this.#shortShift = 33 - tableLog;
  }

  /** Splits bytes [start, end) into sequences and leftover literals. */
  find(start: number, end: number, sequences: Sequences): void {
    sequences.count = 0;
    sequences.literalCount = 0;
    const view = this.#view;
    let [repeat1, repeat2] = this.repeats;
    let anchor = start;
    let at = start;
    const limit = end - TAIL_BYTES - 1;
    while (at <= limit) {
      const low = view.getInt32(at, true);
      const high = view.getInt32(at + 4, true);
      const longKey = this.#longKey(low, high);
      const shortKey = this.#shortKey(low, high);
      const farthest = Math.max(0, at - this.#windowBytes);
      let from = this.#long[longKey] as number;
      const shortFrom = this.#short[shortKey] as number;
      this.#long[longKey] = at;
      this.#short[shortKey] = at;
      const next = at + 1;
      if (next >= repeat1 && view.getInt32(next - repeat1, true) === view.getInt32(next, true)) {
        const length = this.#matchLength(next + 4, next + 4 - repeat1, end) + 4;
        this.#push(sequences, anchor, next, length, 1);
        at = next + length;
      } else {
        // Position 0 stands for "none", so it is never matched.
        const isLong =
          from > farthest &&
          view.getInt32(from, true) === low &&
          view.getInt32(from + 4, true) === high;
        if (!isLong) {
          from = shortFrom;
          if (from <= farthest || view.getInt32(from, true) !== low) {
            at += ((at - anchor) >> SKIP_SHIFT) + 1;
            continue;
          }
          const longer = this.#longMatchAt(next, farthest + 1);
          if (longer > 0) {
            from = longer;
            at = next;
          }
        }
        let length = this.#matchLength(at + 4, from + 4, end) + 4;
        while (at > anchor && from > 0 && this.#bytes[at - 1] === this.#bytes[from - 1]) {
          at--;
          from--;
          length++;
        }
        const distance = at - from;
        this.#push(sequences, anchor, at, length, distance + 3);
        repeat2 = repeat1;
        repeat1 = distance;
        this.#remember(at + 2, limit);
        at += length;
      }
      anchor = at;
      this.#remember(at - 2, limit);
      while (
        at <= limit &&
        at >= repeat2 &&
        view.getInt32(at, true) === view.getInt32(at - repeat2, true)
      ) {
        const length = this.#matchLength(at + 4, at + 4 - repeat2, end) + 4;
        [repeat1, repeat2] = [repeat2, repeat1];
        this.#remember(at, limit);
        this.#push(sequences, anchor, at, length, 1); // Without literals, 1 means the second.
        at += length;
        anchor = at;
      }
    }
    this.repeats = [repeat1, repeat2];
    this.#pushLiterals(sequences, anchor, end);
  }

  /** Where the 8 bytes at `at` stood before, behind `farthest`; 0 if nowhere. */
  #longMatchAt(at: number, farthest: number): number {
    const low = this.#view.getInt32(at, true);
    const high = this.#view.getInt32(at + 4, true);
    const key = this.#longKey(low, high);
    const from = this.#long[key] as number;
    this.#long[key] = at;
    const matches =
      from > farthest &&
      this.#view.getInt32(from, true) === low &&
      this.#view.getInt32(from + 4, true) === high;
    return matches ? from : 0;
  }

  #remember(at: number, limit: number): void {
    if (at > limit) return;
    const low = this.#view.getInt32(at, true);
    const high = this.#view.getInt32(at + 4, true);
    this.#long[this.#longKey(low, high)] = at;
    this.#short[this.#shortKey(low, high)] = at;
  }

  #longKey(low: number, high: number): number {
    const mixed = Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca77);
    return Math.imul(mixed ^ (mixed >>> 15), 0xc2b2ae3d) >>> this.#longShift;
  }

  #shortKey(low: number, high: number): number {
    return (Math.imul(low, 0x9e3779b1) + Math.imul(high << 24, 0x27d4eb2f)) >>> this.#shortShift;
  }

  #matchLength(at: number, from: number, end: number): number {
    const start = at;
    const view = this.#view;
    while (at + 4 <= end) {
      const difference = view.getInt32(at, true) ^ view.getInt32(from, true);
      if (difference !== 0) return at - start + ((31 - Math.clz32(difference & -difference)) >> 3);
      at += 4;
      from += 4;
    }
    while (at < end && this.#bytes[at] === this.#bytes[from]) {
      at++;
      from++;
    }
    return at - start;
  }

  #push(
    sequences: Sequences,
    anchor: number,
    at: number,
    matchLength: number,
    offset: number,
  ): void {
    const index = sequences.count++;
    sequences.literalLengths[index] = at - anchor;
    sequences.matchLengths[index] = matchLength;
    sequences.offsets[index] = offset;
    this.#pushLiterals(sequences, anchor, at);
  }

  #pushLiterals(sequences: Sequences, start: number, end: number): void {
    const { literals } = sequences;
    let to = sequences.literalCount;
    if (end - start > 32) literals.set(this.#bytes.subarray(start, end), to);
    else for (let i = start; i < end; i++) literals[to++] = this.#bytes[i] as number;
    sequences.literalCount += end - start;
  }
}
