/**
 * Session: one transaction on one branch, or a read-only view of one version. Pinned to its base
 * snapshot: commits of others are not seen. Spec: docs/semantics.md "Session states".
 */
import type { Engine } from "../assets/engine.ts";
import type { AsyncList } from "../base/async-list.ts";
import { makeError } from "../base/errors.ts";
import { checkOptions, SIGNAL } from "../base/options.ts";
import type { CommitRun } from "./commit/commit.ts";
import {
  type AmendOptions,
  type CommitOptions,
  checkCommitOptions,
  checkSolver,
  type FlushOptions,
} from "./commit/options.ts";
import type { CommitReport } from "./commit/report.ts";
import { defineAsyncDispose } from "./dispose.ts";
import { ForkSession } from "./fork-session.ts";
import type { MergeInputs, MergeOptions } from "./merge/inputs.ts";
import type { MergeReport } from "./merge/report.ts";
import type { ConflictSolver } from "./rebase/conflict.ts";
import { conflictDetector } from "./rebase/solvers.ts";
import { rememberState } from "./state/access.ts";
import {
  assertIdle,
  createState,
  discard,
  hasChanges,
  runExclusive,
  type SessionState,
} from "./state/state.ts";
import { Store } from "./store.ts";
import type { Diff } from "./view/diff.ts";
import {
  type ChunkCoordinateList,
  type ChunkType,
  chunkTypeAt,
  listChunkCoordinates,
  listVirtualLocations,
  nodeIdAt,
  type QueryOptions,
  statusOf,
} from "./view/queries.ts";
import type { WriteHalf } from "./write-half.ts";

/** What a repository opens a session with. */
interface SessionOptions {
  readonly engine: Engine;
  readonly snapshotId: string;
}

/** A read-only view of a version, or a transaction on a branch. Made by a Repository. */
export class Session {
  /** The session's Zarr store. */
  readonly store: Store<Session>;
  /** `await using` discards at the end of the scope, where the runtime has the symbol. */
  declare readonly [Symbol.asyncDispose]: () => Promise<void>;
  readonly #state: SessionState;
  /** The code that writes; read-only sessions have none. */
  readonly #half: WriteHalf | undefined;
  #lastCommit: CommitReport | undefined;

  /** @internal */
  constructor(state: SessionState, half: WriteHalf | undefined) {
    this.#state = state;
    this.#half = half;
    this.store = new Store<Session>(this, state, half);
    rememberState(this, state);
    defineAsyncDispose(this);
  }

  /** `readonly` also after a commit. */
  get mode(): "readonly" | "writable" {
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
    return this.#run("commit", message, options);
  }

  /**
   * Like `commit`, but the new snapshot replaces the branch's tip: its parent is the tip's parent.
   * @throws {no-amend-for-initial-commit|commit-conflict|no-changes-to-commit|commit-not-allowed}
   */
  async amend(message: string, options?: AmendOptions): Promise<string> {
    return this.#run("amend", message, options);
  }

  /**
   * Writes the changes as a snapshot that no branch points to; resolves to its id. Collected as
   * garbage later unless a branch or tag is put on it.
   */
  async flush(message: string, options?: FlushOptions): Promise<string> {
    return this.#run("flush", message, options);
  }

  async #run(
    mode: CommitRun["mode"],
    message: string,
    options: CommitOptions | undefined,
  ): Promise<string> {
    const run = { mode, ...checkCommitOptions(mode, message, options) };
    run.signal?.throwIfAborted();
    assertIdle(this.#state, mode);
    const half = this.#half;
    if (this.#state.mode !== "writable" || half === undefined) {
      const why = this.#state.finished ? "it is committed already" : "it is read-only";
      throw makeError("commit-not-allowed", `${mode}: the session takes no commit, ${why}`, {
        details: { operation: mode, snapshotId: this.#state.baseId },
      });
    }
    const work = (): Promise<CommitReport> => half.runCommit(this.#state, run);
    this.#lastCommit = await runExclusive(this.#state, mode, work, run.signal);
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
    checkSolver("rebase", solver);
    checkOptions("rebase", options, SIGNAL);
    const signal = options?.signal;
    signal?.throwIfAborted();
    if (this.readOnly) {
      throw makeError("commit-not-allowed", "rebase: the session is read-only");
    }
    const rebase = async (): Promise<void> => {
      const { rebaseOnto } = await import("./rebase/rebase.ts");
      await rebaseOnto(this.#state, solver ?? conflictDetector(), signal);
    };
    await runExclusive(this.#state, "rebase", rebase, signal);
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
    const half = this.#half;
    if (half === undefined) {
      throw makeError("cannot-fork-read-only-session", "fork: the session is read-only", {
        details: { snapshotId: this.#state.baseId },
      });
    }
    return new ForkSession(half.stateOfFork(this.#state), half);
  }

  /**
   * Merges forks, or their bytes, into the session; all or none, in the given order. A fork that
   * was merged before, or has grown since, is harmless.
   * Cost: no I/O but one HEAD per fork with native chunks.
   * @throws {merge-overlap} both sides wrote a chunk, and `onOverlap` is `error`
   * @throws {merge-failed|fork-base-mismatch|invalid-fork-bytes|merge-not-allowed}
   */
  async merge(inputs: MergeInputs<ForkSession>, options?: MergeOptions): Promise<MergeReport> {
    const half = this.#half;
    if (half === undefined) {
      throw makeError("merge-not-allowed", "merge: the session is read-only", {
        details: { snapshotId: this.#state.baseId },
      });
    }
    return half.mergeInputs(this.#state, inputs, options);
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
}

/** Opens a read-only session; no I/O. */
export function openReadonlySession({ engine, snapshotId }: SessionOptions): Session {
  const state = createState({ engine, kind: "session", mode: "readonly", baseId: snapshotId });
  return new Session(state, undefined);
}

/** Opens a writable session, with the code that only those need. No request. */
export async function openWritableSession(
  options: SessionOptions & { readonly branch: string },
): Promise<Session> {
  const { WRITE_HALF: half } = await import("./write-half.ts");
  const { engine, branch, snapshotId } = options;
  const state = createState({
    engine,
    kind: "session",
    mode: "writable",
    branch,
    baseId: snapshotId,
  });
  return new Session(state, half);
}
