/**
 * Session: one transaction on one branch, or a read-only view of one version. Pinned to its base
 * snapshot: commits of others are not seen. Spec: docs/semantics.md "Session states".
 */

import type { Engine } from "../assets/engine.ts";
import type { AsyncList } from "../base/async-list.ts";
import { lazyPart } from "../base/lazy-part.ts";
import { showAsText } from "../base/show-as-text.ts";
import type { ResolvedConfig } from "../format/config/config.ts";
import type { AmendOptions, CommitOptions, FlushOptions } from "./commit/options.ts";
import type { CommitReport } from "./commit/report.ts";
import { defineAsyncDispose } from "./dispose.ts";
import { ForkSession } from "./fork-session.ts";
import type { MergeInputs, MergeOptions } from "./merge/inputs.ts";
import type { MergeReport } from "./merge/report.ts";
import type { ConflictSolver } from "./rebase/conflict.ts";
import { rememberState } from "./state/access.ts";
import { describeState, readOnlyError } from "./state/describe.ts";
import { createState, hasChanges, type SessionState } from "./state/state.ts";
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

const loadWriteHalf = /* @__PURE__ */ lazyPart(() => import("./write-half.ts"));

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
  constructor(state: SessionState, half?: WriteHalf) {
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
  get config(): ResolvedConfig {
    return this.#state.engine.config;
  }
  /** What the last successful commit, amend or flush did. */
  get lastCommit(): CommitReport | undefined {
    return this.#lastCommit;
  }

  /** Mode, branch, snapshot, and whether there are changes: what consoles print. */
  toString(): string {
    return `<icefloe.Session ${describeState(this.#state)}>`;
  }

  /**
   * Makes all changes visible on the branch at once; resolves to the new snapshot's id. After an
   * error the session is as it was, dirty and usable.
   * Waits for writes already called, and all steps of a `writeRegion` or `toZarr`; writes called
   * meanwhile are refused (`session-busy`).
   * Cost: a PUT per changed manifest, two for snapshot and log; then GET, backup, PUT of `repo`.
   * @throws {no-changes-to-commit} nothing was written, and no `allowEmpty`
   * @throws {commit-not-allowed} read-only or committed; or changed since an earlier commit, of
   *   unknown outcome, had landed
   * @throws {session-busy} a commit, merge, rebase or `parallelWrite` is running
   * @throws {commit-conflict} another writer was faster, and no solver or no attempt is left
   * @throws {rebase-failed} conflicts that the solver did not accept
   * @throws {base-not-in-ancestry} with a solver: the branch was reset or amended past the base
   * @throws {rebase-tx-log-pruned} with a solver: history that the rebase needs is gone
   * @throws {branch-not-found} the branch was deleted
   * @throws {read-only-repository} the repository's status has become read-only
   * @throws {update-attempts-exhausted} too many lost races for `repo`
   * @throws {snapshot-timestamp} the base or the newest update is over 600 s ahead of this clock
   * @throws {unknown-outcome} the put was sent, and whether it landed can't be learnt
   */
  commit(message: string, options?: CommitOptions): Promise<string> {
    return this.#run("commit", message, options);
  }

  /**
   * Like `commit`, but the new snapshot replaces the branch's tip: its parent is the tip's parent.
   * @throws {no-amend-for-initial-commit} the tip is the repository's first snapshot
   * @throws {no-changes-to-commit} nothing was written, and no `allowEmpty`
   * @throws {commit-not-allowed} as for `commit`
   * @throws {session-busy} a commit, merge, rebase or `parallelWrite` is running
   * @throws {commit-conflict} another writer was faster
   * @throws {branch-not-found} the branch was deleted
   * @throws {object-not-found} the transaction log of the tip is gone
   * @throws {rearrange-session-only} the tip moved nodes
   * @throws {read-only-repository} the repository's status has become read-only
   * @throws {update-attempts-exhausted} too many lost races for `repo`
   * @throws {snapshot-timestamp} the base or the newest update is over 600 s ahead of this clock
   * @throws {unknown-outcome} the put was sent, and whether it landed can't be learnt
   */
  amend(message: string, options?: AmendOptions): Promise<string> {
    return this.#run("amend", message, options);
  }

  /**
   * Writes the changes as a snapshot that no branch points to; resolves to its id. It is garbage
   * unless a branch or tag is put on it.
   * @throws {commit-not-allowed} as for `commit`
   * @throws {session-busy} a commit, merge, rebase or `parallelWrite` is running
   * @throws {snapshot-not-found} the base is no longer in the repository
   * @throws {read-only-repository} the repository's status has become read-only
   * @throws {update-attempts-exhausted} too many lost races for `repo`
   * @throws {snapshot-timestamp} the base or the newest update is over 600 s ahead of this clock
   * @throws {unknown-outcome} the put was sent, and whether it landed can't be learnt
   */
  flush(message: string, options?: FlushOptions): Promise<string> {
    return this.#run("flush", message, options);
  }

  async #run(
    mode: "commit" | "amend" | "flush",
    message: string,
    options: CommitOptions | undefined,
  ): Promise<string> {
    if (this.#half === undefined) throw readOnlyError("commit-not-allowed", mode, this.#state);
    this.#lastCommit = await this.#half.runCommit(this.#state, mode, message, options);
    return this.#lastCommit.snapshotId;
  }

  /**
   * Drops all changes, writes in flight included. Chunks already stored become garbage.
   * @throws {read-only-session} read-only or committed
   * @throws {session-busy} a commit, merge or rebase is running
   */
  discardChanges(): void {
    const half = this.#half;
    if (half === undefined) throw readOnlyError("read-only-session", "discardChanges", this.#state);
    half.admitWrite(this.#state, "discardChanges", undefined);
    half.discardChanges(this.#state);
  }

  /**
   * Moves the changes onto the branch's tip. Default solver: `conflictDetector()`, which refuses
   * every conflict. A failure changes nothing.
   * @throws {rebase-failed} conflicts that the solver did not accept
   * @throws {base-not-in-ancestry} the branch was reset or amended past the base
   * @throws {rebase-tx-log-pruned} history that the rebase needs is gone
   * @throws {commit-not-allowed} read-only or committed; or an earlier commit had landed
   * @throws {session-busy} a commit, merge, rebase or `parallelWrite` is running
   */
  async rebase(solver?: ConflictSolver, options?: QueryOptions): Promise<void> {
    if (this.#half === undefined) throw readOnlyError("commit-not-allowed", "rebase", this.#state);
    await this.#half.runRebase(this.#state, solver, options);
  }

  /** What the session has changed since its base. */
  status(options?: QueryOptions): Promise<Diff> {
    return statusOf(this.#state, options);
  }

  /**
   * A writable copy for one worker: synchronous, no I/O, also with uncommitted changes, which it
   * sees. Writes whose promise has not resolved are not in it.
   * @throws {cannot-fork-read-only-session} read-only or committed
   * @throws {session-busy} a commit, merge or rebase is running
   */
  fork(): ForkSession {
    const half = this.#half;
    if (half === undefined)
      throw readOnlyError("cannot-fork-read-only-session", "fork", this.#state);
    return new ForkSession(half.stateOfFork(this.#state), half);
  }

  /**
   * Merges forks, or their bytes, into the session; all or none, in the given order. A fork that
   * was merged before, or has grown since, is harmless.
   * Cost: no I/O but one HEAD per fork with native chunks.
   * @throws {merge-overlap} both sides wrote a chunk, and `onOverlap` is `error`
   * @throws {merge-failed} both sides changed a node, or one of them what the other's chunks mean
   * @throws {fork-base-mismatch} a fork of another session, base or repository
   * @throws {invalid-fork-bytes} damaged, of an unknown version, or what no fork can have made
   * @throws {merge-not-allowed} the session is read-only or committed, or an input is not a fork
   * @throws {writes-in-flight} writes that were called in a fork have not ended
   * @throws {session-busy} a commit or rebase is running, or a merge in one of the forks
   */
  async merge(inputs: MergeInputs<ForkSession>, options?: MergeOptions): Promise<MergeReport> {
    if (this.#half === undefined) throw readOnlyError("merge-not-allowed", "merge", this.#state);
    return this.#half.mergeInputs(this.#state, inputs, options);
  }

  /**
   * Coordinates of every existing chunk of an array.
   * @throws {invalid-path} @throws {node-not-found} @throws {not-an-array}
   */
  chunkCoordinates(path: string, options?: QueryOptions): ChunkCoordinateList {
    return listChunkCoordinates(this.#state, path, options);
  }

  /**
   * How a chunk is stored. One GET at most, of a large manifest a few of its parts.
   * @throws {invalid-path} @throws {node-not-found} @throws {not-an-array}
   * @throws {invalid-chunk-index} not one whole number per dimension; outside the grid is fine
   */
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

  /**
   * The id of the node at `path`: stable over updates, new after delete and create.
   * @throws {invalid-path} @throws {node-not-found}
   */
  getNodeId(path: string, options?: QueryOptions): Promise<string> {
    return nodeIdAt(this.#state, path, options);
  }
}

showAsText(Session.prototype);

/** Opens a read-only session; no I/O. */
export function openReadonlySession({ engine, snapshotId }: SessionOptions): Session {
  const state = createState({ engine, kind: "session", mode: "readonly", baseId: snapshotId });
  return new Session(state);
}

/** Opens a writable session, with the code that only those need. No request. */
export async function openWritableSession(
  options: SessionOptions & { readonly branch: string },
): Promise<Session> {
  const { WRITE_HALF: half } = loadWriteHalf.loaded ?? (await loadWriteHalf());
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
