/**
 * Chunk tables of change sets that sessions and their forks share: frozen when they are shared,
 * cloned before the next write, so that sharing costs nothing until someone writes.
 */
import type { ChangeSet } from "./change-set.ts";
import { ChunkTable } from "./chunk-table.ts";

const frozenTables = new WeakSet<ChunkTable>();

/** The table for `nodeId` in `changes`, ready to be written to. */
export function writableTable(changes: ChangeSet, nodeId: string, rank: number): ChunkTable {
  let table = changes.chunks.get(nodeId);
  if (table === undefined) table = new ChunkTable(rank);
  else if (!frozenTables.has(table)) return table;
  else table = table.clone();
  changes.chunks.set(nodeId, table);
  return table;
}

/** A change set equal to `changes` that shares its tables until either side writes. */
export function shareChanges(changes: ChangeSet): ChangeSet {
  for (const table of changes.chunks.values()) frozenTables.add(table);
  return { nodes: changes.nodes.clone(), chunks: new Map(changes.chunks) };
}

/** `own` over `overlay` as one change set; shares tables where only one side has them. */
export function flattenChanges(overlay: ChangeSet, own: ChangeSet): ChangeSet {
  const flat = shareChanges(overlay);
  const upper = shareChanges(own);
  for (const [path, change] of upper.nodes) flat.nodes.set(path, change);
  for (const [nodeId, table] of upper.chunks) {
    if (!flat.chunks.has(nodeId)) {
      flat.chunks.set(nodeId, table);
      continue;
    }
    writableTable(flat, nodeId, table.rank).setRows(table);
  }
  dropTablesOfDeletedNodes(flat, overlay);
  return flat;
}

/** Removes tables of nodes that the overlay made or kept and the own layer deleted. */
function dropTablesOfDeletedNodes(flat: ChangeSet, overlay: ChangeSet): void {
  for (const [path, { base, node }] of flat.nodes) {
    for (const id of [base?.id, overlay.nodes.get(path)?.node?.id]) {
      if (id !== undefined && id !== node?.id) flat.chunks.delete(id);
    }
  }
}

/** Whether both hold the very same chunk tables: then manifests made of one are valid for the other. */
export function haveSameTables({ chunks: a }: ChangeSet, { chunks: b }: ChangeSet): boolean {
  if (a.size !== b.size) return false;
  for (const [nodeId, table] of a) if (b.get(nodeId) !== table) return false;
  return true;
}
