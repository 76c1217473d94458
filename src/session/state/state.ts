/**
 * The mutable state behind a Session or ForkSession, and who may touch it when.
 *
 * Reads go through layers: own changes over the parent's uncommitted changes (overlay, forks
 * only) over the base snapshot. Writes go to the own layer.
 */
import type { Engine } from "../../assets/engine.ts";
import type { SnapshotIndex } from "../../assets/snapshot-index.ts";
import { type ChangeSet, changeSetOf } from "../changes/change-set.ts";
import type { Dot } from "../changes/dot.ts";
import { copyPast, emptyPast, type Past } from "../changes/past.ts";
import type { Layers } from "./layers.ts";
import { type OriginFamily, originFamily } from "./origins.ts";
import type { Turn } from "./turn.ts";
import type { UnsettledCommit } from "./unsettled.ts";
import type { ManifestCache } from "./written-manifests.ts";

/** An operation during which the session takes no writes. */
export type Activity = "commit" | "amend" | "flush" | "merge" | "rebase";

/** A write that was called and has not settled, as errors name it. */
interface WriteUnderWay {
  /** A key, or an operation and its path. */
  readonly name: string;
  /** Once it has aborted, the caller knows that nothing may have been written. */
  readonly signal: AbortSignal | undefined;
}

/** What a session holds. One object per Session or ForkSession, never shared. */
export interface SessionState {
  readonly engine: Engine;
  readonly kind: "session" | "fork";
  /** `readonly` also once it is committed. */
  mode: "readonly" | "writable";
  readonly branch: string | undefined;
  baseId: string;
  /** The base snapshot, once something needed it. */
  base: SnapshotIndex | undefined;
  /** The parent's uncommitted changes when the fork was made; never written to. */
  readonly overlay: ChangeSet;
  own: ChangeSet;
  /** What this state holds; writes of the open epoch excepted. */
  past: Past;
  /** The closed epoch that this state's writes began after; `undefined`: it began with nothing. */
  birth: Dot | undefined;
  /** The parent's closed epoch when the fork was made: what a receiver must hold. */
  readonly need: Dot | undefined;
  /** What the parent knew then. */
  readonly needPast: Past;
  /** Where it and its forks get their ids. */
  readonly origins: OriginFamily;
  /** The mark of writes made now. */
  dot: Dot;
  /** Whether a write carries the present dot, or a merge belongs to it. */
  dotUsed: boolean;
  activity: Activity | undefined;
  /** Merges running or queued. */
  mergesPending: number;
  mergeTail: Promise<unknown>;
  /** Writes and operations of several steps, called and not yet settled. */
  readonly writes: Map<Promise<unknown>, WriteUnderWay>;
  /** Parallel writes under way: they merge into the session at their end. */
  parallelWrites: number;
  /** Reads of the store under way that belong to no operation. */
  reads: number;
  /** Called when the last read under way has ended. */
  whenRead: (() => void) | undefined;
  /** Where writes are noted that come after the work on this state has ended. */
  lateWrites: Set<string> | undefined;
  /** Grows when changes are discarded: writes in flight since before are dropped. */
  generation: number;
  /** Grows with every change of the own layer: what was derived from it before is stale. */
  revision: number;
  /** What every commit's metadata starts from. */
  readonly commitMetadata: Readonly<Record<string, unknown>>;
  /** Committed: no more commits. */
  finished: boolean;
  /** What has ended the state other than a commit. */
  closedBy: string | undefined;
  /** Whether a commit has lost a race since the last rebase. */
  hasLost: boolean;
  /** Its turn to commit to the branch, until that is over. */
  turn: Turn | undefined;
  /** Manifests that a failed commit has written already, for the revision they were made of. */
  manifestCache: ManifestCache;
  /** Commits of these changes with unknown outcome: the next one finds out before it is sent. */
  unsettled: readonly UnsettledCommit[];
}

/** What a new state starts from. */
interface StateOptions {
  readonly engine: Engine;
  readonly kind: "session" | "fork";
  readonly mode: "readonly" | "writable";
  readonly branch?: string | undefined;
  readonly baseId: string;
  readonly base?: SnapshotIndex | undefined;
  readonly overlay?: ChangeSet | undefined;
  readonly own?: ChangeSet | undefined;
  readonly past?: Past | undefined;
  readonly birth?: Dot | undefined;
  readonly need?: Dot | undefined;
  readonly needPast?: Past | undefined;
  /** Of the parent, if that lives in this process. */
  readonly origins?: OriginFamily | undefined;
}

/** A state with an origin of its own. No I/O. */
export function createState(options: StateOptions): SessionState {
  const origins = options.origins ?? originFamily(options.engine.runtime);
  return {
    engine: options.engine,
    kind: options.kind,
    mode: options.mode,
    branch: options.branch,
    baseId: options.baseId,
    base: options.base,
    overlay: options.overlay ?? changeSetOf(),
    own: options.own ?? changeSetOf(),
    past: options.past === undefined ? emptyPast() : copyPast(options.past),
    birth: options.birth,
    need: options.need,
    needPast: options.needPast === undefined ? emptyPast() : copyPast(options.needPast),
    origins,
    dot: { origin: origins.next(), epoch: 1 },
    dotUsed: false,
    activity: undefined,
    mergesPending: 0,
    mergeTail: Promise.resolve(),
    writes: new Map(),
    parallelWrites: 0,
    reads: 0,
    whenRead: undefined,
    lateWrites: undefined,
    generation: 0,
    revision: 0,
    commitMetadata: options.engine.defaultCommitMetadata(),
    finished: false,
    closedBy: undefined,
    hasLost: false,
    turn: undefined,
    manifestCache: { revision: 0, written: new Map() },
    unsettled: [],
  };
}

/** The base snapshot. One GET at most, shared through the asset cache. */
export async function loadBase(state: SessionState, signal?: AbortSignal): Promise<SnapshotIndex> {
  signal?.throwIfAborted();
  const id = state.baseId;
  if (state.base !== undefined) return state.base;
  const base = await state.engine.assets.readSnapshot(id, signal);
  if (state.baseId === id) state.base = base;
  return base;
}

/** The session's layers with its base loaded. One GET at most. */
export async function loadLayers(state: SessionState, signal?: AbortSignal): Promise<Layers> {
  let base = await loadBase(state, signal);
  // A commit or rebase that ended meanwhile has moved the base and the changes over it.
  while (base.snapshot.id !== state.baseId) base = await loadBase(state, signal);
  return layersOf(state, base);
}

/** The session's layers over a loaded base. */
export function layersOf(state: SessionState, base: Layers["base"]): Layers {
  return { base, overlay: state.overlay, own: state.own };
}

/** Whether the own layer changes anything of what the session sees without it. */
export function hasOwnChanges({ overlay, own }: SessionState): boolean {
  if (hasChanges(own)) return true;
  for (const path of own.nodes.keys()) if (overlay.nodes.get(path)?.node !== undefined) return true;
  return false;
}

/** Whether the changes change anything of the base. */
export function hasChanges(changes: ChangeSet): boolean {
  for (const table of changes.chunks.values()) if (table.length > 0) return true;
  for (const { base, node } of changes.nodes.values()) {
    if (base !== undefined || node !== undefined) return true;
  }
  return false;
}
