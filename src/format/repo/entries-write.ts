/**
 * Writes snapshots and updates into `repo`: the vectors and all that changes from file to file in
 * front, what never changes in blocks behind. Spec: v2 "Repo Info File" › SnapshotInfo, Update.
 */
import { FlatBufferWords } from "../../codec/flatbuffers/words.ts";
import { objectIdToBytes } from "../ids.ts";
import { putMetadataItems } from "../metadata-write.ts";
import {
  type EncodedEntry,
  NOWHERE,
  type RepoBlock,
  RepoEntries,
  type WrittenEntries,
} from "./blocks.ts";
import { NO_PARENT, type RepoInfo, type RepoSnapshot } from "./read.ts";
import { mustIndex } from "./refs-write.ts";
import type { RepoUpdate } from "./update.ts";
import { encodeUpdate } from "./update-write.ts";

/** id, parent, time, message, metadata, pruned ancestors: slots 0 to 5. */
const SNAPSHOT_LAYOUT = [40, 16, 4, 8, 28, 32, 36] as const;
const UNPRUNED_LAYOUT = [40, 16, 4, 8, 28, 32] as const;
/** In words: a table, its fields, and the offsets to what hangs on it. */
const TABLE_WORDS = 10;
const PARENT = 1;
const TIME = 2;
const ID = 4;
const OFFSETS = 7;
const PRUNED = 9;
const HANGING_WORDS = 32; // About what hangs on a table.

const snapshotEntries = new RepoEntries<RepoSnapshot>({
  microsOf: ({ flushedAtMicros }) => flushedAtMicros,
  encode: encodeSnapshot,
  frontWords: TABLE_WORDS,
  offsetsFrom: OFFSETS,
});
const updateEntries = new RepoEntries<RepoUpdate>({
  microsOf: ({ updatedAtMicros }) => updatedAtMicros,
  encode: (update) => ({ fragment: encodeUpdate(update), front: Uint32Array.of(0) }),
  frontWords: 1,
  offsetsFrom: 0,
});

/** In front the table, of which only the parent's position changes from file to file. */
function encodeSnapshot(snapshot: RepoSnapshot): EncodedEntry {
  const front = new FlatBufferWords(TABLE_WORDS);
  front.reserve(TABLE_WORDS);
  front.setUint64(TIME, snapshot.flushedAtMicros);
  front.setBytes(ID, objectIdToBytes(snapshot.id));
  const words = new FlatBufferWords(HANGING_WORDS);
  front.set(OFFSETS, words.putString(snapshot.message));
  front.set(OFFSETS + 1, putMetadataItems(words, snapshot.metadata));
  const { prunedAncestorTransactionLogs: pruned = [] } = snapshot;
  front.set(PRUNED, pruned.length === 0 ? NOWHERE : words.length);
  if (pruned.length > 0) words.put(pruned.length);
  for (const id of pruned) words.putBytes(objectIdToBytes(id));
  return { fragment: words.toFragment(), front: front.toFragment().words };
}

/** Writes the entries of one file: the vectors, in any order, and then what they point to. */
export class RepoEntriesWriter {
  readonly #words: FlatBufferWords;
  readonly #repo: RepoInfo;
  readonly #indexOf: ReadonlyMap<string, number>;
  /** Where the first snapshot's table is, the vtables, and where the vector of updates starts. */
  #tables = 0;
  #prunedVtable = 0;
  #unprunedVtable = 0;
  #updates = 0;

  /** `indexOf`: the ids of all snapshots, sorted. */
  constructor(words: FlatBufferWords, repo: RepoInfo, indexOf: ReadonlyMap<string, number>) {
    this.#words = words;
    this.#repo = repo;
    this.#indexOf = indexOf;
  }

  /** The vector of snapshots, sorted by id; room for their tables. */
  putSnapshots(): number {
    const words = this.#words;
    const count = this.#indexOf.size;
    this.#prunedVtable = words.vtableOf(SNAPSHOT_LAYOUT);
    this.#unprunedVtable = words.vtableOf(UNPRUNED_LAYOUT);
    const vector = words.reserve(1 + count);
    words.set(vector, count);
    words.alignTo8Bytes();
    this.#tables = words.reserve(TABLE_WORDS * count);
    for (let i = 0; i < count; i++) words.setOffset(vector + 1 + i, this.#tables + TABLE_WORDS * i);
    return vector;
  }

  /** The vector of updates, newest first. */
  putUpdates(): number {
    const count = this.#repo.latestUpdates.length;
    const vector = this.#words.reserve(1 + count);
    this.#words.set(vector, count);
    this.#updates = vector + 1;
    return vector;
  }

  /** What the vectors point to: here, or in the blocks that are to follow in this order. */
  finish(): RepoBlock[] {
    const words = this.#words;
    const { snapshots, latestUpdates } = this.#repo;
    const snapshotSplit = snapshotEntries.split([...snapshots.values()]);
    // The newest update gets its backup's name later.
    const updateSplit = updateEntries.split(latestUpdates.slice(1).reverse());
    const lastUpdates = [...updateSplit.rest, latestUpdates[0] as RepoUpdate];
    this.#pointToSnapshots(snapshotEntries.put(words, snapshotSplit.rest), 0);
    this.#pointToUpdates(updateEntries.put(words, lastUpdates), 0, 0);
    words.alignTo8Bytes();
    let end = words.length;
    for (const block of snapshotSplit.blocks) {
      this.#pointToSnapshots(block, end);
      end += block.bytes.length >> 2;
    }
    let younger = latestUpdates.length;
    for (const block of updateSplit.blocks) {
      younger -= block.entries.length;
      this.#pointToUpdates(block, younger, end);
      end += block.bytes.length >> 2;
    }
    return [...snapshotSplit.blocks, ...updateSplit.blocks];
  }

  #pointToSnapshots({ entries, front }: WrittenEntries<RepoSnapshot>, base: number): void {
    const words = this.#words;
    for (let i = 0; i < entries.length; i++) {
      const { id, parentId } = entries[i] as RepoSnapshot;
      const from = TABLE_WORDS * i;
      const table = this.#tables + TABLE_WORDS * (this.#indexOf.get(id) as number);
      const isPruned = front[from + PRUNED] !== NOWHERE;
      words.setTable(table, isPruned ? this.#prunedVtable : this.#unprunedVtable);
      const parent =
        parentId === undefined ? NO_PARENT : mustIndex(this.#indexOf, parentId, `snapshot ${id}`);
      words.set(table + PARENT, parent);
      for (let at = TIME; at < OFFSETS; at++) words.set(table + at, front[from + at] as number);
      for (let at = OFFSETS; at < TABLE_WORDS; at++) {
        if (at === PRUNED && !isPruned) break;
        words.setOffset(table + at, base + (front[from + at] as number));
      }
    }
  }

  /** `younger`: how many updates are younger than these, the oldest of which is the first. */
  #pointToUpdates({ front }: WrittenEntries<RepoUpdate>, younger: number, base: number): void {
    let at = this.#updates + younger + front.length;
    for (const position of front) this.#words.setOffset(--at, base + position);
  }
}
