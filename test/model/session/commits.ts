/** Commit, amend, flush and rebase in the model. */
import {
  isBelow,
  isInside,
  type Model,
  type ModelLog,
  type ModelNode,
  type ModelSnapshot,
  type ModelState,
  noWrites,
  parentOf,
  type Writes,
} from "./model.ts";

/** What stands in the way of a rebase. */
export interface ModelConflict {
  readonly type: string;
  readonly path: string;
  readonly nodeId?: number;
}

/** What solves conflicts: nothing, or the basic solver with its options. */
export type ModelSolver =
  | { readonly name: "detector" }
  | {
      readonly name: "basic";
      readonly onChunkConflict: "ours" | "theirs" | "fail";
      readonly failOnDeleteOfUpdatedArray: boolean;
      readonly failOnDeleteOfUpdatedGroup: boolean;
    };

/** The kind of the error, with the conflicts if that is what it is about. */
export interface Refusal {
  readonly refused: string;
  readonly conflicts?: readonly ModelConflict[];
}

export const isRefusal = (value: unknown): value is Refusal =>
  typeof value === "object" && value !== null && "refused" in value;

/** The snapshot that a commit writes; the state may have been rebased for it. */
export function commit(
  model: Model,
  state: ModelState,
  solver?: ModelSolver,
): ModelSnapshot | Refusal {
  if (!model.hasChanges(state)) return { refused: "no-changes-to-commit" };
  const before = { base: state.base, own: state.own };
  const tip = model.branches.get(state.branch ?? "");
  if (tip === undefined) return { refused: "branch-not-found" };
  if (tip !== state.base) {
    if (solver === undefined) return { refused: "commit-conflict" };
    const refusal = rebase(model, state, solver);
    if (refusal !== undefined) return refusal;
  }
  const snapshot = snapshotOf(model, state, state.base);
  Object.assign(state, before); // The engine's commit finishes the session, or leaves it alone.
  return snapshot;
}

export function amend(model: Model, state: ModelState): ModelSnapshot | Refusal {
  if (!model.hasChanges(state)) return { refused: "no-changes-to-commit" };
  const { parent, log } = model.snapshot(state.base);
  if (parent === undefined) return { refused: "no-amend-for-initial-commit" };
  const tip = model.branches.get(state.branch ?? "");
  if (tip === undefined) return { refused: "branch-not-found" };
  if (tip !== state.base) return { refused: "commit-conflict" };
  const snapshot = snapshotOf(model, state, parent);
  return { ...snapshot, log: bothLogs(log, snapshot.log) };
}

export function flush(model: Model, state: ModelState): ModelSnapshot {
  return snapshotOf(model, state, state.base);
}

/** The session after its commit: read-only, at the new snapshot. */
export function finish(state: ModelState, id: string): void {
  state.base = id;
  state.own = noWrites();
  state.isFinished = true;
}

function snapshotOf(model: Model, state: ModelState, parent: string): ModelSnapshot {
  return {
    parent,
    nodes: model.nodes(state),
    chunks: model.chunks(state),
    log: logOf(model, state),
  };
}

function logOf(model: Model, state: ModelState): ModelLog {
  const before = model.snapshot(state.base).nodes;
  const [made, deleted, updated] = [new Set<number>(), new Set<number>(), new Set<number>()];
  for (const [path, { node }] of state.own.nodes) {
    const base = before.get(path);
    if (base !== undefined && base.id !== node?.id) deleted.add(base.id);
    if (node !== undefined) (base?.id === node.id ? updated : made).add(node.id);
  }
  const grids = new Map(
    [...model.nodes(state).values()].map((node) => [node.id, node.metadata.grid]),
  );
  const chunks = new Map<number, Map<string, readonly number[]>>();
  for (const { nodeId, at } of state.own.chunks.values()) {
    const grid = grids.get(nodeId);
    if (grid === undefined || !isInside(at, grid)) continue;
    const ofNode = chunks.get(nodeId) ?? new Map<string, readonly number[]>();
    chunks.set(nodeId, ofNode.set(at.join(), at));
  }
  return { made, deleted, updated, chunks };
}

function bothLogs(older: ModelLog, newer: ModelLog): ModelLog {
  const chunks = new Map(older.chunks);
  for (const [nodeId, at] of newer.chunks) {
    chunks.set(nodeId, new Map([...(chunks.get(nodeId) ?? []), ...at]));
  }
  return {
    made: new Set([...older.made, ...newer.made]),
    deleted: new Set([...older.deleted, ...newer.deleted]),
    updated: new Set([...older.updated, ...newer.updated]),
    chunks,
  };
}

/** Moves the session onto the tip of its branch, or says why not and leaves it as it was. */
export function rebase(model: Model, state: ModelState, solver: ModelSolver): Refusal | undefined {
  const tip = model.branches.get(state.branch ?? "");
  if (tip === undefined || tip === state.base) return undefined;
  const chain = model.ancestry(tip);
  const at = chain.indexOf(state.base);
  if (at < 0) return { refused: "base-not-in-ancestry" };
  const moved = { ...state, own: copyOf(state.own) };
  for (const id of chain.slice(0, at).reverse()) {
    // What was made and deleted again says nothing about what they have there.
    for (const [path, { node }] of moved.own.nodes) {
      const isThere = model.snapshot(moved.base).nodes.has(path);
      if (node === undefined && !isThere) moved.own.nodes.delete(path);
    }
    const conflicts = conflictsWith(model, moved, id);
    if (!solve(moved.own, conflicts, model.snapshot(id).log, solver)) {
      return { refused: "rebase-failed", conflicts };
    }
    moved.base = id;
    const now = model.snapshot(id).nodes;
    for (const [path, { node }] of moved.own.nodes) {
      if (node === undefined && !now.has(path)) moved.own.nodes.delete(path);
    }
  }
  state.base = moved.base;
  state.own = moved.own;
  return undefined;
}

export function copyOf({ nodes, chunks }: Writes): Writes {
  return { nodes: new Map(nodes), chunks: new Map(chunks) };
}

function solve(
  own: Writes,
  conflicts: readonly ModelConflict[],
  log: ModelLog,
  solver: ModelSolver,
): boolean {
  if (solver.name === "detector") return conflicts.length === 0;
  const canStay = conflicts.every(({ type }) => {
    if (type === "chunk-double-update") return solver.onChunkConflict !== "fail";
    if (type === "delete-of-updated-array") return !solver.failOnDeleteOfUpdatedArray;
    return type === "delete-of-updated-group" && !solver.failOnDeleteOfUpdatedGroup;
  });
  if (!canStay) return false;
  for (const { type, nodeId } of conflicts) {
    if (type !== "chunk-double-update" || solver.onChunkConflict !== "theirs") continue;
    for (const [key, write] of own.chunks) {
      const theirs = log.chunks.get(nodeId as number);
      if (write.nodeId === nodeId && theirs?.has(write.at.join())) own.chunks.delete(key);
    }
  }
  return true;
}

interface Change {
  readonly path: string;
  readonly base: ModelNode | undefined;
  readonly node: ModelNode | undefined;
}

const isMade = ({ base, node }: Change): boolean => node !== undefined && node.id !== base?.id;
const isDeleted = ({ base, node }: Change): boolean => base !== undefined && node?.id !== base.id;
const isReplaced = (change: Change | undefined): boolean =>
  change !== undefined && (isMade(change) || isDeleted(change));

/** What our changes and the commit `id` both touched, in no order. */
function conflictsWith(model: Model, state: ModelState, id: string): ModelConflict[] {
  const before = model.snapshot(state.base).nodes;
  const { nodes: theirs, log } = model.snapshot(id);
  const changes = new Map<string, Change>();
  for (const [path, { node }] of state.own.nodes) {
    changes.set(path, { path, base: before.get(path), node });
  }
  return [
    ...nodeConflicts(changes, theirs, log),
    ...hierarchyConflicts(changes, before, theirs, log),
    ...chunkConflicts(state, before, theirs, log),
  ];
}

function nodeConflicts(
  changes: ReadonlyMap<string, Change>,
  theirs: ReadonlyMap<string, ModelNode>,
  log: ModelLog,
): ModelConflict[] {
  const conflicts: ModelConflict[] = [];
  for (const change of changes.values()) {
    const { path, base, node } = change;
    const there = theirs.get(path);
    const type = node?.metadata.type ?? "group";
    if (isMade(change) && there !== undefined && there.id !== base?.id) {
      conflicts.push({ type: "new-node-conflicts-with-existing-node", path });
    }
    if (node !== undefined && node.id === base?.id) {
      if (log.updated.has(node.id)) conflicts.push({ type: "zarr-metadata-double-update", path });
      if (log.deleted.has(node.id)) {
        conflicts.push({ type: `zarr-metadata-update-of-deleted-${type}`, path });
      }
      conflicts.push(...misread(path, node, there, log));
    }
    if (isDeleted(change) && there !== undefined) {
      const isOther = there.id !== base?.id;
      const isTouched = log.updated.has(there.id) || log.chunks.has(there.id);
      if (isOther ? !isMade(change) : isTouched) {
        conflicts.push({ type: `delete-of-updated-${there.metadata.type}`, path });
      }
    }
  }
  return conflicts;
}

/** We updated an array, they wrote chunks of it: do those mean the same under what we say? */
function misread(
  path: string,
  node: ModelNode,
  there: ModelNode | undefined,
  log: ModelLog,
): ModelConflict[] {
  const written = log.chunks.get(node.id);
  if (node.metadata.type !== "array" || written === undefined || there?.id !== node.id) return [];
  const { meaning, grid } = node.metadata;
  const isSame = there.metadata.meaning === meaning;
  if (isSame && [...written.values()].every((at) => isInside(at, grid))) return [];
  return [{ type: "chunks-updated-in-updated-array", path }];
}

/** A child on one side, and on the other an ancestor that is gone or became an array. */
function hierarchyConflicts(
  changes: ReadonlyMap<string, Change>,
  before: ReadonlyMap<string, ModelNode>,
  theirs: ReadonlyMap<string, ModelNode>,
  log: ModelLog,
): ModelConflict[] {
  const paths = new Set<string>();
  for (const change of changes.values()) {
    if (!isMade(change)) continue;
    for (let at = parentOf(change.path); at !== undefined; at = parentOf(at)) {
      if (isReplaced(changes.get(at))) continue; // Its own conflict says so.
      const there = theirs.get(at);
      const isGone = there === undefined && before.has(at);
      if (isGone || there?.metadata.type === "array") paths.add(at);
    }
  }
  for (const [path, { id }] of theirs) {
    if (!log.made.has(id)) continue;
    for (const change of changes.values()) {
      if (!isBelow(path, change.path) || !isReplaced(change)) continue;
      const isGone = change.node === undefined && theirs.has(change.path);
      if (isGone || change.node?.metadata.type === "array") paths.add(change.path);
    }
  }
  return [...paths].map((path) => ({ type: "new-node-in-invalid-group", path }));
}

function chunkConflicts(
  { own }: ModelState,
  before: ReadonlyMap<string, ModelNode>,
  theirs: ReadonlyMap<string, ModelNode>,
  log: ModelLog,
): ModelConflict[] {
  const pathOf = new Map<number, string>();
  for (const nodes of [theirs, before]) for (const [path, { id }] of nodes) pathOf.set(id, path);
  const conflicts: ModelConflict[] = [];
  for (const nodeId of new Set([...own.chunks.values()].map((write) => write.nodeId))) {
    const path = pathOf.get(nodeId);
    if (path === undefined) continue; // New in this session.
    if (log.deleted.has(nodeId)) {
      conflicts.push({ type: "chunks-updated-in-deleted-array", path, nodeId });
    }
    if (log.updated.has(nodeId)) {
      conflicts.push({ type: "chunks-updated-in-updated-array", path, nodeId });
    }
    const written = log.chunks.get(nodeId);
    const isShared = [...own.chunks.values()].some(
      (write) => write.nodeId === nodeId && written?.has(write.at.join()),
    );
    if (isShared) conflicts.push({ type: "chunk-double-update", path, nodeId });
  }
  return conflicts;
}
