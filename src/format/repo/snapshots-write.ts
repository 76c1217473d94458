/**
 * Writes the list of snapshots: what an earlier file held is copied, and only what came since is
 * encoded. Spec: v2 "Repo Info File" › SnapshotInfo.
 *
 *   positions of the tables, by id | tables, the newest first | vtables | messages, metadata, ...
 *
 * What a table points to is as far from it in every file, since new tables come before the old ones
 * and new messages behind theirs. Two words per snapshot differ from file to file: where its
 * table is, and its parent's position among the ids.
 */

import { concatBytes, encodeUtf8 } from "../../base/bytes.ts";
import { FlatBufferWords } from "../../codec/flatbuffers/words.ts";
import { OBJECT_ID_BYTES, objectIdToBytes } from "../ids.ts";
import { type MetadataItem, parseMetadataItems } from "../metadata.ts";
import { putMetadataItems } from "../metadata-write.ts";
import { NO_PARENT, REPO_SNAPSHOT_SLOTS, type SnapshotColumns } from "./snapshot-columns.ts";
import type { SnapshotList } from "./snapshot-list.ts";

/** id, parent, time, message, metadata, pruned ancestors: slots 0 to 5. */
const SNAPSHOT_LAYOUT = [40, 16, 4, 8, 28, 32, 36] as const;
const UNPRUNED_LAYOUT = [40, 16, 4, 8, 28, 32] as const;
/** In words: a table, its fields, and the offsets to what hangs on it. */
const TABLE_WORDS = 10;
const PARENT = 1;
const TIME = 2;
const ID = 4;
const MESSAGE = 7;
const METADATA = 8;
const PRUNED = 9;

/** What stands between the tables and what hangs on them. */
const between = new FlatBufferWords(16);
const PRUNED_VTABLE = between.putVtable(SNAPSHOT_LAYOUT);
const UNPRUNED_VTABLE = between.putVtable(UNPRUNED_LAYOUT);
const NO_METADATA = between.reserve(2); // An empty vector that all snapshots without share.
const BETWEEN = between.view(0, between.length);

const images = new WeakMap<SnapshotColumns, SnapshotImage>();

/** Puts the vector of snapshots, sorted by id, and all that belongs to it; returns where it starts. */
export function putSnapshots(words: FlatBufferWords, list: SnapshotList): number {
  return imageOf(list).put(words, list);
}

/** How many words `putSnapshots` puts, at most. */
export function snapshotWords(list: SnapshotList): number {
  return imageOf(list).wordCount(list.size);
}

function imageOf({ columns }: SnapshotList): SnapshotImage {
  let image = images.get(columns);
  if (image === undefined) {
    image = new SnapshotImage(columns.length);
    images.set(columns, image);
  }
  image.extend(columns);
  return image;
}

/** An image of rows: tables from the end of a buffer towards its start, and what hangs on them. */
class SnapshotImage {
  #length = 0;
  #tables: Uint32Array;
  readonly #hanging = new FlatBufferWords();

  constructor(room: number) {
    this.#tables = new Uint32Array(TABLE_WORDS * room);
  }

  wordCount(size: number): number {
    return 2 + size * (1 + TABLE_WORDS) + BETWEEN.length + this.#hanging.length;
  }

  /** Encodes the rows that came since. */
  extend(columns: SnapshotColumns): void {
    while (this.#length < columns.length) this.#append(columns, this.#length);
  }

  put(words: FlatBufferWords, { columns, order }: SnapshotList): number {
    const count = order.length;
    if (words.length % 2 === count % 2) words.put(0); // Tables start at multiples of 8 bytes.
    const vector = words.reserve(1 + count);
    const first = words.putWords(
      this.#tables.subarray(-TABLE_WORDS * count || this.#tables.length),
    );
    words.putWords(BETWEEN);
    words.putWords(this.#hanging.view(0, this.#hanging.length));
    words.set(vector, count);
    pointToTables(words.view(vector + 1, count), order, first - (vector + 1));
    setParents(words.view(first, TABLE_WORDS * count), columns.parents, positionsOf(order));
    return vector;
  }

  #append(columns: SnapshotColumns, row: number): void {
    if (TABLE_WORDS * row === this.#tables.length) this.#grow();
    const at = this.#tables.length - TABLE_WORDS * (row + 1);
    const tables = this.#tables;
    const { micros, message, metadata, pruned } = partsOf(columns, row);
    /** In words, from the start of the table to a position behind all tables. */
    const distance = TABLE_WORDS * (row + 1);
    const hang = (word: number, position: number): void => {
      tables[at + word] = (distance - word + position) * 4;
    };
    const hanging = this.#hanging;
    const isPruned = pruned.length > 0;
    tables[at] = -(distance + (isPruned ? PRUNED_VTABLE : UNPRUNED_VTABLE)) * 4;
    tables[at + TIME] = micros; // Its low 32 bits.
    tables[at + TIME + 1] = Math.floor(micros / 2 ** 32);
    const id = columns.ids.subarray(OBJECT_ID_BYTES * row, OBJECT_ID_BYTES * (row + 1));
    new Uint8Array(tables.buffer).set(id, (at + ID) * 4);
    hang(MESSAGE, BETWEEN.length + hanging.putStringBytes(message));
    if (metadata.length === 0) hang(METADATA, NO_METADATA);
    else hang(METADATA, BETWEEN.length + putMetadataItems(hanging, metadata));
    if (isPruned) {
      hang(PRUNED, BETWEEN.length + hanging.length);
      hanging.put(pruned.length / OBJECT_ID_BYTES);
      hanging.putBytes(pruned);
    }
    this.#length = row + 1;
  }

  #grow(): void {
    const tables = new Uint32Array(2 * this.#tables.length + 16 * TABLE_WORDS);
    tables.set(this.#tables, tables.length - this.#tables.length);
    this.#tables = tables;
  }
}

/** What is encoded of a row. */
interface SnapshotParts {
  readonly micros: number;
  /** In UTF-8. */
  readonly message: Uint8Array;
  readonly metadata: readonly MetadataItem[];
  /** Ids, one behind the other. */
  readonly pruned: Uint8Array;
}

/** Rows of a file are copied from it: no objects are made of them. */
function partsOf(columns: SnapshotColumns, row: number): SnapshotParts {
  const { stored } = columns;
  const table = stored?.tables[row];
  if (stored === undefined || table === undefined) {
    const { flushedAtMicros, message, metadata, prunedAncestorTransactionLogs } =
      columns.snapshot(row);
    const pruned = (prunedAncestorTransactionLogs ?? []).map(objectIdToBytes);
    return {
      micros: flushedAtMicros,
      message: encodeUtf8(message),
      metadata,
      pruned: concatBytes(pruned),
    };
  }
  const { reader } = stored;
  const pruned = reader.vector(table, REPO_SNAPSHOT_SLOTS.prunedAncestors, OBJECT_ID_BYTES);
  const prunedBytes = OBJECT_ID_BYTES * reader.vectorLength(pruned);
  return {
    micros: reader.uint64(table, REPO_SNAPSHOT_SLOTS.flushedAt, 0),
    message: reader.byteVector(table, REPO_SNAPSHOT_SLOTS.message) as Uint8Array,
    metadata: parseMetadataItems(reader, table, REPO_SNAPSHOT_SLOTS.metadata),
    pruned: reader.bytes.subarray(pruned + 4, pruned + 4 + prunedBytes),
  };
}

/** The position of each row in `order`. */
function positionsOf(order: Uint32Array): Uint32Array {
  const positions = new Uint32Array(order.length);
  for (let at = 0; at < order.length; at++) positions[order[at] as number] = at;
  return positions;
}

/** Sets the offsets in `vector`, `distance` words after which the tables start. */
function pointToTables(vector: Uint32Array, order: Uint32Array, distance: number): void {
  const last = order.length - 1;
  for (let at = 0; at < order.length; at++) {
    vector[at] = (distance - at + TABLE_WORDS * (last - (order[at] as number))) * 4;
  }
}

function setParents(tables: Uint32Array, parents: Int32Array, positions: Uint32Array): void {
  let at = TABLE_WORDS * (positions.length - 1) + PARENT;
  for (let row = 0; row < positions.length; row++) {
    const parent = parents[row] as number;
    tables[at] = parent === NO_PARENT ? NO_PARENT : (positions[parent] as number);
    at -= TABLE_WORDS;
  }
}
