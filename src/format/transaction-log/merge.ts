/** One transaction log out of two: what an amended commit says. */
import { uniteCoordinates } from "../../base/coordinates.ts";
import { type MoveOperation, nodeLists, type TransactionLog, type UpdatedChunks } from "./read.ts";

/**
 * The log of an amended commit: everything of both, under the id of `newer`. Moves of one node
 * become one, or none if it ends where it began; nothing else cancels out.
 */
export function mergeTransactionLogs(older: TransactionLog, newer: TransactionLog): TransactionLog {
  const unite = (a: readonly string[], b: readonly string[]): string[] =>
    [...new Set([...a, ...b])].sort();
  return {
    id: newer.id,
    ...nodeLists((list) => unite(older[list], newer[list])),
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
    const { nodeId } = list;
    merged.set(key, known === undefined ? list : { nodeId, ...uniteCoordinates([known, list]) });
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
