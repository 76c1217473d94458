/** The state of merging one fork, and the receiver as it was. */
import type { SnapshotIndex } from "../../assets/snapshot-index.ts";
import { coordinatesOf } from "../../format/manifest/row-values.ts";
import type { ChangeSet } from "../changes/change-set.ts";
import type { ChunkTable } from "../changes/chunk-table.ts";
import { type Dot, isCovered } from "../changes/dot.ts";
import type { Past } from "../changes/past.ts";
import type { ForkContent } from "../fork/bytes.ts";
import type { Layers } from "../state/layers.ts";
import { contains, startWalk } from "./learning.ts";
import type { Overlap } from "./refusals.ts";

/** The receiver's changes in the making: private, `own` and `past` share no map with the session. */
export interface MergeTarget {
  readonly baseId: string;
  readonly base: SnapshotIndex;
  readonly overlay: ChangeSet;
  readonly own: ChangeSet;
  readonly past: Past;
  /** The receiver's open epoch, to which the merge belongs. */
  readonly dot: Dot;
  /** Whether the receiver has learnt anything. */
  hasLearnt: boolean;
}

/** Decides about one chunk that both sides wrote, by the marks of the two writes. */
export type OverlapDecision = (ours: Dot, theirs: Dot) => "error" | "ours" | "theirs";

/** Rows of the fork that the receiver takes. */
interface TakenRows {
  readonly nodeId: string;
  readonly table: ChunkTable;
  /** `undefined`: all. */
  readonly rows: readonly number[] | undefined;
}

/** One fork on its way into a target. */
export interface MergeRun {
  readonly target: MergeTarget;
  readonly fork: ForkContent;
  readonly decide: OverlapDecision;
  readonly own: ChangeSet;
  /** Whether the receiver holds a write. */
  readonly isKnown: (write: Dot) => boolean;
  /** Whether the fork holds a write. */
  readonly isSeen: (write: Dot) => boolean;
  /** The receiver's nodes as they were. */
  readonly before: Layers;
  /** The receiver as it becomes. */
  readonly after: Layers;
  readonly overlaps: Map<string, Overlap>;
  /** What will be written once nothing refuses it. */
  readonly taken: TakenRows[];
  chunks: number;
  overlapCount: number;
  skipped: number;
  bytes: number;
  sampleChunkId: Uint8Array | undefined;
}

/** Starts to merge `fork` into `target`. */
export function startRun(
  target: MergeTarget,
  fork: ForkContent,
  decide: OverlapDecision,
): MergeRun {
  const { base, overlay, own, past } = target;
  const walk = startWalk();
  return {
    target,
    fork,
    decide,
    own,
    isKnown: (write) => isCovered(past.vector, write),
    // What its bytes leave out is what the receiver knows of the fork's parent.
    isSeen: (write) => isCovered(fork.past.vector, write) || contains(past, fork.need, write, walk),
    before: { base, overlay, own: { ...own, nodes: own.nodes.clone() } },
    after: { base, overlay, own },
    overlaps: new Map(),
    taken: [],
    chunks: 0,
    overlapCount: 0,
    skipped: 0,
    bytes: 0,
    sampleChunkId: undefined,
  };
}

/** Rows of a table, those left out that `hiding` has, too: those were written again since. */
export interface VisibleRows {
  readonly table: ChunkTable;
  readonly hiding: ChunkTable | undefined;
}

/** What the receiver wrote to a node's chunks, lower layer first. */
export function receiverRows({ target }: MergeRun, nodeId: string): VisibleRows[] {
  const lower = target.overlay.chunks.get(nodeId);
  const upper = target.own.chunks.get(nodeId);
  return [
    ...(lower === undefined ? [] : [{ table: lower, hiding: upper }]),
    ...(upper === undefined ? [] : [{ table: upper, hiding: undefined }]),
  ];
}

/** Whether the chunk was written again since. */
export function isHidden({ table, hiding }: VisibleRows, row: number): boolean {
  if (hiding === undefined) return false;
  return hiding.find(coordinatesOf(table, row)) >= 0;
}
