/**
 * Chunk tables of change sets that sessions and their forks share. A table belongs to the change
 * set that made it, until that is shared: then both sides have new owners, and who writes first
 * goes on in a successor, so that sharing costs nothing and writing what is written.
 */
import { type ChangeSet, changeSetOf } from "./change-set.ts";
import { ChunkTable } from "./chunk-table.ts";

/** The table for `nodeId` in `changes`, ready to be written to. */
export function writableTable(changes: ChangeSet, nodeId: string, rank: number): ChunkTable {
  let table = changes.chunks.get(nodeId);
  if (table?.owner === changes.owner) return table;
  table = table === undefined ? new ChunkTable(rank) : table.successor();
  table.owner = changes.owner;
  changes.chunks.set(nodeId, table);
  return table;
}

/** A change set equal to `changes` that shares its tables until either side writes. O(1). */
export function shareChanges(changes: ChangeSet): ChangeSet {
  changes.owner = {};
  return changeSetOf(changes.nodes.clone(), changes.chunks.clone());
}

/** `own` over `overlay` as one change set; shares tables where only one side has them. */
export function flattenChanges(overlay: ChangeSet, own: ChangeSet): ChangeSet {
  const flat = shareChanges(overlay);
  const upper = shareChanges(own);
  for (const [nodeId, table] of upper.chunks) {
    const below = flat.chunks.get(nodeId);
    if (below === undefined) {
      flat.chunks.set(nodeId, table);
      continue;
    }
    // The successor is for the session that the overlay is of.
    const joined = below.clone();
    joined.setRows(table);
    flat.chunks.set(nodeId, joined);
  }
  for (const [path, change] of upper.nodes) {
    flat.nodes.set(path, change);
    // Tables of nodes that the overlay made or kept and the own layer deleted.
    for (const id of [change.base?.id, overlay.nodes.get(path)?.node?.id]) {
      if (id !== undefined && id !== change.node?.id) flat.chunks.delete(id);
    }
  }
  return flat;
}

/** Whether both hold the very same chunk tables: then manifests made of one are valid for the other. */
export function haveSameTables({ chunks: a }: ChangeSet, { chunks: b }: ChangeSet): boolean {
  if (a.size !== b.size) return false;
  for (const [nodeId, table] of a) if (b.get(nodeId) !== table) return false;
  return true;
}
