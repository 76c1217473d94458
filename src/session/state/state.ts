/**
 * The mutable state behind a Session or ForkSession, and who may touch it when.
 *
 * Reads go through layers: own changes over the parent's uncommitted changes (overlay, forks
 * only) over the base snapshot. Writes go to the own layer.
 */
import type { Engine } from "../../assets/engine.ts";
import type { SnapshotIndex } from "../../assets/snapshot-index.ts";
import { makeError } from "../../base/errors.ts";
import { abortable } from "../../base/single-flight.ts";
import { randomObjectId } from "../../format/ids.ts";
import type { ChangeSet } from "../changes/change-set.ts";
import { type Dot, EMPTY_VECTOR, joinVectors, type VersionVector } from "../changes/dot.ts";
import type { Layers } from "./layers.ts";
import type { UnsettledCommit } from "./unsettled.ts";
import type { ManifestCache } from "./written-manifests.ts";

/** An operation during which the session takes no writes. */
type Activity = "commit" | "amend" | "flush" | "merge" | "rebase";

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
  vector: VersionVector;
  /** The parent's vector when the fork was made: what a receiver must hold. */
  readonly need: VersionVector;
  /** The mark of writes made now. */
  dot: Dot;
  /** Whether a write carries the present dot. */
  dotUsed: boolean;
  activity: Activity | undefined;
  /** Merges running or queued. */
  mergesPending: number;
  mergeTail: Promise<unknown>;
  /** Writes called and not yet settled. */
  readonly writes: Set<Promise<unknown>>;
  /** Grows when changes are discarded: writes in flight since before are dropped. */
  generation: number;
  /** Grows with every change of the own layer: what was derived from it before is stale. */
  revision: number;
  /** What every commit's metadata starts from. */
  readonly commitMetadata: Readonly<Record<string, unknown>>;
  /** Committed: no more commits. */
  finished: boolean;
  /** Manifests that a failed commit has written already, for the revision they were made of. */
  manifestCache: ManifestCache;
  /** Commits of these changes with unknown outcome: the next one finds out before it is sent. */
  unsettled: readonly UnsettledCommit[];
}

/** A change set without changes. */
export function emptyChangeSet(): ChangeSet {
  return { nodes: new Map(), chunks: new Map() };
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
  readonly vector?: VersionVector | undefined;
  readonly need?: VersionVector | undefined;
}

/** A state with a fresh random origin. No I/O. */
export function createState(options: StateOptions): SessionState {
  return {
    engine: options.engine,
    kind: options.kind,
    mode: options.mode,
    branch: options.branch,
    baseId: options.baseId,
    base: options.base,
    overlay: options.overlay ?? emptyChangeSet(),
    own: options.own ?? emptyChangeSet(),
    vector: options.vector ?? EMPTY_VECTOR,
    need: options.need ?? EMPTY_VECTOR,
    dot: { origin: randomObjectId(options.engine.runtime), epoch: 1 },
    dotUsed: false,
    activity: undefined,
    mergesPending: 0,
    mergeTail: Promise.resolve(),
    writes: new Set(),
    generation: 0,
    revision: 0,
    commitMetadata: options.engine.defaultCommitMetadata(),
    finished: false,
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

/** The mark for a write made now. */
export function currentDot(state: SessionState): Dot {
  state.dotUsed = true;
  state.revision++;
  return state.dot;
}

/** Closes the epoch before a changed state leaves, so that later writes are told apart. */
export function closeEpoch(state: SessionState): void {
  if (!state.dotUsed) return;
  const { origin, epoch } = state.dot;
  state.vector = joinVectors(state.vector, new Map([[origin, epoch]]));
  state.dot = { origin, epoch: epoch + 1 };
  state.dotUsed = false;
}

/** Drops the own layer; the state takes a new identity, so that its old writes are strangers. */
export function discard(state: SessionState): void {
  state.own = emptyChangeSet();
  state.vector = state.need;
  state.dot = { origin: randomObjectId(state.engine.runtime), epoch: 1 };
  state.dotUsed = false;
  state.generation++;
  state.revision++;
  state.unsettled = [];
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

/** Refuses what takes no write now. @throws {read-only-session} @throws {session-busy} */
export function assertWritable(state: SessionState, operation: string): void {
  if (state.mode !== "writable") {
    throw makeError("read-only-session", `${operation}: the session is read-only`, {
      details: { operation, snapshotId: state.baseId },
    });
  }
  assertIdle(state, operation);
}

/** @throws {session-busy} while another operation runs */
export function assertIdle(state: SessionState, operation: string): void {
  if (state.activity === undefined) return;
  throw makeError("session-busy", `${operation}: the session is busy with ${state.activity}`, {
    details: { operation, activity: state.activity },
  });
}

/** Remembers a write until it settles: commit, merge and rebase wait for it. */
export function trackWrite<T>(state: SessionState, write: Promise<T>): Promise<T> {
  state.writes.add(write);
  const forget = (): void => {
    state.writes.delete(write);
  };
  write.then(forget, forget);
  return write;
}

/**
 * Runs `work` while the session takes no writes, after the writes already called have settled.
 * Aborting while it waits for those rejects at once.
 */
export async function runExclusive<T>(
  state: SessionState,
  activity: Activity,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  assertIdle(state, activity);
  state.activity = activity;
  try {
    await settleWrites(state, signal);
    return await work();
  } finally {
    state.activity = undefined;
  }
}

/**
 * Like `runExclusive`, but merges wait for one another in the order they were called. `work` must
 * change nothing once its signal has aborted: the caller is told at once, and the session is free.
 */
export async function runMerge<T>(
  state: SessionState,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  if (state.activity !== "merge") assertIdle(state, "merge");
  signal?.throwIfAborted();
  state.activity = "merge";
  state.mergesPending++;
  const turn = state.mergeTail.then(async () => {
    await settleWrites(state, signal);
    return work();
  });
  state.mergeTail = turn.catch(() => undefined);
  try {
    return await (signal === undefined ? turn : abortable(turn, signal));
  } finally {
    state.mergesPending--;
    if (state.mergesPending === 0) state.activity = undefined;
  }
}

async function settleWrites(state: SessionState, signal: AbortSignal | undefined): Promise<void> {
  const settled = Promise.allSettled(state.writes);
  await (signal === undefined ? settled : abortable(settled, signal));
}
