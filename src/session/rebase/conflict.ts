/** What a rebase finds in the way, and who decides. Types: docs/semantics.md "Conflicts". */
import type { SnapshotIndex } from "../../assets/snapshot-index.ts";
import type { ChangeSet } from "../changes/change-set.ts";
import type { ChunkCoordinates } from "../changes/chunk-coordinates.ts";

/** What kind of conflict it is; the official engine's names in kebab case, in order of report. */
export type ConflictType =
  | "move-operation-cannot-be-rebased"
  | "new-node-conflicts-with-existing-node"
  | "new-node-in-invalid-group"
  | "zarr-metadata-double-update"
  | "zarr-metadata-update-of-deleted-array"
  | "zarr-metadata-update-of-deleted-group"
  | "chunks-updated-in-deleted-array"
  | "chunks-updated-in-updated-array"
  | "chunk-double-update"
  | "delete-of-updated-array"
  | "delete-of-updated-group";

/** One conflict between a session's changes and a commit of someone else. */
export interface Conflict {
  readonly type: ConflictType;
  /** The node; for `new-node-in-invalid-group` the ancestor that is not a group any more. */
  readonly path: string;
  /** For conflicts about one existing node. */
  readonly nodeId?: string;
  /**
   * For `chunks-updated-in-updated-array` the other way round: we updated the metadata, they wrote
   * chunks that mean something else under it, or lie outside.
   */
  readonly updatedBy?: "ours";
  /** For `chunk-double-update`: every chunk that both changed, sorted. */
  readonly chunkCoordinates?: ChunkCoordinates;
}

/** Which side stays: our change, theirs, or neither (the rebase fails). */
export type ConflictDecision = "ours" | "theirs" | "fail";

/** A node on one side of a conflict; `bytes` is its zarr.json, owned by the caller. */
export interface ConflictNode {
  readonly type: "array" | "group";
  readonly bytes: Uint8Array;
}

/** What a solver may look at: the nodes before both, ours, and as the other commit left them. */
export interface ConflictContext {
  /** The commit that our changes are being moved on top of. */
  readonly snapshotId: string;
  base(path: string): ConflictNode | undefined;
  ours(path: string): ConflictNode | undefined;
  theirs(path: string): ConflictNode | undefined;
}

/**
 * Decides about one conflict. Called for every conflict of a commit before anything is applied;
 * one `"fail"`, or a side that is not possible (see the table in `patch.ts`), fails the rebase with the
 * whole list and leaves the session as it was.
 */
export type ConflictSolver = (
  conflict: Conflict,
  context: ConflictContext,
) => ConflictDecision | Promise<ConflictDecision>;

/** A snapshot, as far as conflicts look at it. */
export type SnapshotNodes = Pick<SnapshotIndex, "snapshot" | "node" | "nodeById" | "nodesUnder">;

/** Our changes, and the snapshots they are moved between. `base` is the parent of `theirs`. */
export interface Sides {
  readonly ours: ChangeSet;
  readonly base: SnapshotNodes;
  readonly theirs: SnapshotNodes;
}

/** The context of a solver over those sides. */
export function conflictContext(sides: Sides): ConflictContext {
  const { ours, base, theirs } = sides;
  const stored = (nodes: SnapshotNodes, path: string): ConflictNode | undefined => {
    const node = nodes.node(path);
    return node && { type: node.data.type, bytes: node.userData.slice() };
  };
  return {
    snapshotId: theirs.snapshot.id,
    base: (path) => stored(base, path),
    theirs: (path) => stored(theirs, path),
    ours(path) {
      const change = ours.nodes.get(path);
      if (change === undefined) return stored(base, path);
      return change.node && { type: change.node.type, bytes: change.node.userData.slice() };
    },
  };
}
