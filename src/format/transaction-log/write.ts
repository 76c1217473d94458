/** Writes the log in words: it has a table per chunk. Spec: v2 "Transaction Log Files". */
import { compareUtf8 } from "../../base/bytes.ts";
import { type CoordinateRows, uniteCoordinates } from "../../base/coordinates.ts";
import { FlatBufferWords } from "../../codec/flatbuffers/words.ts";
import { nodeIdToBytes, objectIdToBytes } from "../ids.ts";
import { FILE_IDENTIFIER } from "../table-fields.ts";
import { type MoveOperation, nodeLists, type TransactionLog, type UpdatedChunks } from "./read.ts";

/**
 * Field positions: [table bytes, position of slot 0, of slot 1, ...]. Fields stand in slot order
 * behind the word that leads to the vtable.
 */
const ROOT_LAYOUT = [48, 4, 16, 20, 24, 28, 32, 36, 40, 44] as const;
const UPDATED_CHUNKS_LAYOUT = [16, 4, 12] as const;
const COORDINATES_LAYOUT = [8, 4] as const;
const TABLES_PER_VTABLE = 256;
const MOVE_LAYOUT = [24, 4, 8, 12, 20] as const;

/** The log of a snapshot that changed nothing. */
export function emptyTransactionLog(id: string): TransactionLog {
  return { id, ...nodeLists(() => []), updatedChunks: [], movedNodes: [] };
}

/** The payload of a transaction log file; lists may come in any order. */
export function encodeTransactionLog(log: TransactionLog): Uint8Array {
  const words = new FlatBufferWords(roomFor(log));
  words.put(0); // The root offset; known below.
  words.put(FILE_IDENTIFIER);
  const rootVtable = words.putVtable(ROOT_LAYOUT);
  const chunksVtable = words.putVtable(UPDATED_CHUNKS_LAYOUT);
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
  putAllUpdatedChunks(words, log.updatedChunks, chunksVtable);
  words.setOffset(offsets + 7, words.length);
  putMoves(words, log.movedNodes, moveVtable);
  return words.finish();
}

/** About as many words as the log takes: growing a buffer of megabytes would copy it. */
function roomFor({ updatedChunks }: TransactionLog): number {
  const ofChunks = updatedChunks.map(({ count, rank }) => count * (4 + rank) + count / 64 + 16);
  return 1024 + Math.ceil(ofChunks.reduce((sum, words) => sum + words, 0));
}

function putNodeIds(words: FlatBufferWords, ids: readonly string[]): void {
  words.put(ids.length);
  for (const id of [...ids].sort()) words.putBytes(nodeIdToBytes(id));
}

function putAllUpdatedChunks(
  words: FlatBufferWords,
  lists: readonly UpdatedChunks[],
  chunksVtable: number,
): void {
  const sorted = [...lists].sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
  words.put(sorted.length);
  const offsets = words.reserve(sorted.length);
  for (const [i, list] of sorted.entries()) {
    words.setOffset(offsets + i, words.startTable(chunksVtable));
    words.putBytes(nodeIdToBytes(list.nodeId));
    const chunks = words.reserve(1);
    words.setOffset(chunks, words.length);
    putCoordinates(words, uniteCoordinates([list]));
  }
}

/** A copy of the vtable now and then makes tables repeat, which halves them once compressed. */
function putCoordinates(words: FlatBufferWords, list: CoordinateRows): void {
  const { rank, count, data } = list;
  words.put(count);
  const offsets = words.reserve(count);
  words.grow(count * (3 + rank) + 2 * Math.ceil(count / TABLES_PER_VTABLE));
  for (let start = 0; start < count; start += TABLES_PER_VTABLE) {
    const end = Math.min(count, start + TABLES_PER_VTABLE);
    const vtable = words.putVtable(COORDINATES_LAYOUT);
    let table = words.reserve((end - start) * (3 + rank));
    for (let row = start, from = start * rank; row < end; row++) {
      words.setOffset(offsets + row, table);
      words.set(table, (table - vtable) * 4);
      words.set(table + 1, 4); // The coordinates follow at once.
      words.set(table + 2, rank);
      table += 3;
      for (let d = 0; d < rank; d++) words.set(table++, data[from++] as number);
    }
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
