/**
 * Finding repetitions for the zstd encoder, greedy: the latest distance first, also a few bytes
 * ahead, since the files written here are rows that repeat a period; then one table of where six
 * bytes stood last. The table is small: what does not fit the processor's cache costs more time
 * than it saves bytes (measured: 64 KiB take half the time of 256 KiB, for 1 % more).
 */

/** Positions so close to a block's end start no match: comparing reads ahead. */
const TAIL_BYTES = 12;
/** The longer nothing matches, the larger the steps: one more step per this many bytes. */
const SKIP_SHIFT = 6;
/** So far ahead `repeatsAhead` looks. */
const AHEAD_MAX = 3;
/** Going back to the distance before the latest one breaks the row's rhythm for less than this. */
const SECOND_BYTES_MIN = 8;
/** Above, a call beats a loop of words. */
const LONG_BYTES = 64;
/** Literals are copied in words, so the last one may overrun by so much. */
const OVERRUN_BYTES = 4;

/**
 * The sequences of one block: scratch space, used again block by block. `offsets` are stored
 * values: 1 repeats, others are distance + 3.
 */
export class Sequences {
  count = 0;
  literalCount = 0;
  /** Most that there is room for. */
  readonly countMax: number;
  readonly literalLengths: Int32Array;
  readonly matchLengths: Int32Array;
  readonly offsets: Int32Array;
  readonly literals: Uint8Array;
  readonly #literalsView: DataView;

  /** For blocks of at most `blockBytes`. */
  constructor(blockBytes: number) {
    const countMax = (blockBytes >> 2) + 1;
    this.countMax = countMax;
    this.literalLengths = new Int32Array(countMax);
    this.matchLengths = new Int32Array(countMax);
    this.offsets = new Int32Array(countMax);
    this.literals = new Uint8Array(blockBytes + OVERRUN_BYTES);
    this.#literalsView = new DataView(this.literals.buffer);
  }

  clear(): void {
    this.count = 0;
    this.literalCount = 0;
  }

  /** Bytes [anchor, at) as literals, then a match; at least `OVERRUN_BYTES` follow `at`. */
  push(view: DataView, anchor: number, at: number, matchLength: number, offset: number): void {
    const index = this.count++;
    this.literalLengths[index] = at - anchor;
    this.matchLengths[index] = matchLength;
    this.offsets[index] = offset;
    const shift = this.literalCount - anchor;
    if (at - anchor > LONG_BYTES) this.literals.set(bytesOf(view, anchor, at), this.literalCount);
    else
      for (let from = anchor; from < at; from += 4)
        this.#literalsView.setInt32(from + shift, view.getInt32(from, true), true);
    this.literalCount += at - anchor;
  }

  /** The literals behind the last match. */
  pushRest(bytes: Uint8Array): void {
    this.literals.set(bytes, this.literalCount);
    this.literalCount += bytes.length;
  }
}

function bytesOf({ buffer, byteOffset }: DataView, start: number, end: number): Uint8Array {
  return new Uint8Array(buffer, byteOffset + start, end - start);
}

/** Finds matches block by block; remembers what earlier blocks held. */
export class MatchFinder {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #windowBytes: number;
  readonly #table: Int32Array;
  readonly #shift: number;
  /** The two latest distances, as the decoder will know them. */
  repeats: readonly [number, number] = [1, 4];

  /** `table` has a power of two entries and holds zeros: position 0 is never matched. */
  constructor(bytes: Uint8Array, windowBytes: number, table: Int32Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#windowBytes = windowBytes;
    this.#table = table;
    this.#shift = Math.clz32(table.length) + 1;
  }

  /** Splits bytes [start, end) into sequences and leftover literals. */
  find(start: number, end: number, sequences: Sequences): void {
    sequences.clear();
    const view = this.#view;
    const table = this.#table;
    const shift = this.#shift;
    let [repeat1, repeat2] = this.repeats;
    let anchor = start;
    let at = start;
    // How many literals stood before the latest match, and before the one before that: rows with two
    // fields that differ have two by turns.
    let latest = 0;
    let foretold = 0;
    const limit = end - TAIL_BYTES;
    while (at < limit) {
      // Rows repeat a period: most matches need no table, nor are worth an entry in it.
      let ahead = at < repeat1 ? 0 : repeatsAhead(view, at, at - repeat1);
      if (ahead === 0 && at === anchor && foretold > AHEAD_MAX && at + foretold < limit)
        ahead = at < repeat1 ? 0 : repeatsFarAhead(view, at, at - repeat1, foretold);
      if (ahead > 0) {
        at += ahead;
        foretold = latest;
        latest = at - anchor;
        const length = 4 + matchLength(view, at + 4, at + 4 - repeat1, end);
        sequences.push(view, anchor, at, length, 1);
        at += length;
        anchor = at;
        if (at >= limit) break;
      } else {
        const word = view.getInt32(at, true);
        const later = view.getInt32(at + 2, true);
        const key = hashOf(word, later) >>> shift;
        const from = table[key] as number;
        table[key] = at;
        if (
          from <= 0 ||
          at - from > this.#windowBytes ||
          view.getInt32(from, true) !== word ||
          view.getInt32(from + 2, true) !== later
        ) {
          at += ((at - anchor) >> SKIP_SHIFT) + 1;
          continue;
        }
        const distance = at - from;
        const behind = matchBehind(view, at, from, Math.min(at - anchor, from));
        const length = behind + 6 + matchLength(view, at + 6, from + 6, end);
        at -= behind;
        foretold = latest;
        latest = at - anchor;
        sequences.push(view, anchor, at, length, distance + 3);
        repeat2 = repeat1;
        repeat1 = distance;
        at += length;
        anchor = at;
        if (at >= limit) break;
        table[hashOf(view.getInt32(at - 2, true), view.getInt32(at, true)) >>> shift] = at - 2;
      }
      if (at < repeat2 || view.getInt32(at, true) !== view.getInt32(at - repeat2, true)) continue;
      const length = 4 + matchLength(view, at + 4, at + 4 - repeat2, end);
      if (length < SECOND_BYTES_MIN) continue;
      [repeat1, repeat2] = [repeat2, repeat1];
      sequences.push(view, anchor, at, length, 1); // Without literals, 1 means the second.
      at += length;
      anchor = at;
    }
    this.repeats = [repeat1, repeat2];
    sequences.pushRest(this.#bytes.subarray(anchor, end));
  }
}

/** The smallest of 1, 2 and 3 so far behind `at` and `from` that four bytes are equal; 0: none. */
function repeatsAhead(view: DataView, at: number, from: number): number {
  const near = view.getInt32(at + 1, true) ^ view.getInt32(from + 1, true);
  if (near === 0) return 1;
  const far = view.getInt32(at + 3, true) ^ view.getInt32(from + 3, true);
  if (near >>> 8 === 0 && (far & 0xff_0000) === 0) return 2;
  return far === 0 ? 3 : 0;
}

/** The start, at most `most` behind `at`, of the bytes that are equal from there on; 0: they are not. */
function repeatsFarAhead(view: DataView, at: number, from: number, most: number): number {
  if (view.getInt32(at + most, true) !== view.getInt32(from + most, true)) return 0;
  return most - matchBehind(view, at + most, from + most, most - AHEAD_MAX - 1);
}

/** How many bytes before `at`, `most` at most, equal those before `from`. */
function matchBehind(view: DataView, at: number, from: number, most: number): number {
  let length = 0;
  while (length < most && view.getUint8(at - length - 1) === view.getUint8(from - length - 1))
    length++;
  return length;
}

/** Mixes the six bytes of two words that overlap by two; the upper bits count. */
function hashOf(word: number, later: number): number {
  return Math.imul(word, 0x9e3779b1) ^ Math.imul(later, 0x85ebca77);
}

/** How many bytes from `at` to at most `end` equal those from `from`. */
function matchLength(view: DataView, start: number, from: number, end: number): number {
  let at = start;
  for (; at + 4 <= end; at += 4, from += 4) {
    const difference = view.getInt32(at, true) ^ view.getInt32(from, true);
    if (difference !== 0) return at - start + ((31 - Math.clz32(difference & -difference)) >> 3);
  }
  while (at < end && view.getUint8(at) === view.getUint8(from)) {
    at++;
    from++;
  }
  return at - start;
}
