/**
 * The transaction log: what one commit changed. Needed for diff, rebase and amend, never for
 * reading data. `write.ts` writes it, `merge.ts` makes one of two.
 * Spec: v2 "Transaction Log Files".
 */
import { FlatBufferReader } from "../../codec/flatbuffers/read.ts";
import { NODE_ID_BYTES, nodeIdFromBytes } from "../ids.ts";
import { parseObjectId } from "../table-fields.ts";

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
const NODE_TYPE_ARRAY = 1;
const RANKS_MAX = 8;

/** Coordinates of changed chunks (set or deleted) of one array, flat: row r is data[r*rank .. (r+1)*rank). */
export interface UpdatedChunks {
  readonly nodeId: string;
  readonly rank: number;
  /** Number of coordinates; needed because scalars have rank 0. */
  readonly count: number;
  /** Sorted as written; do not rely on it (docs/format.md "Versions of the format"). */
  readonly data: Uint32Array;
}

/** One moved node. */
export interface MoveOperation {
  readonly from: string;
  readonly to: string;
  readonly nodeId: string;
  readonly nodeType: "group" | "array";
}

/** What a commit can do to nodes of either type. */
export const NODE_LISTS = [
  "newGroups",
  "newArrays",
  "deletedGroups",
  "deletedArrays",
  "updatedGroups",
  "updatedArrays",
] as const;

/** Something for each of them. */
export type NodeLists<T> = Readonly<Record<(typeof NODE_LISTS)[number], T>>;

/** How the lists name a type of node. */
export const NODES_OF_TYPE = { group: "Groups", array: "Arrays" } as const;

/** What `make` gives for each list. */
export function nodeLists<T>(make: (list: keyof NodeLists<T>) => T): NodeLists<T> {
  return Object.fromEntries(NODE_LISTS.map((list) => [list, make(list)])) as NodeLists<T>;
}

/** A decoded transaction log. Id lists are sorted. */
export interface TransactionLog extends NodeLists<readonly string[]> {
  readonly id: string;
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
  const id = parseObjectId(reader, root, LOG.id);
  return {
    id: id ?? reader.fail(root, "transaction log without id"),
    ...nodeLists((list) => parseNodeIds(reader, root, LOG[list])),
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
  return reader.mapTables(reader.vector(root, LOG.movedNodes, 4), (table) => {
    const nodeType = reader.uint8(table, MOVE.nodeType, 0);
    if (nodeType > NODE_TYPE_ARRAY) reader.fail(table, `node type ${nodeType} does not exist`);
    return {
      from: reader.string(table, MOVE.from) ?? reader.fail(table, "move without source"),
      to: reader.string(table, MOVE.to) ?? reader.fail(table, "move without target"),
      nodeId: parseNodeId(reader, table, MOVE.nodeId),
      nodeType: nodeType === NODE_TYPE_ARRAY ? "array" : "group",
    };
  });
}
