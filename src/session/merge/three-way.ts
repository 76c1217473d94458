/**
 * Three-way merge of a fork into a session or another fork, over values, without I/O.
 *
 * Every write carries a dot; what each side has seen is known (dot.ts, past.ts). Per write of the
 * fork: known to the receiver -> skipped; the receiver has nothing there, or only what the fork
 * had seen -> taken; equal -> nothing; else an overlap (chunks) or `merge-failed` (nodes).
 * Chunk writes belong to a node id. `target` is changed in place: it is a private copy, which the
 * collector applies to the receiver once all forks are in.
 * Spec: docs/semantics.md "Forks and merges".
 */
import { equalBytes } from "../../base/bytes.ts";
import { makeError } from "../../base/errors.ts";
import { ROW_NATIVE, ROW_TOMBSTONE } from "../../format/manifest/chunk-rows.ts";
import { equalRows, readCoordinates } from "../../format/manifest/row-values.ts";
import { parentPath } from "../../format/node-path.ts";
import {
  changedPathOf,
  changesUnder,
  type NodeChange,
  type NodeState,
} from "../changes/change-set.ts";
import { ERROR_COORDINATES_MAX } from "../changes/chunk-coordinates.ts";
import type { ChunkTable } from "../changes/chunk-table.ts";
import { type Dot, isCovered } from "../changes/dot.ts";
import { writableTable } from "../changes/shared-tables.ts";
import type { ForkContent } from "../fork/bytes.ts";
import { assertArray, assertSameKind, garbled } from "../fork/check.ts";
import type { WrittenUnder } from "../fork/written-under.ts";
import { pendingChunk } from "../view/chunks.ts";
import { type ArrayNode, changeAt, nodeAt } from "../view/nodes.ts";
import { assertChunksKeepMeaning } from "./chunk-meaning.ts";
import { learn } from "./learning.ts";
import {
  isHidden,
  type MergeRun,
  type MergeTarget,
  type OverlapDecision,
  receiverRows,
  startRun,
} from "./merge-run.ts";
import { mergeFailed, overlapError } from "./refusals.ts";
import type { MergeReport, OverlapPolicy } from "./report.ts";

/** The result of merging one fork. */
interface MergeOutcome {
  readonly report: MergeReport;
  /** A native chunk that the fork brought, if any. */
  readonly sampleChunkId: Uint8Array | undefined;
}

/**
 * Merges `fork` into `target`, in place. After an error the target is half merged: drop it.
 * @throws {fork-base-mismatch} @throws {merge-failed} @throws {merge-overlap}
 * @throws {invalid-fork-bytes}
 */
export function mergeFork(
  target: MergeTarget,
  fork: ForkContent,
  decide: OverlapDecision,
): MergeOutcome {
  assertSameBase(target, fork);
  const run = startRun(target, fork, decide);
  mergeNodes(run);
  assertChunksKeepMeaning(run);
  mergeChunks(run);
  if (run.overlaps.size > 0) throw overlapError(run.overlaps);
  // Only now: a table that a refused merge had written to would cost the receiver a copy.
  for (const { nodeId, table, rows } of run.taken) {
    writableTable(target.own, nodeId, table.rank).setRows(table, rows);
  }
  if (learn(target.past, fork.past, target.dot)) target.hasLearnt = true;
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
  if (fork.need !== undefined && !isCovered(target.past.vector, fork.need)) {
    throw makeError(
      "fork-base-mismatch",
      "the fork rests on uncommitted changes that the receiver does not hold: merge it into the session that was forked; results that shall outlive that session need its changes committed before the fork (merging with withOverlay is not built yet)",
      { details: { forkBase: fork.baseId, reason: "overlay-missing" } },
    );
  }
}

function mergeNodes(run: MergeRun): void {
  const { fork, own } = run;
  const taken: NodeChange[] = [];
  const failed: string[] = [];
  for (const [path, theirs] of fork.own.nodes) {
    if (run.isKnown(theirs.dot)) {
      run.skipped++;
      continue;
    }
    const ours = changeAt(run.before, path);
    if (ours === undefined || run.isSeen(ours.dot)) taken.push(theirs);
    else if (!isEqualChange(ours, theirs)) failed.push(path);
  }
  failed.push(...structuralConflicts(run, taken));
  if (failed.length > 0) throw mergeFailed(failed, "both sides changed");
  assertNewIds(run, taken);
  for (const change of taken) {
    const replaced = nodeAt(run.before, change.path);
    if (replaced !== undefined && replaced.id === change.node?.id) {
      assertSameKind(replaced, change.node);
    } else if (replaced !== undefined) {
      assertNoUnseenChunks(run, replaced);
      own.chunks.delete(replaced.id);
    }
    own.nodes.set(change.path, change);
  }
}

/** No node of the fork has the id of one that the receiver has at another path. */
function assertNewIds(run: MergeRun, taken: readonly NodeChange[]): void {
  for (const { path, base, node } of taken) {
    if (node === undefined || node.id === base?.id) continue;
    const known = changedPathOf(run.before, node.id) ?? path;
    if (known !== path) throw garbled(`${path} has the id of ${known}`, { path });
  }
}

function isEqualChange(a: NodeChange, b: NodeChange): boolean {
  if (a.node === undefined || b.node === undefined) return a.node === b.node;
  return a.node.id === b.node.id && equalBytes(a.node.userData, b.node.userData);
}

/** Paths where one side put a node below what the other side deleted or made an array. */
function structuralConflicts(run: MergeRun, taken: readonly NodeChange[]): Set<string> {
  const isUnseen = ({ dot }: NodeChange): boolean => !run.isSeen(dot);
  const conflicts = new Set<string>();
  for (const change of taken) {
    const { path, node } = change;
    if (blocksChildren(change)) {
      for (const below of changesBelow(run, path)) {
        if (below.node !== undefined && isUnseen(below)) conflicts.add(below.path);
      }
    }
    if (node === undefined) continue;
    for (let at = parentPath(path); at !== undefined; at = parentPath(at)) {
      const above = changeAt(run.before, at);
      if (above !== undefined && blocksChildren(above) && isUnseen(above)) conflicts.add(path);
    }
  }
  return conflicts;
}

function blocksChildren({ node }: NodeChange): boolean {
  return node === undefined || node.type === "array";
}

/** What the receiver changed strictly below `path`. */
function* changesBelow({ before }: MergeRun, path: string): Generator<NodeChange> {
  for (const { nodes } of [before.own, before.overlay]) {
    for (const change of changesUnder(nodes, path)) {
      if (change.path !== path && changeAt(before, change.path) === change) yield change;
    }
  }
}

/** The fork deletes a node: the receiver must not have chunk writes there that the fork had not seen. */
function assertNoUnseenChunks(run: MergeRun, node: NodeState): void {
  for (const rows of receiverRows(run, node.id)) {
    const { table } = rows;
    for (let row = 0; row < table.length; row++) {
      if (run.isSeen(table.dot(row)) || isHidden(rows, row)) continue;
      throw mergeFailed([node.path], "the fork deleted an array whose chunks the receiver wrote:");
    }
  }
}

function mergeChunks(run: MergeRun): void {
  for (const [nodeId, table] of run.fork.own.chunks) {
    if (table.length === 0) continue;
    const { path } = run.fork.writtenUnder.get(nodeId) as WrittenUnder;
    const now = nodeAt(run.after, path);
    if (now?.id !== nodeId) {
      if (isEveryRowKnown(table, run.isKnown)) {
        run.skipped += table.length; // Known before: the receiver has deleted the node since.
        continue;
      }
      throw mergeFailed([path], "the receiver deleted or replaced, and the fork wrote chunks of");
    }
    mergeTable(run, assertArray(table, now, nodeId), table);
  }
}

function isEveryRowKnown(table: ChunkTable, isKnown: (write: Dot) => boolean): boolean {
  for (let row = 0; row < table.length; row++) if (!isKnown(table.dot(row))) return false;
  return true;
}

function mergeTable(run: MergeRun, node: ArrayNode, theirs: ChunkTable): void {
  if (isNewEverywhere(run, node.id, theirs)) {
    run.taken.push({ nodeId: node.id, table: theirs, rows: undefined });
    for (let row = 0; row < theirs.length; row++) countTaken(run, theirs, row);
    return;
  }
  const coordinates = new Uint32Array(theirs.rank);
  const taken: number[] = [];
  for (let row = 0; row < theirs.length; row++) {
    if (run.isKnown(theirs.dot(row))) {
      run.skipped++;
      continue;
    }
    readCoordinates(theirs, row, coordinates);
    const present = pendingChunk(run.before, node.id, coordinates);
    if (present !== undefined) {
      const ours = (present.rows as ChunkTable).dot(present.row);
      if (!run.isSeen(ours)) {
        if (equalRows(theirs, row, present.rows, present.row)) continue;
        if (!takesTheirs(run, run.decide(ours, theirs.dot(row)), node.path, coordinates)) continue;
      }
    }
    taken.push(row);
    countTaken(run, theirs, row);
  }
  if (taken.length > 0) run.taken.push({ nodeId: node.id, table: theirs, rows: taken });
}

/** Whether the receiver plainly knows none of the writes and has nothing at their chunks. */
function isNewEverywhere(
  { target, own, isKnown }: MergeRun,
  nodeId: string,
  theirs: ChunkTable,
): boolean {
  if (theirs.dots.some(isKnown)) return false;
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
