/**
 * Three-way merge of a fork into a session or another fork, over values, without I/O.
 *
 * Every write carries a dot; version vectors say what each side has seen (dot.ts). Per write of the
 * fork: known to the receiver -> skipped; the receiver has nothing there, or only what the fork
 * had seen -> taken; equal -> nothing; else an overlap (chunks) or `merge-failed` (nodes).
 * Chunk writes belong to a node id. `target` is changed in place: it is a private copy, which the
 * collector applies to the receiver once all forks are in.
 * Spec: docs/semantics.md "Forks and merges".
 */
import type { SnapshotIndex } from "../../assets/snapshot-index.ts";
import { equalBytes } from "../../base/bytes.ts";
import { makeError } from "../../base/errors.ts";
import { ROW_NATIVE, ROW_TOMBSTONE } from "../../format/manifest/chunk-rows.ts";
import { coordinatesOf, readCoordinates } from "../../format/manifest/row-values.ts";
import { parentPath } from "../../format/node-path.ts";
import {
  type ChangeSet,
  type NodeChange,
  type NodeState,
  pathsById,
} from "../changes/change-set.ts";
import { ChunkCoordinates, ERROR_COORDINATES_MAX } from "../changes/chunk-coordinates.ts";
import type { ChunkTable } from "../changes/chunk-table.ts";
import { covers, type Dot, isCovered, joinVectors, type VersionVector } from "../changes/dot.ts";
import { arraySignature } from "../changes/node-metadata.ts";
import { writableTable } from "../changes/shared-tables.ts";
import type { ForkContent } from "../fork/bytes.ts";
import type { Layers } from "../state/layers.ts";
import { isInGrid, pendingChunk } from "../view/chunks.ts";
import { changeAt, nodeAt } from "../view/nodes.ts";
import { mergeFailed, type Overlap, overlapError } from "./refusals.ts";
import type { MergeReport, OverlapPolicy } from "./report.ts";

/** The receiver's changes in the making: private, `own` shares no map with the session. */
export interface MergeTarget {
  readonly baseId: string;
  readonly base: SnapshotIndex;
  readonly overlay: ChangeSet;
  readonly own: ChangeSet;
  vector: VersionVector;
}

/** Decides about one chunk that both sides wrote, by the marks of the two writes. */
export type OverlapDecision = (ours: Dot, theirs: Dot) => "error" | "ours" | "theirs";

/** The result of merging one fork. */
interface MergeOutcome {
  readonly report: MergeReport;
  /** A native chunk that the fork brought, if any. */
  readonly sampleChunkId: Uint8Array | undefined;
}

interface MergeRun {
  readonly target: MergeTarget;
  readonly fork: ForkContent;
  readonly decide: OverlapDecision;
  readonly own: ChangeSet;
  /** The receiver's nodes as they were. */
  readonly before: Layers;
  /** The receiver as it becomes. */
  readonly after: Layers;
  readonly theirs: Layers;
  readonly overlaps: Map<string, Overlap>;
  chunks: number;
  overlapCount: number;
  skipped: number;
  bytes: number;
  sampleChunkId: Uint8Array | undefined;
  /** By node id; made when it is first needed. */
  changedPaths: ReadonlyMap<string, string> | undefined;
}

/**
 * Merges `fork` into `target`, in place. After an error the target is half merged: drop it.
 * @throws {fork-base-mismatch} @throws {merge-failed} @throws {merge-overlap}
 */
export function mergeFork(
  target: MergeTarget,
  fork: ForkContent,
  decide: OverlapDecision,
): MergeOutcome {
  assertSameBase(target, fork);
  const { base, overlay, own } = target;
  const run: MergeRun = {
    target,
    fork,
    decide,
    own,
    before: { base, overlay, own: { nodes: new Map(own.nodes), chunks: own.chunks } },
    after: { base, overlay, own },
    theirs: { base, overlay: fork.overlay, own: fork.own },
    overlaps: new Map(),
    chunks: 0,
    overlapCount: 0,
    skipped: 0,
    bytes: 0,
    sampleChunkId: undefined,
    changedPaths: undefined,
  };
  mergeNodes(run);
  mergeChunks(run);
  if (run.overlaps.size > 0) throw overlapError(run.overlaps);
  target.vector = joinVectors(target.vector, fork.vector);
  const { chunks, overlapCount: overlaps, skipped, bytes, sampleChunkId } = run;
  return { report: { forks: 1, chunks, overlaps, skipped, bytes }, sampleChunkId };
}

function assertSameBase(target: MergeTarget, fork: ForkContent): void {
  if (fork.baseId !== target.baseId) {
    throw makeError(
      "fork-base-mismatch",
      `the fork was made at snapshot ${fork.baseId}, the receiver is at ${target.baseId}`,
      { details: { forkBase: fork.baseId, receiverBase: target.baseId } },
    );
  }
  if (!covers(target.vector, fork.need)) {
    throw makeError(
      "fork-base-mismatch",
      "the fork rests on uncommitted changes that the receiver does not hold: merge it into the session that was forked; results that shall outlive that session need its changes committed before the fork (merging with withOverlay is not built yet)",
      { details: { forkBase: fork.baseId, reason: "overlay-missing" } },
    );
  }
}

function mergeNodes(run: MergeRun): void {
  const { target, fork, own } = run;
  const taken: NodeChange[] = [];
  const failed: string[] = [];
  for (const [path, theirs] of fork.own.nodes) {
    if (isCovered(target.vector, theirs.dot)) {
      run.skipped++;
      continue;
    }
    const ours = changeAt(run.before, path);
    if (ours === undefined || isCovered(fork.vector, ours.dot)) taken.push(theirs);
    else if (!isEqualChange(ours, theirs)) failed.push(path);
  }
  failed.push(...structuralConflicts(run, taken));
  if (failed.length > 0) throw mergeFailed(failed, "both sides changed");
  for (const change of taken) {
    const replaced = changeAt(run.before, change.path)?.node ?? nodeAt(run.before, change.path);
    if (replaced !== undefined && replaced.id !== change.node?.id) {
      assertNoUnseenChunks(run, replaced);
      own.chunks.delete(replaced.id);
    }
    own.nodes.set(change.path, change);
  }
}

function isEqualChange(a: NodeChange, b: NodeChange): boolean {
  if (a.node === undefined || b.node === undefined) return a.node === b.node;
  return a.node.id === b.node.id && equalBytes(a.node.userData, b.node.userData);
}

/** Paths where one side put a node below what the other side deleted or made an array. */
function structuralConflicts(run: MergeRun, taken: readonly NodeChange[]): string[] {
  const unseen: NodeChange[] = [];
  const changed = new Map([...run.before.overlay.nodes, ...run.before.own.nodes]);
  for (const change of changed.values()) {
    if (!isCovered(run.fork.vector, change.dot)) unseen.push(change);
  }
  const blocksChildren = ({ node }: NodeChange): boolean =>
    node === undefined || node.type === "array";
  const conflicts = new Set<string>();
  for (const [blockers, others] of [
    [taken, unseen],
    [unseen, taken],
  ] as const) {
    const blocked = new Set(blockers.filter(blocksChildren).map(({ path }) => path));
    if (blocked.size === 0) continue;
    for (const { path, node } of others) {
      if (node === undefined) continue;
      for (let at = parentPath(path); at !== undefined; at = parentPath(at)) {
        if (blocked.has(at)) conflicts.add(path);
      }
    }
  }
  return [...conflicts];
}

/** The fork deletes a node: the receiver must not have chunk writes there that the fork had not seen. */
function assertNoUnseenChunks(run: MergeRun, node: NodeState): void {
  for (const { table, hiding } of receiverTables(run, node.id)) {
    for (let row = 0; row < table.length; row++) {
      if (isCovered(run.fork.vector, table.dot(row)) || isHidden(table, row, hiding)) continue;
      throw mergeFailed([node.path], "the fork deleted an array whose chunks the receiver wrote:");
    }
  }
}

/** What the receiver wrote to a node's chunks, lower layer first, and what hides rows of it. */
function receiverTables(
  { target }: MergeRun,
  nodeId: string,
): { readonly table: ChunkTable; readonly hiding: ChunkTable | undefined }[] {
  const lower = target.overlay.chunks.get(nodeId);
  const upper = target.own.chunks.get(nodeId);
  return [
    ...(lower === undefined ? [] : [{ table: lower, hiding: upper }]),
    ...(upper === undefined ? [] : [{ table: upper, hiding: undefined }]),
  ];
}

/** Whether the chunk was written again since. */
function isHidden(table: ChunkTable, row: number, hiding: ChunkTable | undefined): boolean {
  if (hiding === undefined) return false;
  return hiding.find(coordinatesOf(table, row)) >= 0;
}

function mergeChunks(run: MergeRun): void {
  for (const [nodeId, table] of run.fork.own.chunks) {
    if (table.length === 0) continue;
    const path = pathOfNode(run, nodeId);
    const now = path === undefined ? undefined : nodeAt(run.after, path);
    if (path === undefined || now?.id !== nodeId || now.array === undefined) {
      if (isEveryRowCovered(table, run.target.vector)) {
        run.skipped += table.length; // Known before: the receiver has deleted the node since.
        continue;
      }
      throw mergeFailed(
        [path ?? nodeId],
        "the receiver deleted or replaced, and the fork wrote chunks of",
      );
    }
    mergeTable(run, path, now, table);
  }
  assertCompatibleMetadata(run);
}

function isEveryRowCovered(table: ChunkTable, vector: VersionVector): boolean {
  for (let row = 0; row < table.length; row++) if (!isCovered(vector, table.dot(row))) return false;
  return true;
}

function mergeTable(run: MergeRun, path: string, node: NodeState, theirs: ChunkTable): void {
  const { target, fork, own } = run;
  if (isNewEverywhere(run, node.id, theirs)) {
    writableTable(own, node.id, theirs.rank).setRows(theirs);
    for (let row = 0; row < theirs.length; row++) countTaken(run, theirs, row);
    return;
  }
  const coordinates = new Uint32Array(theirs.rank);
  const taken: number[] = [];
  for (let row = 0; row < theirs.length; row++) {
    if (isCovered(target.vector, theirs.dot(row))) {
      run.skipped++;
      continue;
    }
    readCoordinates(theirs, row, coordinates);
    const present = pendingChunk(run.before, node.id, coordinates);
    if (present !== undefined) {
      const ours = (present.rows as ChunkTable).dot(present.row);
      if (!isCovered(fork.vector, ours)) {
        if (theirs.equalRows(row, present.rows, present.row)) continue;
        if (!takesTheirs(run, run.decide(ours, theirs.dot(row)), path, coordinates)) continue;
      }
    }
    taken.push(row);
    countTaken(run, theirs, row);
  }
  if (taken.length > 0) writableTable(own, node.id, theirs.rank).setRows(theirs, taken);
}

/** Whether the receiver plainly knows none of the writes and has nothing at their chunks. */
function isNewEverywhere({ target, own }: MergeRun, nodeId: string, theirs: ChunkTable): boolean {
  if (theirs.dots.some((dot) => isCovered(target.vector, dot))) return false;
  return [target.overlay, own].every(({ chunks }) => {
    const ours = chunks.get(nodeId);
    return ours === undefined || theirs.isBehind(ours);
  });
}

function countTaken(run: MergeRun, theirs: ChunkTable, row: number): void {
  const kind = theirs.kind(row);
  run.chunks++;
  if (kind !== ROW_TOMBSTONE) run.bytes += theirs.byteLength(row);
  if (kind === ROW_NATIVE) run.sampleChunkId ??= theirs.chunkIdBytes(row).slice();
}

/** Counts an overlap; whether the fork's write is to be taken. */
function takesTheirs(
  run: MergeRun,
  decision: OverlapPolicy,
  path: string,
  coordinates: Uint32Array,
): boolean {
  if (decision !== "error") {
    run.overlapCount++;
    return decision === "theirs";
  }
  const rank = coordinates.length;
  const overlap = run.overlaps.get(path) ?? { path, rank, coordinates: [], total: 0 };
  if (overlap.total < ERROR_COORDINATES_MAX) overlap.coordinates.push(...coordinates);
  overlap.total++;
  run.overlaps.set(path, overlap);
  return false;
}

/** The path of a node that the fork wrote chunks of, in the fork's view or in the receiver's. */
function pathOfNode(run: MergeRun, nodeId: string): string | undefined {
  run.changedPaths ??= pathsById([
    run.before.overlay,
    run.before.own,
    run.fork.overlay,
    run.fork.own,
  ]);
  return run.changedPaths.get(nodeId) ?? run.target.base.nodeById(nodeId)?.path;
}

/**
 * Where one side updated an array's metadata and the other, not knowing, wrote chunks of it: the
 * chunks must still mean the same and lie in the resulting grid.
 */
function assertCompatibleMetadata(run: MergeRun): void {
  for (const [nodeId, table] of run.fork.own.chunks) {
    const path = pathOfNode(run, nodeId);
    const ours = path === undefined ? undefined : changeAt(run.before, path);
    if (ours?.node?.array === undefined || ours.node.id !== nodeId) continue;
    if (isCovered(run.fork.vector, ours.dot)) continue;
    const rows = { table, hiding: undefined, seenBy: run.target.vector };
    assertChunksFit(run, ours.path, nodeAt(run.theirs, ours.path), rows);
  }
  for (const theirs of run.fork.own.nodes.values()) {
    const { path, node, dot } = theirs;
    if (node?.array === undefined || isCovered(run.target.vector, dot)) continue;
    for (const tables of receiverTables(run, node.id)) {
      const rows = { ...tables, seenBy: run.fork.vector };
      assertChunksFit(run, path, nodeAt(run.before, path), rows);
    }
  }
}

/** Rows of one side, those left out that are hidden or that the other side has seen. */
interface WrittenRows {
  readonly table: ChunkTable;
  readonly hiding: ChunkTable | undefined;
  readonly seenBy: VersionVector;
}

function assertChunksFit(
  run: MergeRun,
  path: string,
  writtenUnder: NodeState | undefined,
  { table, hiding, seenBy }: WrittenRows,
): void {
  const result = nodeAt(run.after, path);
  if (result?.array === undefined) return;
  const hasSameMeaning =
    writtenUnder?.array !== undefined && arraySignature(writtenUnder) === arraySignature(result);
  const outside: number[] = [];
  const coordinates = new Uint32Array(table.rank);
  let unseenCount = 0;
  for (let row = 0; row < table.length; row++) {
    if (isCovered(seenBy, table.dot(row)) || isHidden(table, row, hiding)) continue;
    unseenCount++;
    readCoordinates(table, row, coordinates);
    if (hasSameMeaning && isInGrid(coordinates, result.array.shape)) continue;
    if (outside.length < ERROR_COORDINATES_MAX * table.rank) outside.push(...coordinates);
  }
  if (unseenCount === 0 || (hasSameMeaning && outside.length === 0)) return;
  const count = table.rank === 0 ? 1 : outside.length / table.rank;
  throw mergeFailed(
    [path],
    "one side changed the metadata, the other wrote chunks that no longer fit:",
    { chunkCoordinates: new ChunkCoordinates(table.rank, count, Uint32Array.from(outside)) },
  );
}
