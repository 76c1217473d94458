/**
 * Session: one transaction on one branch, or a read-only view of one version. Pinned to its base
 * snapshot: commits of others are not seen. States and rules: semantics §2.1.
 */
import type { Engine } from "../assets/engine.ts";
import type { AsyncList } from "../base/async-list.ts";
import { makeError } from "../base/errors.ts";
import { checkOptions, describe } from "../base/options.ts";
import {
  type CommitEvent,
  type CommitReport,
  type CommitRun,
  checkMetadata,
  runCommit,
} from "./commit/commit.ts";
import type { ConflictSolver } from "./conflicts/conflict.ts";
import { conflictDetector } from "./conflicts/solvers.ts";
import type { Diff } from "./diff.ts";
import { defineAsyncDispose } from "./dispose.ts";
import { contentOfFork, type ForkSession, forkOf } from "./fork.ts";
import { type MergeInputs, type MergeOptions, mergeInputs } from "./fork-merge.ts";
import type { MergeReport } from "./merge.ts";
import { rebaseOnto } from "./rebase.ts";
import { rememberState } from "./session-access.ts";
import {
  type ChunkCoordinateList,
  type ChunkType,
  chunkTypeAt,
  listChunkCoordinates,
  listVirtualLocations,
  nodeIdAt,
  type QueryOptions,
  statusOf,
} from "./session-queries.ts";
import {
  assertIdle,
  createState,
  discard,
  hasChanges,
  runExclusive,
  type SessionState,
} from "./session-state.ts";
import { Store } from "./store.ts";

/** What a repository opens a session with. */
export interface SessionOptions {
  readonly engine: Engine;
  readonly mode: "readonly" | "writable";
  readonly branch?: string | undefined;
  readonly snapshotId: string;
}

/** Options of `commit`. */
export interface CommitOptions {
  /** JSON values by name; merged over the repository's default commit metadata. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /** With a solver a lost race is rebased and tried again; without one it is a ConflictError. */
  readonly solver?: ConflictSolver | undefined;
  /** How often to try; default 1000. */
  readonly attemptsMax?: number | undefined;
  readonly allowEmpty?: boolean | undefined;
  readonly onProgress?: ((event: CommitEvent) => void) | undefined;
  /** Aborting before the conditional put leaves the session dirty; after it, abort is ignored. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of `amend`. */
export type AmendOptions = Omit<CommitOptions, "solver" | "attemptsMax">;
/** Options of `flush`. */
export type FlushOptions = Pick<CommitOptions, "metadata" | "onProgress" | "signal">;

const ATTEMPTS_MAX = 1000;
const COMMIT_OPTIONS = ["metadata", "solver", "attemptsMax", "allowEmpty", "onProgress", "signal"];

/** A read-only view of a version, or a transaction on a branch. Made by a Repository. */
export class Session {
  /** The session's Zarr store. */
  readonly store: Store<Session>;
  /** `await using` discards at the end of the scope, where the runtime has the symbol. */
  declare readonly [Symbol.asyncDispose]: () => Promise<void>;
  readonly #state: SessionState;
  #lastCommit: CommitReport | undefined;

  /** @internal */
  constructor(state: SessionState) {
    this.#state = state;
    this.store = new Store<Session>(this, state);
    rememberState(this, state);
  }

  /** `readonly` also after a commit. */
  get mode(): "readonly" | "writable" | "rearrange" {
    return this.#state.mode;
  }
  /** The branch it commits to; `undefined` for read-only sessions. */
  get branch(): string | undefined {
    return this.#state.mode === "writable" ? this.#state.branch : undefined;
  }
  /** The base; after a commit the new snapshot. */
  get snapshotId(): string {
    return this.#state.baseId;
  }
  /** Whether there is anything to commit. */
  get hasUncommittedChanges(): boolean {
    return hasChanges(this.#state.own);
  }
  /** Whether writes are refused. */
  get readOnly(): boolean {
    return this.#state.mode !== "writable";
  }
  /** The repository's effective configuration. */
  get config(): Engine["config"] {
    return this.#state.engine.config;
  }
  /** What the last successful commit, amend or flush did. */
  get lastCommit(): CommitReport | undefined {
    return this.#lastCommit;
  }

  /**
   * Makes all changes visible on the branch at once; resolves to the new snapshot's id. Without a
   * solver a lost race throws ConflictError (`commit-conflict`) and the session stays dirty.
   * Waits for writes already called; writes called meanwhile are refused (`session-busy`).
   * Cost: one PUT per changed manifest, two for snapshot and log, then GET, backup and PUT of `repo`.
   * @throws {no-changes-to-commit|commit-not-allowed|commit-conflict|rebase-failed|branch-not-found}
   * @throws {unknown-outcome} the put was sent and its fate can't be learnt
   */
  async commit(message: string, options?: CommitOptions): Promise<string> {
    checkOptions("commit", options, COMMIT_OPTIONS);
    return this.#run("commit", message, options);
  }

  /**
   * Like `commit`, but the new snapshot replaces the branch's tip: its parent is the tip's parent.
   * @throws {no-amend-for-initial-commit|commit-conflict|no-changes-to-commit|commit-not-allowed}
   */
  async amend(message: string, options?: AmendOptions): Promise<string> {
    checkOptions("amend", options, ["metadata", "allowEmpty", "onProgress", "signal"]);
    return this.#run("amend", message, options);
  }

  /**
   * Writes the changes as a snapshot that no branch points to; resolves to its id. Collected as
   * garbage later unless a branch or tag is put on it.
   */
  async flush(message: string, options?: FlushOptions): Promise<string> {
    checkOptions("flush", options, ["metadata", "onProgress", "signal"]);
    return this.#run("flush", message, options);
  }

  async #run(
    mode: CommitRun["mode"],
    message: string,
    options: CommitOptions | undefined,
  ): Promise<string> {
    const { signal, solver, metadata, onProgress } = options ?? {};
    signal?.throwIfAborted();
    checkMessage(mode, message);
    checkMetadata(mode, metadata);
    const attemptsMax = checkAttempts(mode, options?.attemptsMax);
    assertIdle(this.#state, mode);
    if (this.#state.mode !== "writable") {
      const why = this.#state.finished ? "it is committed already" : "it is read-only";
      throw makeError("commit-not-allowed", `${mode}: the session takes no commit, ${why}`, {
        details: { operation: mode, snapshotId: this.#state.baseId },
      });
    }
    const allowEmpty = options?.allowEmpty ?? false;
    const run: CommitRun = {
      mode,
      message,
      metadata,
      solver,
      attemptsMax,
      allowEmpty,
      onProgress,
      signal,
    };
    this.#lastCommit = await runExclusive(this.#state, mode, () => runCommit(this.#state, run));
    return this.#lastCommit.snapshotId;
  }

  /** Drops all changes, writes in flight included. Chunks already stored become garbage. */
  discardChanges(): void {
    if (this.readOnly) {
      throw makeError("read-only-session", "discardChanges: the session is read-only");
    }
    assertIdle(this.#state, "discardChanges");
    discard(this.#state);
  }

  /**
   * Moves the changes onto the branch's tip. Default solver: `conflictDetector()`, which refuses
   * every conflict. A failure changes nothing.
   * @throws {rebase-failed|base-not-in-ancestry|rebase-tx-log-pruned|commit-not-allowed}
   */
  async rebase(solver?: ConflictSolver, options?: QueryOptions): Promise<void> {
    checkOptions("rebase", options, ["signal"]);
    if (this.readOnly) {
      throw makeError("commit-not-allowed", "rebase: the session is read-only");
    }
    await runExclusive(this.#state, "rebase", () =>
      rebaseOnto(this.#state, solver ?? conflictDetector(), options?.signal),
    );
  }

  /** What the session has changed against its base. */
  status(options?: QueryOptions): Promise<Diff> {
    return statusOf(this.#state, options);
  }

  /**
   * A writable copy for one worker: synchronous, no I/O, also with uncommitted changes, which it
   * sees. Writes whose promise has not resolved are not in it.
   * @throws {cannot-fork-read-only-session|session-busy}
   */
  fork(): ForkSession {
    return forkOf(this.#state);
  }

  /**
   * Merges forks, or their bytes, into the session; all or none, in the given order. A fork that
   * was merged before, or has grown since, is harmless.
   * Cost: no I/O but one HEAD per fork with native chunks.
   * @throws {merge-overlap} both sides wrote a chunk, and `onOverlap` is `error`
   * @throws {merge-failed|fork-base-mismatch|invalid-fork-bytes|merge-not-allowed}
   */
  merge(inputs: MergeInputs<ForkSession>, options?: MergeOptions): Promise<MergeReport> {
    return mergeInputs(this.#state, inputs, options, contentOfFork);
  }

  /** Coordinates of every existing chunk of an array. */
  chunkCoordinates(path: string, options?: QueryOptions): ChunkCoordinateList {
    return listChunkCoordinates(this.#state, path, options);
  }

  /** How a chunk is stored. One GET at most. */
  chunkType(
    path: string,
    coordinates: readonly number[],
    options?: QueryOptions,
  ): Promise<ChunkType> {
    return chunkTypeAt(this.#state, path, coordinates, options);
  }

  /** URLs of all virtual chunks, duplicates included. */
  allVirtualChunkLocations(options?: QueryOptions): AsyncList<string> {
    return listVirtualLocations(this.#state, options);
  }

  /** The id of the node at `path`: stable over updates, new after delete and create. */
  getNodeId(path: string, options?: QueryOptions): Promise<string> {
    return nodeIdAt(this.#state, path, options);
  }

  /** Moves of nodes and chunks are not built yet. */
  async moveNode(_from: string, _to: string): Promise<never> {
    throw makeError("unimplemented", "moveNode: moves are not built yet");
  }
  /** Moves of nodes and chunks are not built yet. */
  async shiftArray(_path: string, _chunkOffset: readonly number[]): Promise<never> {
    throw makeError("unimplemented", "shiftArray: moves of chunks are not built yet");
  }
  /** Moves of nodes and chunks are not built yet. */
  async reindexArray(_path: string, _forward: unknown): Promise<never> {
    throw makeError("unimplemented", "reindexArray: moves of chunks are not built yet");
  }
}

function checkMessage(operation: string, message: unknown): void {
  if (typeof message === "string") return;
  throw makeError(
    "invalid-option",
    `${operation}: the message must be a string, got ${describe(message)}`,
    {
      details: { option: "message" },
    },
  );
}

function checkAttempts(operation: string, attemptsMax: number | undefined): number {
  if (attemptsMax === undefined) return ATTEMPTS_MAX;
  if (Number.isSafeInteger(attemptsMax) && attemptsMax >= 1) return attemptsMax;
  throw makeError(
    "invalid-option",
    `${operation}: attemptsMax must be a positive integer, got ${describe(attemptsMax)}`,
    { details: { option: "attemptsMax", found: attemptsMax } },
  );
}

/** Opens a session; no I/O. */
export function openSession({ engine, mode, branch, snapshotId }: SessionOptions): Session {
  return new Session(createState({ engine, kind: "session", mode, branch, baseId: snapshotId }));
}

defineAsyncDispose(Session.prototype);
