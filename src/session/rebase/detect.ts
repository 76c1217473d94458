/**
 * Finds what stands between a session's changes and a commit of someone else. Pure.
 *
 * Follows the official detector (docs/semantics.md "Conflicts"), and reports a conflict where that
 * one lets through what leaves a broken hierarchy: one path twice (both made a node anew), a node
 * that the other side had replaced before we deleted it, a child whose group the other side
 * deleted, a child under what the other side made an array (the last two as
 * `new-node-in-invalid-group`, whichever side made the child); chunks of theirs that mean something
 * else under metadata of ours, as `chunks-updated-in-updated-array`.
 */
import { compareUtf8 } from "../../base/bytes.ts";
import { parentPath } from "../../format/node-path.ts";
import type { NodeSnapshot } from "../../format/snapshot/read.ts";
import type { TransactionLog, UpdatedChunks } from "../../format/transaction-log/read.ts";
import type { ChangeSet, NodeChange } from "../changes/change-set.ts";
import { ChunkCoordinates, unionCoordinates } from "../changes/chunk-coordinates.ts";
import type { ChunkTable } from "../changes/chunk-table.ts";
import { arraySignature, readSignature } from "../changes/node-metadata.ts";
import { areInGrid } from "../view/chunks.ts";
import type { Conflict, ConflictType, Sides, SnapshotNodes } from "./conflict.ts";

/** Our changes against one commit: `log` is what it changed, `theirs` its snapshot. */
export interface DetectInput extends Sides {
  readonly log: TransactionLog;
}

/** Whether the change makes a node that the base does not have. */
export function isCreation(change: NodeChange): boolean {
  return change.node !== undefined && change.node.id !== change.base?.id;
}

/** Whether the change removes the node that the base has, also where it makes another one. */
function isDeletion(change: NodeChange): boolean {
  return change.base !== undefined && change.node?.id !== change.base.id;
}

/** Whether the change makes a node, deletes one, or both: not an update, nor made and deleted again. */
export function isReplacement(change: NodeChange | undefined): boolean {
  return change !== undefined && (isCreation(change) || isDeletion(change));
}

/** All conflicts, by type in the official order, then by path. Moves are reported alone. */
export function detectConflicts(input: DetectInput): Conflict[] {
  const { log } = input;
  const move = log.movedNodes[0];
  if (move !== undefined) return [{ type: "move-operation-cannot-be-rebased", path: move.from }];
  const logged = indexLog(log);
  return [
    ...creationConflicts(input),
    ...invalidGroupConflicts(input),
    ...updateConflicts(input, logged),
    ...chunkConflicts(input, logged),
    ...deletionConflicts(input, logged),
  ];
}

/**
 * Whether the log alone says that there is no conflict, and nothing of ours to move over: we have
 * changed chunks only, and they others. No snapshot need be read then.
 */
export function passesBy(ours: ChangeSet, log: TransactionLog): boolean {
  if (ours.nodes.size > 0 || log.movedNodes.length > 0) return false;
  for (const list of [log.deletedArrays, log.updatedArrays]) {
    if (list.some((nodeId) => hasChunks(ours.chunks.get(nodeId)))) return false;
  }
  return !log.updatedChunks.some((update) => {
    const table = ours.chunks.get(update.nodeId);
    return hasChunks(table) && sharedChunks(table, [update]) !== undefined;
  });
}

function hasChunks(table: ChunkTable | undefined): table is ChunkTable {
  return table !== undefined && table.length > 0;
}

interface LoggedChanges {
  readonly updated: ReadonlySet<string>;
  readonly deleted: ReadonlySet<string>;
  readonly updatedArrays: ReadonlySet<string>;
  readonly deletedArrays: ReadonlySet<string>;
  readonly chunks: ReadonlyMap<string, readonly UpdatedChunks[]>;
}

function indexLog(log: TransactionLog): LoggedChanges {
  const chunks = new Map<string, UpdatedChunks[]>();
  for (const update of log.updatedChunks) {
    if (update.count === 0) continue;
    const present = chunks.get(update.nodeId);
    if (present === undefined) chunks.set(update.nodeId, [update]);
    else present.push(update);
  }
  return {
    updated: new Set([...log.updatedArrays, ...log.updatedGroups]),
    deleted: new Set([...log.deletedArrays, ...log.deletedGroups]),
    updatedArrays: new Set(log.updatedArrays),
    deletedArrays: new Set(log.deletedArrays),
    chunks,
  };
}

/** Our new node, where they have a node that we did not know. */
function creationConflicts({ ours, theirs }: Sides): Conflict[] {
  const paths: string[] = [];
  for (const change of ours.nodes.values()) {
    if (!isCreation(change)) continue;
    const present = theirs.node(change.path);
    if (present !== undefined && present.id !== change.base?.id) paths.push(change.path);
  }
  return conflictsAt("new-node-conflicts-with-existing-node", paths);
}

/** A child of ours whose parent they changed, and the reverse. */
function invalidGroupConflicts(input: DetectInput): Conflict[] {
  const { ours, theirs, base, log } = input;
  const paths = new Set<string>();
  for (const change of ours.nodes.values()) {
    if (!isCreation(change)) continue;
    for (const ancestor of ancestorsOf(change.path)) {
      // Where we made or deleted the ancestor too, its own conflict says so.
      if (isReplacement(ours.nodes.get(ancestor))) continue;
      const node = theirs.node(ancestor);
      const isGone = node === undefined && base.node(ancestor) !== undefined;
      if (isGone || node?.data.type === "array") paths.add(ancestor);
    }
  }
  for (const id of [...log.newGroups, ...log.newArrays]) {
    const node = theirs.nodeById(id);
    if (node === undefined) continue;
    for (const ancestor of ancestorsOf(node.path)) {
      const change = ours.nodes.get(ancestor);
      if (change === undefined || !isReplacement(change)) continue;
      const isGone = change.node === undefined && theirs.node(ancestor) !== undefined;
      if (isGone || change.node?.type === "array") paths.add(ancestor);
    }
  }
  return conflictsAt("new-node-in-invalid-group", paths);
}

function* ancestorsOf(path: string): Iterable<string> {
  for (let at = parentPath(path); at !== undefined; at = parentPath(at)) yield at;
}

/** Our metadata update of a node that they updated or deleted. */
function updateConflicts({ ours }: Sides, logged: LoggedChanges): Conflict[] {
  const twice: Record<"array" | "group", string[]> = { array: [], group: [] };
  const gone: Record<"array" | "group", string[]> = { array: [], group: [] };
  for (const { path, base, node } of ours.nodes.values()) {
    if (node === undefined || base?.id !== node.id) continue;
    if (logged.updated.has(node.id)) twice[node.type].push(path);
    if (logged.deleted.has(node.id)) gone[node.type].push(path);
  }
  return [
    ...conflictsAt("zarr-metadata-double-update", twice.array),
    ...conflictsAt("zarr-metadata-double-update", twice.group),
    ...conflictsAt("zarr-metadata-update-of-deleted-array", gone.array),
    ...conflictsAt("zarr-metadata-update-of-deleted-group", gone.group),
  ];
}

/**
 * Our chunk writes and deletions, in arrays that they deleted, updated, or wrote chunks of; and our
 * metadata under which their chunks would mean something else.
 */
function chunkConflicts({ ours, base, theirs }: Sides, logged: LoggedChanges): Conflict[] {
  const found = misreadChunkConflicts(ours, theirs, logged);
  for (const [nodeId, table] of ours.chunks) {
    if (table.length === 0) continue;
    const path = (base.nodeById(nodeId) ?? theirs.nodeById(nodeId))?.path;
    if (path === undefined) continue; // New in our session: nobody else can have changed it.
    if (logged.deletedArrays.has(nodeId)) {
      found.push({ type: "chunks-updated-in-deleted-array", path, nodeId });
    }
    if (logged.updatedArrays.has(nodeId)) {
      found.push({ type: "chunks-updated-in-updated-array", path, nodeId });
    }
    const chunkCoordinates = sharedChunks(table, logged.chunks.get(nodeId) ?? []);
    if (chunkCoordinates !== undefined) {
      found.push({ type: "chunk-double-update", path, nodeId, chunkCoordinates });
    }
  }
  const types: ConflictType[] = [
    "chunks-updated-in-deleted-array",
    "chunks-updated-in-updated-array",
    "chunk-double-update",
  ];
  return found.sort(
    (a, b) => types.indexOf(a.type) - types.indexOf(b.type) || compareUtf8(a.path, b.path),
  );
}

/** Our updates of arrays whose chunks they wrote, if those chunks do not fit our metadata. */
function misreadChunkConflicts(
  ours: ChangeSet,
  theirs: SnapshotNodes,
  logged: LoggedChanges,
): Conflict[] {
  const found: Conflict[] = [];
  for (const { path, base, node } of ours.nodes.values()) {
    if (node?.array === undefined || base?.id !== node.id) continue;
    const updates = logged.chunks.get(node.id);
    const present = theirs.node(path);
    if (updates === undefined || present?.id !== node.id) continue;
    const { shape } = node.array;
    const isSame = readSignature(present.userData, path) === arraySignature(node);
    if (isSame && updates.every((update) => areInGrid(update, shape))) continue;
    const type = "chunks-updated-in-updated-array";
    found.push({ type, path, nodeId: node.id, updatedBy: "ours" });
  }
  return found;
}

/** Coordinates of `table` that occur in `updates`, which may be in any order; undefined if none do. */
function sharedChunks(
  table: ChunkTable,
  updates: readonly UpdatedChunks[],
): ChunkCoordinates | undefined {
  const { rank } = table;
  const parts: ChunkCoordinates[] = [];
  for (const { rank: logRank, count, data } of updates) {
    if (logRank !== rank) continue;
    const shared: number[] = [];
    let sharedCount = 0;
    for (let row = 0; row < count; row++) {
      const coordinates = data.subarray(row * rank, (row + 1) * rank);
      if (table.find(coordinates) < 0) continue;
      for (const coordinate of coordinates) shared.push(coordinate);
      sharedCount++;
    }
    if (sharedCount > 0) {
      parts.push(new ChunkCoordinates(rank, sharedCount, Uint32Array.from(shared)));
    }
  }
  return parts.length === 0 ? undefined : unionCoordinates(parts);
}

/** Our deletion of a node that they changed, or replaced by another one. */
function deletionConflicts({ ours, theirs }: Sides, logged: LoggedChanges): Conflict[] {
  const found: Record<"array" | "group", NodeSnapshot[]> = { array: [], group: [] };
  for (const change of ours.nodes.values()) {
    if (!isDeletion(change)) continue;
    const node = theirs.node(change.path);
    if (node === undefined) continue;
    const isReplaced = node.id !== change.base?.id;
    if (isReplaced && isCreation(change)) continue; // Reported as two new nodes at one path.
    const isUpdated = logged.updated.has(node.id) || logged.chunks.has(node.id);
    if (isReplaced || isUpdated) found[node.data.type].push(node);
  }
  const conflicts = (type: ConflictType, nodes: readonly NodeSnapshot[]): Conflict[] =>
    nodes
      .map(({ path, id }) => ({ type, path, nodeId: id }))
      .sort((a, b) => compareUtf8(a.path, b.path));
  return [
    ...conflicts("delete-of-updated-array", found.array),
    ...conflicts("delete-of-updated-group", found.group),
  ];
}

function conflictsAt(type: ConflictType, paths: Iterable<string>): Conflict[] {
  return [...paths].sort(compareUtf8).map((path) => ({ type, path }));
}
