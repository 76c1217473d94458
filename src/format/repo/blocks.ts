/**
 * Entries of the `repo` file in blocks that are encoded, and may be compressed, once: every commit
 * writes all snapshots and updates anew, but few differ from those of the file before.
 *
 * Where a block ends depends on the entry alone, so that blocks stay the same while entries come
 * at one end and, as in the ops log, go at the other.
 */
import { type FlatBufferFragment, FlatBufferWords } from "../../codec/flatbuffers/words.ts";

/** Entries of a block, on average. */
const BLOCK_ENTRIES = 16;
const ENTRY_WORDS = 64; // About what an entry takes.
const HASH_FACTOR = 0x9e3779b1;
/** Stands for a position where there is nothing to point to. */
export const NOWHERE = 0xffffffff;

/** Encoded entries that neither point to anything outside nor differ from file to file. */
export interface RepoBlock {
  /** A multiple of 8. */
  readonly bytes: Uint8Array;
}

/** Entries, and the words that refer to them: their number for each, to be written in front. */
export interface WrittenEntries<Entry> {
  readonly entries: readonly Entry[];
  /** Offsets are positions in the block, or in the file for entries behind the last block. */
  readonly front: Uint32Array;
}

/** One entry: what stands in the block, and the words in front, with positions in the fragment. */
export interface EncodedEntry {
  readonly fragment: FlatBufferFragment;
  readonly front: Uint32Array;
}

/** How entries of one kind are encoded. */
interface EntryKind<Entry> {
  readonly microsOf: (entry: Entry) => number;
  readonly encode: (entry: Entry) => EncodedEntry;
  /** Words in front of each entry, of which those from `offsetsFrom` on are offsets. */
  readonly frontWords: number;
  readonly offsetsFrom: number;
}

type EntryBlock<Entry> = RepoBlock & WrittenEntries<Entry>;

/** Encodes entries of one kind, and remembers what it encoded as long as the entries live. */
export class RepoEntries<Entry extends object> {
  readonly #blocks = new WeakMap<Entry, EntryBlock<Entry>>();
  readonly #encoded = new WeakMap<Entry, EncodedEntry>();
  readonly #kind: EntryKind<Entry>;

  constructor(kind: EntryKind<Entry>) {
    this.#kind = kind;
  }

  /** `entries`, the oldest first: those in blocks, and those behind the last block. */
  split(entries: readonly Entry[]): { blocks: EntryBlock<Entry>[]; rest: readonly Entry[] } {
    const { microsOf } = this.#kind;
    const blocks: EntryBlock<Entry>[] = [];
    let start = 0;
    for (let at = 0; at < entries.length; at++) {
      if (!endsBlock(microsOf(entries[at] as Entry))) continue;
      blocks.push(this.#blockOf(entries, start, at + 1));
      start = at + 1;
    }
    return { blocks, rest: entries.slice(start) };
  }

  /** Writes `entries` to a file or block; their positions are those in it. */
  put(words: FlatBufferWords, entries: readonly Entry[]): WrittenEntries<Entry> {
    const { frontWords, offsetsFrom, encode } = this.#kind;
    const front = new Uint32Array(frontWords * entries.length);
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i] as Entry;
      let encoded = this.#encoded.get(entry);
      if (encoded === undefined) {
        encoded = encode(entry);
        this.#encoded.set(entry, encoded);
      }
      const start = words.putFragment(encoded.fragment);
      front.set(encoded.front, frontWords * i);
      shiftOffsets(front, frontWords * i + offsetsFrom, frontWords * (i + 1), start);
    }
    return { entries, front };
  }

  #blockOf(entries: readonly Entry[], start: number, end: number): EntryBlock<Entry> {
    const last = entries[end - 1] as Entry;
    const known = this.#blocks.get(last);
    if (known !== undefined && isRange(known.entries, entries, start, end)) return known;
    const words = new FlatBufferWords(ENTRY_WORDS * (end - start));
    const written = this.put(words, entries.slice(start, end));
    words.alignTo8Bytes();
    const block = { ...written, bytes: words.finish().slice() };
    this.#blocks.set(last, block);
    for (const entry of block.entries) this.#encoded.delete(entry);
    return block;
  }
}

function shiftOffsets(front: Uint32Array, start: number, end: number, by: number): void {
  for (let at = start; at < end; at++) {
    const position = front[at] as number;
    if (position !== NOWHERE) front[at] = position + by;
  }
}

// Of the low 32 bits.
function endsBlock(micros: number): boolean {
  return Math.imul(micros, HASH_FACTOR) >>> 0 < 2 ** 32 / BLOCK_ENTRIES;
}

function isRange<T>(held: readonly T[], all: readonly T[], start: number, end: number): boolean {
  if (held.length !== end - start) return false;
  for (let at = start; at < end; at++) if (held[at - start] !== all[at]) return false;
  return true;
}
