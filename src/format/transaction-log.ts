/**
 * The transaction log: what one commit changed. Needed for diff, rebase and amend, never for
 * reading data. Written by hand in words, since a log has a table per changed chunk.
 * Spec: v2 "Transaction Logs".
 */
import { compareUtf8 } from "../base/bytes.ts";
import { FlatBufferReader } from "../codec/flatbuffer.ts";
import { FlatBufferWords } from "../codec/flatbuffer-words.ts";
import { parseObjectId } from "./array-data.ts";
import { NODE_ID_BYTES, nodeIdFromBytes, nodeIdToBytes, objectIdToBytes } from "./ids.ts";
import { sortUpdatedChunks, uniteUpdatedChunks } from "./updated-chunks.ts";

/** Slot numbers of the tables; updated arrays come before updated groups, unlike the others. */
const LOG = {
  id: 0,
  newGroups: 1,
  newArrays: 2,
  deletedGroups: 3,
  deletedArrays: 4,
  updatedArrays: 5,
  updatedGroups: 6,
  updatedChunks: 7,
  movedNodes: 8,
} as const;
const UPDATED_CHUNKS = { nodeId: 0, chunks: 1 } as const;
const MOVE = { from: 0, to: 1, nodeId: 2, nodeType: 3 } as const;
const FILE_IDENTIFIER = 0x6b686349; // "Ichk"
const NODE_TYPE_ARRAY = 1;
const RANKS_MAX = 8;

/**
 * Field positions: [table bytes, position of slot 0, of slot 1, ...]. Fields stand in slot order
 * behind the word that leads to the vtable.
 */
const ROOT_LAYOUT = [48, 4, 16, 20, 24, 28, 32, 36, 40, 44] as const;
const UPDATED_CHUNKS_LAYOUT = [16, 4, 12] as const;
const COORDINATES_LAYOUT = [8, 4] as const;
const MOVE_LAYOUT = [24, 4, 8, 12, 20] as const;

/** Coordinates of changed chunks (set or deleted) of one array, flat: row r is data[r*rank .. (r+1)*rank). */
export interface UpdatedChunks {
  readonly nodeId: string;
  readonly rank: number;
  /** Number of coordinates; needed because scalars have rank 0. */
  readonly count: number;
  /** Sorted lexicographically as written; do not rely on it when reading (format.md "Versions"). */
  readonly data: Uint32Array;
}

/** One moved node. */
export interface MoveOperation {
  readonly from: string;
  readonly to: string;
  readonly nodeId: string;
  readonly nodeType: "group" | "array";
}

/** A decoded transaction log. Id lists are sorted. */
export interface TransactionLog {
  readonly id: string;
  readonly newGroups: readonly string[];
  readonly newArrays: readonly string[];
  readonly deletedGroups: readonly string[];
  readonly deletedArrays: readonly string[];
  readonly updatedGroups: readonly string[];
  readonly updatedArrays: readonly string[];
  readonly updatedChunks: readonly UpdatedChunks[];
  readonly movedNodes: readonly MoveOperation[];
}

/**
 * The log in a file's payload. Lists are sorted anew where an old writer did not; coordinates
 * stay in file order. An array whose coordinates differ in rank gets one entry per rank.
 * @throws {deserialization}
 */
export function parseTransactionLog(payload: Uint8Array, object: string): TransactionLog {
  const reader = new FlatBufferReader(payload, object);
  const root = reader.root();
  const ids = (slot: number): string[] => parseNodeIds(reader, root, slot);
  const id = parseObjectId(reader, root, LOG.id);
  return {
    id: id ?? reader.fail(root, "transaction log without id"),
    newGroups: ids(LOG.newGroups),
    newArrays: ids(LOG.newArrays),
    deletedGroups: ids(LOG.deletedGroups),
    deletedArrays: ids(LOG.deletedArrays),
    updatedGroups: ids(LOG.updatedGroups),
    updatedArrays: ids(LOG.updatedArrays),
    updatedChunks: parseAllUpdatedChunks(reader, root),
    movedNodes: parseMoves(reader, root),
  };
}

function parseNodeIds(reader: FlatBufferReader, root: number, slot: number): string[] {
  const vector = reader.vector(root, slot, NODE_ID_BYTES);
  const ids: string[] = [];
  for (let i = 0; i < reader.vectorLength(vector); i++) {
    const at = vector + 4 + i * NODE_ID_BYTES;
    ids.push(nodeIdFromBytes(reader.bytes.subarray(at, at + NODE_ID_BYTES)));
  }
  return ids.sort();
}

function parseNodeId(reader: FlatBufferReader, table: number, slot: number): string {
  const at = reader.field(table, slot, NODE_ID_BYTES);
  if (at === 0) reader.fail(table, "entry without node id");
  return nodeIdFromBytes(reader.bytes.subarray(at, at + NODE_ID_BYTES));
}

function parseAllUpdatedChunks(reader: FlatBufferReader, root: number): UpdatedChunks[] {
  const vector = reader.vector(root, LOG.updatedChunks, 4);
  const lists: UpdatedChunks[] = [];
  for (let i = 0; i < reader.vectorLength(vector); i++) {
    const table = reader.tableAt(vector, i);
    const nodeId = parseNodeId(reader, table, UPDATED_CHUNKS.nodeId);
    const chunks = reader.vector(table, UPDATED_CHUNKS.chunks, 4);
    for (const [rank, count] of countRanks(reader, chunks)) {
      lists.push(parseUpdatedChunks(reader, nodeId, chunks, rank, count));
    }
  }
  return lists.sort((a, b) => (a.nodeId < b.nodeId ? -1 : a.nodeId > b.nodeId ? 1 : 0));
}

/** Ranks of the coordinates, with the number of coordinates of each: one rank in sane files. */
function countRanks(reader: FlatBufferReader, chunks: number): Map<number, number> {
  const counts = new Map<number, number>();
  for (let i = 0; i < reader.vectorLength(chunks); i++) {
    const rank = reader.vectorLength(reader.vector(reader.tableAt(chunks, i), 0, 4));
    counts.set(rank, (counts.get(rank) ?? 0) + 1);
    // Each rank costs a pass over the list.
    if (counts.size > RANKS_MAX) reader.fail(chunks, `coordinates of ${counts.size} ranks`);
  }
  return counts;
}

function parseUpdatedChunks(
  reader: FlatBufferReader,
  nodeId: string,
  chunks: number,
  rank: number,
  count: number,
): UpdatedChunks {
  const data = new Uint32Array(count * rank);
  let at = 0;
  for (let i = 0; i < reader.vectorLength(chunks); i++) {
    const coordinates = reader.vector(reader.tableAt(chunks, i), 0, 4);
    if (reader.vectorLength(coordinates) !== rank) continue;
    for (let d = 0; d < rank; d++) {
      data[at++] = reader.view.getUint32(coordinates + 4 + 4 * d, true);
    }
  }
  return { nodeId, rank, count, data };
}

function parseMoves(reader: FlatBufferReader, root: number): MoveOperation[] {
  const vector = reader.vector(root, LOG.movedNodes, 4);
  const moves: MoveOperation[] = [];
  for (let i = 0; i < reader.vectorLength(vector); i++) {
    const table = reader.tableAt(vector, i);
    const nodeType = reader.uint8(table, MOVE.nodeType, 0);
    if (nodeType > NODE_TYPE_ARRAY) reader.fail(table, `node type ${nodeType} does not exist`);
    moves.push({
      from: reader.string(table, MOVE.from) ?? reader.fail(table, "move without source"),
      to: reader.string(table, MOVE.to) ?? reader.fail(table, "move without target"),
      nodeId: parseNodeId(reader, table, MOVE.nodeId),
      nodeType: nodeType === NODE_TYPE_ARRAY ? "array" : "group",
    });
  }
  return moves;
}

/** The payload of a transaction log file; lists may come in any order. */
export function encodeTransactionLog(log: TransactionLog): Uint8Array {
  const words = new FlatBufferWords();
  words.put(0); // The root offset; known below.
  words.put(FILE_IDENTIFIER);
  const rootVtable = words.putVtable(ROOT_LAYOUT);
  const chunksVtable = words.putVtable(UPDATED_CHUNKS_LAYOUT);
  const coordinatesVtable = words.putVtable(COORDINATES_LAYOUT);
  const moveVtable = words.putVtable(MOVE_LAYOUT);
  const root = words.startTable(rootVtable);
  words.set(0, root * 4);
  words.putBytes(objectIdToBytes(log.id));
  const offsets = words.reserve(8);
  const idLists = [
    log.newGroups,
    log.newArrays,
    log.deletedGroups,
    log.deletedArrays,
    log.updatedArrays, // Arrays before groups here, and only here.
    log.updatedGroups,
  ];
  for (const [i, ids] of idLists.entries()) {
    words.setOffset(offsets + i, words.length);
    putNodeIds(words, ids);
  }
  words.setOffset(offsets + 6, words.length);
  putAllUpdatedChunks(words, log.updatedChunks, chunksVtable, coordinatesVtable);
  words.setOffset(offsets + 7, words.length);
  putMoves(words, log.movedNodes, moveVtable);
  return words.finish();
}

function putNodeIds(words: FlatBufferWords, ids: readonly string[]): void {
  words.put(ids.length);
  for (const id of [...ids].sort()) words.putBytes(nodeIdToBytes(id));
}

function putAllUpdatedChunks(
  words: FlatBufferWords,
  lists: readonly UpdatedChunks[],
  chunksVtable: number,
  coordinatesVtable: number,
): void {
  const sorted = [...lists].sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
  words.put(sorted.length);
  const offsets = words.reserve(sorted.length);
  for (const [i, list] of sorted.entries()) {
    words.setOffset(offsets + i, words.startTable(chunksVtable));
    words.putBytes(nodeIdToBytes(list.nodeId));
    const chunks = words.reserve(1);
    words.setOffset(chunks, words.length);
    putCoordinates(words, sortUpdatedChunks(list), coordinatesVtable);
  }
}

function putCoordinates(words: FlatBufferWords, list: UpdatedChunks, vtable: number): void {
  const { rank, count, data } = list;
  words.put(count);
  const offsets = words.reserve(count);
  words.grow(count * (3 + rank));
  for (let row = 0; row < count; row++) {
    words.setOffset(offsets + row, words.startTable(vtable));
    words.put(4); // The coordinates follow at once.
    words.put(rank);
    for (let d = 0; d < rank; d++) words.put(data[row * rank + d] as number);
  }
}

function putMoves(words: FlatBufferWords, moves: readonly MoveOperation[], vtable: number): void {
  const sorted = [...moves].sort((a, b) => comparePathsBySegment(a.to, b.to));
  words.put(sorted.length);
  const offsets = words.reserve(sorted.length);
  for (const [i, move] of sorted.entries()) {
    words.setOffset(offsets + i, words.startTable(vtable));
    const names = words.reserve(2);
    words.putBytes(nodeIdToBytes(move.nodeId));
    words.put(move.nodeType === "array" ? 1 : 0);
    words.setOffset(names, words.length);
    words.putString(move.from);
    words.setOffset(names + 1, words.length);
    words.putString(move.to);
  }
}

/** Segment by segment: `/a/b` before `/a-b`, unlike everywhere else in the format. */
function comparePathsBySegment(a: string, b: string): number {
  // A byte below every other lets plain comparison put the separator first.
  return compareUtf8(a.replaceAll("/", "\0"), b.replaceAll("/", "\0"));
}

/**
 * The log of an amended commit: everything of both, under the id of `newer`. Moves of one node
 * become one, or none if it ends where it began; nothing else cancels out.
 */
export function mergeTransactionLogs(older: TransactionLog, newer: TransactionLog): TransactionLog {
  const unite = (a: readonly string[], b: readonly string[]): string[] =>
    [...new Set([...a, ...b])].sort();
  return {
    id: newer.id,
    newGroups: unite(older.newGroups, newer.newGroups),
    newArrays: unite(older.newArrays, newer.newArrays),
    deletedGroups: unite(older.deletedGroups, newer.deletedGroups),
    deletedArrays: unite(older.deletedArrays, newer.deletedArrays),
    updatedGroups: unite(older.updatedGroups, newer.updatedGroups),
    updatedArrays: unite(older.updatedArrays, newer.updatedArrays),
    updatedChunks: mergeUpdatedChunks(older.updatedChunks, newer.updatedChunks),
    movedNodes: mergeMoves(older.movedNodes, newer.movedNodes),
  };
}

function mergeUpdatedChunks(
  older: readonly UpdatedChunks[],
  newer: readonly UpdatedChunks[],
): UpdatedChunks[] {
  const merged = new Map<string, UpdatedChunks>();
  for (const list of [...older, ...newer]) {
    const key = `${list.nodeId} ${list.rank}`;
    const known = merged.get(key);
    merged.set(key, known === undefined ? list : uniteUpdatedChunks(known, list));
  }
  return [...merged.values()].sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
}

function mergeMoves(
  older: readonly MoveOperation[],
  newer: readonly MoveOperation[],
): MoveOperation[] {
  const merged = new Map<string, MoveOperation>();
  for (const move of [...older, ...newer]) {
    const first = merged.get(move.nodeId);
    merged.set(move.nodeId, first === undefined ? move : { ...move, from: first.from });
  }
  return [...merged.values()].filter((move) => move.from !== move.to);
}
