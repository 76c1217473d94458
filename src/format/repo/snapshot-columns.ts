/**
 * Snapshots as columns, in the order they came: rows are added behind and never change, so that
 * all lists of one history share them. A row becomes an object when it is first asked for.
 */
import type { FlatBufferReader } from "../../codec/flatbuffers/read.ts";
import { OBJECT_ID_BYTES, objectIdFromBytes } from "../ids.ts";
import { type MetadataItem, parseMetadataItems } from "../metadata.ts";

/** One snapshot as `repo` lists it. */
export interface RepoSnapshot {
  readonly id: string;
  readonly parentId?: string | undefined;
  readonly flushedAtMicros: number;
  readonly message: string;
  readonly metadata: readonly MetadataItem[];
  /** Oldest first; absent when empty. Spec 2.1. */
  readonly prunedAncestorTransactionLogs?: readonly string[] | undefined;
}

/** The parent of a first snapshot, as it is stored, and as a row. */
export const NO_PARENT = -1;
/** Slots of a listed snapshot's table. */
export const REPO_SNAPSHOT_SLOTS = {
  id: 0,
  parentOffset: 1,
  flushedAt: 2,
  message: 3,
  metadata: 4,
  prunedAncestors: 5,
} as const;

/** The file that the first rows were read from: checked, and kept as long as they are. */
interface StoredSnapshots {
  readonly reader: FlatBufferReader;
  /** Where each row's table is. */
  readonly tables: Uint32Array;
}

/** Rows are numbered as they came; a parent is a row, too. */
export class SnapshotColumns {
  readonly stored: StoredSnapshots | undefined;
  #length: number;
  #ids: Uint8Array;
  #parents: Int32Array;
  readonly #snapshots: (RepoSnapshot | undefined)[];

  /** The rows of `stored`, whose ids and parents are these; takes over the arrays. */
  constructor(ids: Uint8Array, parents: Int32Array, stored?: StoredSnapshots) {
    this.stored = stored;
    this.#length = stored === undefined ? 0 : parents.length;
    this.#ids = ids;
    this.#parents = parents;
    this.#snapshots = new Array(this.#length).fill(undefined);
  }

  get length(): number {
    return this.#length;
  }

  /** The bytes of all ids, one behind the other; perhaps more behind them. */
  get ids(): Uint8Array {
    return this.#ids;
  }

  /** The parent's row of each row; perhaps more behind them. */
  get parents(): Int32Array {
    return this.#parents;
  }

  idOf(row: number): string {
    const start = row * OBJECT_ID_BYTES;
    return objectIdFromBytes(this.#ids.subarray(start, start + OBJECT_ID_BYTES));
  }

  snapshot(row: number): RepoSnapshot {
    const known = this.#snapshots[row];
    if (known !== undefined) return known;
    const snapshot = this.#decode(row, this.stored as StoredSnapshots);
    this.#snapshots[row] = snapshot;
    return snapshot;
  }

  /** Adds a row. */
  add(id: Uint8Array, parent: number, snapshot: RepoSnapshot): void {
    const row = this.#length++;
    if (row === this.#parents.length) this.#resize(2 * row + 16);
    this.#ids.set(id, row * OBJECT_ID_BYTES);
    this.#parents[row] = parent;
    this.#snapshots.push(snapshot);
  }

  /** The first `length` rows, to which others are to be added than here. */
  fork(length: number): SnapshotColumns {
    const copy = new SnapshotColumns(this.#ids.slice(), this.#parents.slice(), this.stored);
    copy.#length = length;
    copy.#snapshots.length = 0;
    for (let row = 0; row < length; row++) copy.#snapshots.push(this.#snapshots[row]);
    return copy;
  }

  #resize(rows: number): void {
    const ids = new Uint8Array(rows * OBJECT_ID_BYTES);
    const parents = new Int32Array(rows);
    ids.set(this.#ids);
    parents.set(this.#parents);
    this.#ids = ids;
    this.#parents = parents;
  }

  #decode(row: number, { reader, tables }: StoredSnapshots): RepoSnapshot {
    const table = tables[row] as number;
    const parent = this.#parents[row] as number;
    const pruned = prunedIds(reader, table);
    return {
      id: this.idOf(row),
      parentId: parent === NO_PARENT ? undefined : this.idOf(parent),
      flushedAtMicros: reader.uint64(table, REPO_SNAPSHOT_SLOTS.flushedAt, 0),
      message: reader.string(table, REPO_SNAPSHOT_SLOTS.message) as string,
      metadata: parseMetadataItems(reader, table, REPO_SNAPSHOT_SLOTS.metadata),
      prunedAncestorTransactionLogs: pruned.length > 0 ? pruned : undefined,
    };
  }
}

function prunedIds(reader: FlatBufferReader, table: number): string[] {
  const vector = reader.vector(table, REPO_SNAPSHOT_SLOTS.prunedAncestors, OBJECT_ID_BYTES);
  const ids: string[] = [];
  for (let i = 0; i < reader.vectorLength(vector); i++) {
    const at = vector + 4 + i * OBJECT_ID_BYTES;
    ids.push(objectIdFromBytes(reader.bytes.subarray(at, at + OBJECT_ID_BYTES)));
  }
  return ids;
}
