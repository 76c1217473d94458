/**
 * ForkSession: a writable copy of a session for one worker, to be merged back. A fork is a value:
 * base snapshot, the parent's uncommitted changes (read-only), its own changes. Making one costs
 * no I/O; its bytes survive any channel and hold no secrets.
 */

import { checkEngineOptions, type EngineOptions } from "../assets/engine.ts";
import { makeError } from "../base/errors.ts";
import { lazyPart } from "../base/lazy-part.ts";
import { anything, checkOptions, oneOf } from "../base/options.ts";
import { showAsText } from "../base/show-as-text.ts";
import type { ResolvedConfig } from "../format/config/config.ts";
import type { Storage, StorageHint } from "../storage/port.ts";
import { defineAsyncDispose } from "./dispose.ts";
import type { MergeInputs, MergeOptions } from "./merge/inputs.ts";
import type { MergeReport } from "./merge/report.ts";
import { rememberState } from "./state/access.ts";
import { describeState } from "./state/describe.ts";
import { hasOwnChanges, type SessionState } from "./state/state.ts";
import { Store } from "./store.ts";
import type { Diff } from "./view/diff.ts";
import {
  type ChunkCoordinateList,
  type ChunkType,
  chunkTypeAt,
  listChunkCoordinates,
  nodeIdAt,
  type QueryOptions,
  statusOf,
} from "./view/queries.ts";
import type { WriteHalf } from "./write-half.ts";

const loadWriteHalf = /* @__PURE__ */ lazyPart(() => import("./write-half.ts"));

/** How a fork is opened where it arrives. */
export interface FromBytesOptions extends EngineOptions {
  readonly storage: Storage;
  readonly signal?: AbortSignal | undefined;
}

/** Options of `toBytes`. */
export interface ToBytesOptions {
  /**
   * `carry` (default): the bytes can be opened anywhere. `omit`: without the parent's uncommitted
   * changes, for results on their way back to the parent, who has them: such bytes can be merged
   * but not opened.
   */
  readonly overlay?: "carry" | "omit" | undefined;
}

/** A session that can be sent away, written to, sent back and merged; it can't commit. */
export class ForkSession {
  /** The fork's Zarr store. */
  readonly store: Store<ForkSession>;
  /** `await using` discards at the end of the scope, where the runtime has the symbol. */
  declare readonly [Symbol.asyncDispose]: () => Promise<void>;
  readonly #state: SessionState;
  readonly #half: WriteHalf;

  /** @internal */
  constructor(state: SessionState, half: WriteHalf) {
    this.#state = state;
    this.#half = half;
    this.store = new Store<ForkSession>(this, state, half);
    rememberState(this, state);
    defineAsyncDispose(this);
  }

  /** Always `writable`. */
  get mode(): "writable" {
    return "writable";
  }
  /** The snapshot that the fork rests on. */
  get snapshotId(): string {
    return this.#state.baseId;
  }
  /** Always false. */
  get readOnly(): boolean {
    return false;
  }
  /** Whether the fork itself has changed anything; the parent's changes do not count. */
  get hasUncommittedChanges(): boolean {
    return hasOwnChanges(this.#state);
  }
  /** The repository's effective configuration. */
  get config(): ResolvedConfig {
    return this.#state.engine.config;
  }
  /** How to rebuild the fork's storage elsewhere, without secrets; `undefined` if it can't be shared. */
  get storageHint(): StorageHint | undefined {
    return this.#state.engine.storage.describe();
  }

  /** Snapshot, and whether there are changes: what consoles print. */
  toString(): string {
    return `<icefloe.ForkSession ${describeState(this.#state)}>`;
  }

  /** A fork to merge into this one, or after it into its parent. No I/O. @throws {session-busy} */
  fork(): ForkSession {
    return new ForkSession(this.#half.stateOfFork(this.#state), this.#half);
  }

  /**
   * Merges other forks into this one; all or none. Cost: no I/O but one HEAD per fork with native
   * chunks.
   * @throws {merge-overlap} both sides wrote a chunk, and `onOverlap` is `error`
   * @throws {merge-failed} both sides changed a node, or one of them what the other's chunks mean
   * @throws {fork-base-mismatch} a fork of another session, base or repository
   * @throws {invalid-fork-bytes} damaged, of an unknown version, or what no fork can have made
   * @throws {merge-not-allowed} an input is this fork itself, or not a fork
   * @throws {writes-in-flight} writes that were called in a fork to be merged have not ended
   * @throws {session-busy} a merge is running in a fork that is to be merged
   */
  merge(inputs: MergeInputs<ForkSession>, options?: MergeOptions): Promise<MergeReport> {
    return this.#half.mergeInputs(this.#state, inputs, options);
  }

  /**
   * The fork as bytes: magic, format version, checksum; no secrets, no storage. Without later
   * writes.
   * @throws {writes-in-flight} writes that were called have not ended
   * @throws {session-busy} a merge is running
   */
  toBytes(options?: ToBytesOptions): Uint8Array {
    checkOptions("toBytes", options, { overlay: oneOf(["carry", "omit"]) });
    return this.#half.bytesOfFork(this.#state, options?.overlay ?? "carry");
  }

  /**
   * Opens fork bytes where they arrive; a new instance with an identity of its own. One GET of the
   * configuration, one of the base snapshot.
   * @throws {invalid-fork-bytes} damaged bytes, what no fork can have made, or made with
   *   `overlay: "omit"`
   * @throws {fork-base-mismatch} the storage does not hold the fork's base
   * @throws {repository-not-found} nothing is there
   * @throws {invalid-file-format} something else is there, or `repo` is damaged
   * @throws {unsupported-spec-version} written by a newer version of the format
   * @throws {config-deserialization} the persisted configuration is damaged
   * @throws {invalid-config} `config` names an unknown key or a wrong value
   * @throws {unimplemented} a repository of spec 1
   */
  static async fromBytes(bytes: Uint8Array, options: FromBytesOptions): Promise<ForkSession> {
    const storage = options?.storage;
    const checked = await checkEngineOptions("fromBytes", storage, options, { storage: anything });
    const { WRITE_HALF: half } = await loadWriteHalf();
    return new ForkSession(await half.stateFromBytes(bytes, storage, checked), half);
  }

  /** What the fork and its parent's uncommitted changes have changed since the base. */
  status(options?: QueryOptions): Promise<Diff> {
    return statusOf(this.#state, options);
  }

  /**
   * Drops the fork's own changes, writes in flight included; the parent's stay visible.
   * @throws {session-busy} a merge is running
   */
  discardChanges(): void {
    this.#half.discardChanges(this.#state);
  }

  /**
   * Coordinates of every existing chunk of an array.
   * @throws {invalid-path} @throws {node-not-found} @throws {not-an-array}
   */
  chunkCoordinates(path: string, options?: QueryOptions): ChunkCoordinateList {
    return listChunkCoordinates(this.#state, path, options);
  }

  /**
   * How a chunk is stored.
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

  /** The id of the node at `path`. @throws {invalid-path} @throws {node-not-found} */
  getNodeId(path: string, options?: QueryOptions): Promise<string> {
    return nodeIdAt(this.#state, path, options);
  }

  /** Refused: a fork is merged into its session. @throws {commit-not-allowed} */
  async commit(): Promise<never> {
    throw forkCannot("commit");
  }
  /** Refused: a fork is merged into its session. @throws {commit-not-allowed} */
  async amend(): Promise<never> {
    throw forkCannot("amend");
  }
  /** Refused: a fork is merged into its session. @throws {commit-not-allowed} */
  async flush(): Promise<never> {
    throw forkCannot("flush");
  }
  /** Refused: a fork is merged into its session. @throws {commit-not-allowed} */
  async rebase(): Promise<never> {
    throw forkCannot("rebase");
  }
}

showAsText(ForkSession.prototype);

function forkCannot(operation: string): Error {
  return makeError("commit-not-allowed", `a fork can't ${operation}: merge it into its session`, {
    details: { operation },
  });
}
