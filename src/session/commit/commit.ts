/**
 * Commit, amend and flush: write immutable objects, then publish them by one conditional put.
 *
 *   manifests -> snapshot and log, in parallel -> publish
 *                                                   lost race: rebase (with a solver), again
 *
 * Everything before the publish may be repeated or abandoned; a failure leaves the session as it
 * was, dirty and usable. Spec: docs/semantics.md "Commit", "Amend" and "Flush".
 */

import { CLOCK_SKEW_MAX_MICROS } from "../../assets/ops-log.ts";
import type { RepoChange } from "../../assets/repo-change.ts";
import { assertStatusAllowsUpdates } from "../../assets/repo-object.ts";
import { isIcefloeError, makeError } from "../../base/errors.ts";
import { lazyPart } from "../../base/lazy-part.ts";
import { isPlainObject } from "../../base/options.ts";
import { describeMicros } from "../../base/plain-value.ts";
import { type BackoffTimes, backoff } from "../../base/retry.ts";
import { randomObjectId } from "../../format/ids.ts";
import type { RepoInfo } from "../../format/repo/read.ts";
import type { Snapshot } from "../../format/snapshot/read.ts";
import { encodeSnapshot, type WritableSnapshot } from "../../format/snapshot/write.ts";
import { mergeTransactionLogs } from "../../format/transaction-log/merge.ts";
import type { TransactionLog } from "../../format/transaction-log/read.ts";
import { encodeTransactionLog } from "../../format/transaction-log/write.ts";
import { changeSetOf } from "../changes/change-set.ts";
import { haveSameTables } from "../changes/shared-tables.ts";
import { readOnlyError } from "../state/describe.ts";
import type { Layers } from "../state/layers.ts";
import { hasChanges, layersOf, loadBase, type SessionState } from "../state/state.ts";
import { beginFirst, isTurnTaken, queueForTurn, resumeTurn } from "../state/turn.ts";
import { changedSinceLanded, landedEarlier, type UnsettledCommit } from "../state/unsettled.ts";
import { assertIdle, runExclusive } from "../state/writing.ts";
import { arraysToRewrite, logOf, manifestFilesOf, nodesAfter } from "./content.ts";
import { type CheckedCommitOptions, type CommitOptions, checkCommitOptions } from "./options.ts";
import {
  assertTip,
  noAmendForInitialCommit,
  type PublishMode,
  publishSnapshot,
} from "./publish.ts";
import type { CommitEvent, CommitReport } from "./report.ts";
import { writeManifests } from "./write-manifests.ts";

const loadMetadata = /* @__PURE__ */ lazyPart(() => import("../../format/metadata-encode.ts"));
const loadRebase = /* @__PURE__ */ lazyPart(() => import("../rebase/rebase.ts"));

/** A commit, amend or flush to run, its options checked. */
interface CommitRun extends CheckedCommitOptions {
  readonly mode: PublishMode;
}

// A loser tries again soon: the winner's put takes milliseconds on a local disk.
const RACE_BACKOFF: BackoffTimes = { initialBackoffMs: 2, maxBackoffMs: 2000 };
const RACES_WITHOUT_BACKOFF = 1;

/** Runs one commit, amend or flush; on success the state is finished at the new snapshot. */
export async function runCommit(
  state: SessionState,
  mode: PublishMode,
  message: string,
  options: CommitOptions | undefined,
): Promise<CommitReport> {
  const run = { mode, ...checkCommitOptions(mode, message, options) };
  run.signal?.throwIfAborted();
  assertIdle(state, mode);
  if (state.mode !== "writable") {
    throw readOnlyError("commit-not-allowed", mode, state);
  }
  return await runExclusive(state, mode, () => commitChanges(state, run), run.signal);
}

async function commitChanges(state: SessionState, run: CommitRun): Promise<CommitReport> {
  if (run.mode !== "flush" && !run.allowEmpty && !hasChanges(state.own)) {
    throw makeError("no-changes-to-commit", `${run.mode}: the session has no changes`, {
      details: { snapshotId: state.baseId },
    });
  }
  const { baseId, base, own } = state;
  const progress = new Progress(state, run);
  try {
    const snapshotId = await attemptUntilPublished(progress);
    state.turn?.end();
    finish(state, snapshotId);
    return progress.report(snapshotId);
  } catch (error) {
    state.hasLost = isIcefloeError(error, "commit-conflict");
    if (state.hasLost)
      state.turn?.rest(); // To rebase and commit again.
    else state.turn?.end();
    if (!haveSameTables(state.own, own)) state.revision++; // What was written for those is void.
    Object.assign(state, { baseId, base, own });
    const { unknownId } = progress;
    if (unknownId !== undefined) {
      const { mode } = run;
      const unsettled = { snapshotId: unknownId, mode, revision: state.revision };
      state.unsettled = [...state.unsettled, unsettled];
    }
    throw error;
  }
}

function finish(state: SessionState, snapshotId: string): void {
  state.mode = "readonly";
  state.finished = true;
  state.baseId = snapshotId;
  state.base = undefined;
  state.own = changeSetOf();
  state.manifestCache = { revision: state.revision, written: new Map() };
  state.unsettled = [];
}

/** One run of a commit: counts what is written and where the time goes. */
class Progress {
  attempts = 0;
  rebases = 0;
  manifestsWritten = 0;
  manifestsReused = 0;
  bytesWritten = 0;
  objectsWritten = 0;
  /** Manifests of this attempt on their way: all must be stored before the publish. */
  readonly stored: Promise<unknown>[] = [];
  /** The snapshot that was sent to be published and whose fate is not known. */
  unknownId: string | undefined;
  /** The session's revision when the commit was called. */
  readonly revision: number;
  readonly #phasesMs = { rebase: 0, manifests: 0, snapshot: 0, publish: 0 };
  readonly #startMicros: number;
  #phase: CommitEvent["phase"] | undefined;
  #beganMicros = 0;
  readonly #startRequests: number;
  readonly state: SessionState;
  readonly run: CommitRun;

  constructor(state: SessionState, run: CommitRun) {
    this.state = state;
    this.run = run;
    this.revision = state.revision;
    this.#startMicros = state.engine.runtime.nowMicros();
    this.#startRequests = state.engine.requestCount();
  }

  /** Ends the phase before, if there is one. */
  begin(phase: CommitEvent["phase"]): void {
    this.run.signal?.throwIfAborted();
    this.end();
    this.#phase = phase;
    const elapsedMs = (this.#beganMicros - this.#startMicros) / 1000;
    this.run.onProgress?.({ phase, attempt: Math.max(1, this.attempts), elapsedMs });
  }

  end(): void {
    const nowMicros = this.state.engine.runtime.nowMicros();
    if (this.#phase !== undefined)
      this.#phasesMs[this.#phase] += (nowMicros - this.#beganMicros) / 1000;
    this.#phase = undefined;
    this.#beganMicros = nowMicros;
  }

  report(snapshotId: string): CommitReport {
    this.end();
    const { attempts, manifestsWritten, manifestsReused, bytesWritten, objectsWritten } = this;
    return Object.freeze({
      snapshotId,
      attempts,
      manifestsWritten,
      manifestsReused,
      bytesWritten,
      objectsWritten,
      requests: this.state.engine.requestCount() - this.#startRequests,
      phasesMs: Object.freeze({ ...this.#phasesMs }),
    });
  }
}

/**
 * Tries until it lands. Who has lost a race, and may rebase, goes on when its turn comes: sessions
 * of one process that race each other write for nothing. Whoever comes while others queue joins
 * them.
 */
async function attemptUntilPublished(progress: Progress): Promise<string> {
  const { state, run } = progress;
  const mayRebase = run.solver !== undefined && run.attemptsMax > 1;
  if (!mayRebase || resumeTurn(state) || !isTurnTaken(state)) {
    const id = await attemptUnlessLost(progress);
    if (id !== undefined) return id;
  }
  for (;;) {
    await queueForTurn(state, run.signal);
    const lost = progress.attempts - 1;
    await backoff(state.engine.runtime, RACE_BACKOFF, lost - RACES_WITHOUT_BACKOFF, run.signal);
    if (!(await hasLandedNow(state, run))) await rebase(progress);
    const id = await attemptUnlessLost(progress);
    if (id !== undefined) return id;
  }
}

/** The new snapshot's id; `undefined` if the race was lost and may be run again. */
async function attemptUnlessLost(progress: Progress): Promise<string | undefined> {
  const { run } = progress;
  progress.attempts++;
  progress.stored.length = 0;
  try {
    return await attemptOnce(progress);
  } catch (error) {
    await Promise.allSettled(progress.stored); // The next try uses what is stored by then.
    progress.end();
    const mayRebase = run.solver !== undefined && progress.attempts < run.attemptsMax;
    if (mayRebase && isIcefloeError(error, "commit-conflict")) return undefined;
    throw error;
  }
}

async function rebase(progress: Progress): Promise<void> {
  const { state } = progress;
  const { solver, signal } = progress.run;
  if (solver === undefined) return;
  const { baseId } = state;
  progress.begin("rebase");
  const { rebaseOnto } = await loadRebase();
  await rebaseOnto(state, solver, signal);
  progress.end();
  if (state.baseId !== baseId) progress.rebases++;
}

async function attemptOnce(progress: Progress): Promise<string> {
  const { state, run } = progress;
  const { signal } = run;
  if (run.mode !== "flush") {
    if (mayHaveMoved(state)) await refuseIfMoved(progress);
    const waiting = beginFirst(state, signal);
    if (waiting !== undefined) {
      await waiting;
      if (mayHaveMoved(state)) await refuseIfMoved(progress);
    }
  }
  const base = state.base ?? (await loadBase(state, signal));
  const layers = layersOf(state, base);
  if (state.manifestCache.revision !== state.revision) {
    state.manifestCache = { revision: state.revision, written: new Map() };
  }
  progress.begin("manifests");
  const manifests = await writeManifests(state, layers, arraysToRewrite(layers), {
    stored: progress.stored,
    signal,
  });
  progress.manifestsWritten += manifests.counts.written;
  progress.objectsWritten += manifests.counts.written;
  progress.manifestsReused = manifests.counts.reused;
  progress.bytesWritten += manifests.counts.bytes;
  const id = randomObjectId(state.engine.runtime);
  const nodes = nodesAfter(layers, manifests.refs);
  const metadata = commitMetadata(state, run, progress.rebases);
  const snapshot: WritableSnapshot = {
    id,
    flushedAtMicros: nextFlushMicros(state, layers),
    message: run.message,
    metadata:
      Object.keys(metadata).length > 0 ? (await loadMetadata()).encodeMetadata(metadata) : [],
    manifestFiles: manifestFilesOf(layers, nodes, manifests.files),
    nodes,
    specVersion: 2,
  };
  progress.begin("snapshot");
  const own = logOf(layers, id);
  const log = run.mode === "amend" ? await amendedLog(state, own, signal) : own;
  const { assets } = state.engine;
  const payloads = [encodeSnapshot(snapshot), encodeTransactionLog(log)] as const;
  const written = await Promise.all([
    assets.writeSnapshot(snapshot, payloads[0], signal),
    assets.writeTransactionLog(log, payloads[1], signal),
    ...progress.stored,
  ]);
  progress.bytesWritten += written[0].sizeBytes + written[1].sizeBytes;
  progress.objectsWritten += 2;
  return await publish(progress, snapshot);
}

/** Whether the branch is known to have moved; what is known may be old. */
function mayHaveMoved({ engine, branch, baseId, unsettled }: SessionState): boolean {
  if (branch === undefined || unsettled.length > 0) return false;
  return engine.repoState.held?.branches.get(branch) !== baseId;
}

/** Refuses, before anything is written, what the newest state would refuse for a branch that has moved. */
async function refuseIfMoved({ state, run }: Progress): Promise<void> {
  const { engine, branch, baseId } = state;
  if (branch === undefined) return;
  const repo = await engine.repoState.read(run.signal); // What is held may be old: it refuses nobody.
  assertStatusAllowsUpdates(repo, "update");
  assertTip(repo, branch, baseId);
}

/** Sends the snapshot to be published; resolves to its id, or to that of an earlier commit that had landed. */
async function publish(
  progress: Progress,
  { id, flushedAtMicros, message, metadata }: Snapshot,
): Promise<string> {
  const { state } = progress;
  const { mode, signal } = progress.run;
  const branch = mode === "flush" ? undefined : state.branch;
  const snapshot = { id, flushedAtMicros, message, metadata };
  let earlier: UnsettledCommit | undefined;
  const change = (repo: RepoInfo): RepoChange => {
    earlier = landedEarlier(state.unsettled, mode, repo);
    if (earlier !== undefined) throw changedSinceLanded(mode, earlier);
    return publishSnapshot(repo, { mode, branch, baseId: state.baseId, snapshot });
  };
  const landed = (repo: RepoInfo): boolean => repo.snapshots.has(id);
  try {
    progress.begin("publish");
    await state.engine.repoState.update(change, { signal, landed });
    return id;
  } catch (error) {
    if (isIcefloeError(error, "unknown-outcome")) progress.unknownId = id;
    if (earlier?.revision === progress.revision) return earlier.snapshotId;
    throw error;
  }
}

/** Whether the race was lost to an earlier commit of this very session. */
async function hasLandedNow(state: SessionState, run: CommitRun): Promise<boolean> {
  if (state.unsettled.length === 0) return false;
  const repo = await state.engine.repoState.read(run.signal);
  return landedEarlier(state.unsettled, run.mode, repo) !== undefined;
}

/** `log` joined to that of the commit that is amended. */
async function amendedLog(
  state: SessionState,
  log: TransactionLog,
  signal: AbortSignal | undefined,
): Promise<TransactionLog> {
  const { baseId, engine } = state;
  const repo = await engine.repoState.read(signal);
  const base = repo.snapshots.get(baseId);
  if (base !== undefined && base.parentId === undefined) throw noAmendForInitialCommit(baseId);
  const replaced = await engine.assets.readTransactionLog(baseId, signal);
  if (replaced === undefined) {
    throw makeError(
      "object-not-found",
      `the transaction log of ${baseId} is gone: it can't be amended`,
      { details: { snapshotId: baseId } },
    );
  }
  if (replaced.movedNodes.length > 0) {
    throw makeError(
      "rearrange-session-only",
      `${baseId} moved nodes: only a session that moves nodes can amend it; make a new commit`,
      { details: { snapshotId: baseId } },
    );
  }
  return { ...mergeTransactionLogs(replaced, log), id: log.id };
}

/** Snapshot times rise by at least 1 µs along a branch, whatever the clock does. */
function nextFlushMicros(state: SessionState, layers: Layers): number {
  const parentMicros = layers.base.snapshot.flushedAtMicros;
  const nowMicros = state.engine.runtime.nowMicros();
  if (parentMicros - nowMicros > CLOCK_SKEW_MAX_MICROS) {
    const [parent, now] = [parentMicros, nowMicros].map(describeMicros);
    throw makeError(
      "snapshot-timestamp",
      `snapshot ${state.baseId} is of ${parent}, ahead of this clock, ${now}`,
      { details: { snapshotId: state.baseId, parent, now } },
    );
  }
  return Math.max(nowMicros, parentMicros + 1);
}

/** Defaults, then the commit's own; with a solver the number of rebases, as the official engine writes it. */
function commitMetadata(
  state: SessionState,
  run: CommitRun,
  rebases: number,
): Record<string, unknown> {
  const metadata = { ...state.commitMetadata, ...run.metadata };
  if (run.solver === undefined) return metadata;
  const own = metadata["__icechunk"];
  return {
    ...metadata,
    __icechunk: { ...(isPlainObject(own) ? own : {}), rebase_attempts: rebases },
  };
}
