/** A change set being moved over another snapshot, with decisions about conflicts applied to it. */
import { ROW_TOMBSTONE } from "../../format/manifest/chunk-rows.ts";
import { readCoordinates } from "../../format/manifest/row-values.ts";
import { parentPath } from "../../format/node-path.ts";
import type { DimensionShape } from "../../format/snapshot/array-data.ts";
import {
  type BaseNode,
  type ChangeSet,
  type ChunkTables,
  changeSetOf,
  changesUnder,
  type NodeChange,
  NodeChanges,
} from "../changes/change-set.ts";
import type { ChunkTable } from "../changes/chunk-table.ts";
import type { Dot } from "../changes/dot.ts";
import { arraySignature, readSignature } from "../changes/node-metadata.ts";
import { isInGrid } from "../view/chunks.ts";
import type { Conflict, ConflictType, Sides } from "./conflict.ts";
import { isCreation, isReplacement } from "./detect.ts";

/** Whose change stays. */
type Side = "ours" | "theirs";

/**
 * Applies a decision to `patch`; false if that side is not possible.
 *
 * Which side is possible, beside `"fail"`:
 * ```
 * new-node-conflicts-with-existing-node  ours: replaces theirs (below an array nothing stays)
 *                                        theirs: our node goes, under an array our children too
 * new-node-in-invalid-group              ours: if we deleted or replaced that ancestor, their
 *                                        children go too; theirs: our children, or our deletion, go
 * zarr-metadata-double-update            ours, theirs
 * zarr-metadata-update-of-deleted-*      theirs: it stays deleted
 * chunks-updated-in-deleted-array        theirs: our chunks go
 * chunks-updated-in-updated-array        ours: if the bytes still mean the same (dtype, chunk
 *                                        grid, codecs, fill value) and lie in the grid; theirs;
 *                                        where we updated (`updatedBy`) theirs alone
 * chunk-double-update                    ours, theirs
 * delete-of-updated-array, -group        ours: deleted; theirs: kept, with the groups above it
 * move-operation-cannot-be-rebased       none
 * ```
 */
export function applyDecision(patch: ChangePatch, conflict: Conflict, side: Side): boolean {
  return APPLY[conflict.type](patch, conflict, side);
}

type Apply = (patch: ChangePatch, conflict: Conflict, side: Side) => boolean;

const APPLY: Record<ConflictType, Apply> = {
  "move-operation-cannot-be-rebased": () => false,
  "new-node-conflicts-with-existing-node": applyToCreation,
  "new-node-in-invalid-group": applyToInvalidGroup,
  "zarr-metadata-double-update": (patch, { path }, side) => {
    if (side === "theirs") patch.nodes.delete(path);
    return true;
  },
  "zarr-metadata-update-of-deleted-array": applyToUpdateOfDeleted,
  "zarr-metadata-update-of-deleted-group": applyToUpdateOfDeleted,
  "chunks-updated-in-deleted-array": (patch, { nodeId }, side) => {
    if (side === "theirs") patch.dropChunks(nodeId);
    return side === "theirs";
  },
  "chunks-updated-in-updated-array": (patch, conflict, side) => {
    if (conflict.updatedBy === "ours") {
      if (side === "theirs") patch.dropUpdate(conflict);
      return side === "theirs";
    }
    if (side === "ours") return patch.chunksStayValid(conflict);
    patch.dropChunks(conflict.nodeId);
    return true;
  },
  "chunk-double-update": (patch, conflict, side) => {
    if (side === "theirs") patch.dropSharedChunks(conflict);
    return true;
  },
  "delete-of-updated-array": applyToDeletion,
  "delete-of-updated-group": applyToDeletion,
};

function applyToCreation(patch: ChangePatch, { path }: Conflict, side: Side): boolean {
  if (side === "theirs") patch.takeTheirs(path);
  else {
    const change = patch.nodes.get(path);
    if (change?.node?.type === "array") patch.deleteTheirsBelow(path, change.dot);
  }
  return true;
}

function applyToInvalidGroup(patch: ChangePatch, { path }: Conflict, side: Side): boolean {
  const change = patch.sides.ours.nodes.get(path);
  if (change === undefined || !isReplacement(change)) {
    // They took the parent away from under our new nodes.
    if (side === "theirs") patch.dropCreationsBelow(path);
    return side === "theirs";
  }
  if (side === "ours") patch.deleteTheirsBelow(path, change.dot);
  else {
    patch.keepGroupsAbove(path);
    patch.takeTheirs(path);
  }
  return true;
}

function applyToUpdateOfDeleted(patch: ChangePatch, { path }: Conflict, side: Side): boolean {
  if (side === "ours") return false;
  patch.dropChunks(patch.nodes.get(path)?.node?.id);
  patch.nodes.delete(path);
  return true;
}

function applyToDeletion(patch: ChangePatch, { path }: Conflict, side: Side): boolean {
  if (side === "theirs") {
    patch.keepGroupsAbove(path);
    patch.takeTheirs(path);
  }
  return true;
}

/** A change set in the making: maps of its own, tables cloned before they change. */
export class ChangePatch {
  readonly sides: Sides;
  readonly nodes: NodeChanges;
  readonly #chunks: ChunkTables;

  constructor(sides: Sides) {
    this.sides = sides;
    // What we made and deleted again says nothing about their node at that path.
    this.nodes = new NodeChanges(
      [...sides.ours.nodes.values()].filter(
        ({ base, node }) => base !== undefined || node !== undefined,
      ),
    );
    this.#chunks = sides.ours.chunks.clone();
  }

  /** Forgets our change of a node; ours below it goes too if their node there is an array. */
  takeTheirs(path: string): void {
    this.#dropChange(path);
    if (this.sides.theirs.node(path)?.data.type === "array") this.dropCreationsBelow(path);
  }

  /** Forgets nodes that we made strictly below `path`. */
  dropCreationsBelow(path: string): void {
    for (const change of changesUnder(this.nodes, path)) {
      if (change.path !== path && isCreation(change)) this.#dropChange(change.path);
    }
  }

  /** Takes back deletions of groups above `path`, so that what is kept there has its parents. */
  keepGroupsAbove(path: string): void {
    for (let at = parentPath(path); at !== undefined; at = parentPath(at)) {
      const change = this.nodes.get(at);
      if (change !== undefined && change.node?.type !== "group") this.#dropChange(at);
    }
  }

  /** Deletes what they have strictly below `path` and we did not touch. */
  deleteTheirsBelow(path: string, dot: Dot): void {
    for (const { path: below, id, data } of this.sides.theirs.nodesUnder(path)) {
      if (below === path || this.nodes.has(below)) continue;
      this.nodes.set(below, { path: below, base: { id, type: data.type }, node: undefined, dot });
      this.dropChunks(id);
    }
  }

  dropChunks(nodeId: string | undefined): void {
    if (nodeId !== undefined) this.#chunks.delete(nodeId);
  }

  dropSharedChunks({ nodeId, chunkCoordinates }: Conflict): void {
    const table = nodeId === undefined ? undefined : this.#chunks.get(nodeId);
    if (nodeId === undefined || table === undefined || chunkCoordinates === undefined) return;
    const kept = table.clone();
    for (const coordinates of chunkCoordinates) kept.remove(coordinates);
    if (kept.length === 0) this.#chunks.delete(nodeId);
    else this.#chunks.set(nodeId, kept);
  }

  /** Forgets our metadata of an array, and our chunks unless they mean the same under theirs. */
  dropUpdate(conflict: Conflict): void {
    this.nodes.delete(conflict.path);
    if (!this.chunksStayValid(conflict)) this.dropChunks(conflict.nodeId);
  }

  /** Whether our chunks mean under the resulting metadata what they meant when written. */
  chunksStayValid({ path, nodeId }: Conflict): boolean {
    const table = nodeId === undefined ? undefined : this.#chunks.get(nodeId);
    if (table === undefined) return true;
    const before = arrayAt(this.sides.ours.nodes, this.sides.base, path);
    const after = arrayAt(this.nodes, this.sides.theirs, path);
    if (before === undefined || after === undefined) return false;
    if (before.signature === undefined || before.signature !== after.signature) return false;
    return liesInGrid(table, after.shape);
  }

  /** The change set over `theirs`: deletions of what is gone already are dropped. */
  finish(): ChangeSet {
    for (const [path, change] of this.nodes) {
      const present = this.sides.theirs.node(path);
      if (present === undefined && change.node === undefined) this.nodes.delete(path);
      else if (present?.id !== change.base?.id) {
        const base: BaseNode | undefined = present && { id: present.id, type: present.data.type };
        this.nodes.set(path, { ...change, base });
      }
    }
    return changeSetOf(this.nodes, this.#chunks);
  }

  #dropChange(path: string): void {
    const change = this.nodes.get(path);
    if (change === undefined) return;
    if (isCreation(change)) this.dropChunks(change.node?.id);
    this.nodes.delete(path);
  }
}

interface ArrayAt {
  readonly shape: readonly DimensionShape[];
  readonly signature: string | undefined;
}

function arrayAt(
  changes: ReadonlyMap<string, NodeChange>,
  snapshot: Sides["base"],
  path: string,
): ArrayAt | undefined {
  const changed = changes.get(path)?.node;
  if (changed?.array !== undefined) {
    return { shape: changed.array.shape, signature: arraySignature(changed) };
  }
  const node = snapshot.node(path);
  if (node?.data.type !== "array") return undefined;
  return { shape: node.data.shape, signature: readSignature(node.userData, path) };
}

function liesInGrid(table: ChunkTable, shape: readonly DimensionShape[]): boolean {
  if (table.rank !== shape.length) return false;
  const coordinates = new Uint32Array(table.rank);
  for (let row = 0; row < table.length; row++) {
    if (table.kind(row) === ROW_TOMBSTONE) continue;
    readCoordinates(table, row, coordinates);
    if (!isInGrid(coordinates, shape)) return false;
  }
  return true;
}
