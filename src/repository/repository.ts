/**
 * Repository: what users open. Branches, tags, history, and sessions on them.
 *
 * Nothing about the repository is pinned when it is opened: every operation asks for the newest
 * state by one conditional GET, which concurrent calls share. Spec: docs/semantics.md
 * "Repositories".
 */

import { ancestorsOf, isInAncestry, mustGetRepoSnapshot } from "../assets/ancestry.ts";
import type { Engine } from "../assets/engine.ts";
import { assertCanUpdate, assertStatusAllowsUpdates } from "../assets/repo-object.ts";
import { type AsyncList, asyncList } from "../base/async-list.ts";
import { makeError } from "../base/errors.ts";
import { lazyPart } from "../base/lazy-part.ts";
import { anything, SIGNAL } from "../base/options.ts";
import { showAsText } from "../base/show-as-text.ts";
import type { RepositoryConfig, ResolvedConfig } from "../format/config/config.ts";
import { parseSnapshotId } from "../format/ids.ts";
import { copyCommitMetadata } from "../session/commit/metadata.ts";
import { openReadonlySession, openWritableSession, type Session } from "../session/session.ts";
import type { Diff } from "../session/view/diff.ts";
import type { Storage } from "../storage/port.ts";
import { type AncestryGraph, graphOf } from "./ancestry-graph.ts";
import { branchNames, mustGetBranch } from "./branches.ts";
import { type ReopenOptions, reopenEngine, saveConfig } from "./configuration.ts";
import { listManifestFiles, type ManifestFile } from "./manifest-files.ts";
import { fetchConfig, fetchSpecVersion, openExisting, openOrCreateEngine } from "./open.ts";
import type { CreateOptions, RepositoryOptions } from "./repository-options.ts";
import { type SignalOption, takeSignal } from "./signal-option.ts";
import { describeSnapshot, type SnapshotInfo } from "./snapshot-info.ts";
import { mustGetTag, tagNames } from "./tags.ts";
import { checkTransactionOptions, runTransaction, type TransactionOptions } from "./transaction.ts";
import { parseVersionRef, resolveVersion, type VersionRef } from "./version-ref.ts";

const loadCreate = /* @__PURE__ */ lazyPart(() => import("./create.ts"));
const loadDiffVersions = /* @__PURE__ */ lazyPart(() => import("./diff-versions.ts"));
const loadRefChanges = /* @__PURE__ */ lazyPart(() => import("./ref-changes.ts"));

/** Options of `writableSession`. */
export interface WritableSessionOptions extends SignalOption {
  /**
   * An older snapshot of the branch to start from, to take up forks saved from it. The commit
   * then loses its race and needs a solver.
   */
  readonly base?: string | undefined;
}

/** Options of `resetBranch`. */
export interface ResetBranchOptions extends SignalOption {
  /** Refuses the reset (`branch-update-conflict`) unless this is the branch's tip. */
  readonly from?: string | undefined;
}

/**
 * An Icechunk repository: versions of a Zarr hierarchy, with branches and tags. Whatever changes it
 * (branches, tags, `saveConfig`) may also fail with `read-only-repository`, `read-only-storage`,
 * `condition-not-supported`, `update-attempts-exhausted`, `snapshot-timestamp`, `unknown-outcome`.
 * An empty name is refused everywhere (`invalid-ref-name`).
 */
export class Repository {
  readonly #engine: Engine;
  #defaultCommitMetadata: Readonly<Record<string, unknown>>;

  private constructor(engine: Engine, defaultCommitMetadata: Readonly<Record<string, unknown>>) {
    this.#engine = engine;
    this.#defaultCommitMetadata = defaultCommitMetadata;
  }

  /**
   * Creates a repository with one empty snapshot on branch `main`. About six requests.
   * @throws {parent-directory-not-clean} a repository, or something else, is there
   * @throws {repo-info-updated} another creator was faster
   * @throws {read-only-storage} @throws {condition-not-supported} @throws {unknown-outcome}
   * @throws {invalid-config} `config` names an unknown key or a wrong value
   * @throws {unimplemented} `specVersion: 1`; an option or key of `config` without effect
   * @throws {unsupported-spec-version} any but 1 and 2
   */
  static async create(storage: Storage, options?: CreateOptions): Promise<Repository> {
    const defaults = defaultsOf("create", options);
    const { createEngine } = await loadCreate();
    return new Repository(await createEngine(storage, options), defaults);
  }

  /**
   * Opens a repository. One GET.
   * @throws {repository-not-found} nothing is there
   * @throws {invalid-file-format} something else is there, or `repo` is damaged
   * @throws {unsupported-spec-version} written by a newer version of the format
   * @throws {config-deserialization} the persisted configuration is damaged
   * @throws {invalid-config} `config` names an unknown key or a wrong value
   * @throws {unimplemented} a repository of spec 1; an option or key of `config` without effect
   */
  static async open(storage: Storage, options?: RepositoryOptions): Promise<Repository> {
    const defaults = defaultsOf("open", options);
    return new Repository(await openExisting(storage, options), defaults);
  }

  /**
   * Opens the repository, or creates it; fails as these do. Safe to call from several processes at
   * once: losing the race to create is not an error.
   */
  static async openOrCreate(storage: Storage, options?: CreateOptions): Promise<Repository> {
    const defaults = defaultsOf("openOrCreate", options);
    return new Repository(await openOrCreateEngine(storage, options), defaults);
  }

  /**
   * Whether a repository, of any spec, is there. Creates nothing.
   * @throws {invalid-file-format} `repo` is damaged or not Icechunk's
   * @throws {unsupported-spec-version}
   */
  static async exists(storage: Storage, options?: SignalOption): Promise<boolean> {
    return (await fetchSpecVersion(storage, takeSignal("exists", options))) !== undefined;
  }

  /** 1 or 2; `undefined` if there is no repository. Fails as `exists` does. */
  static async fetchSpecVersion(
    storage: Storage,
    options?: SignalOption,
  ): Promise<number | undefined> {
    return fetchSpecVersion(storage, takeSignal("fetchSpecVersion", options));
  }

  /**
   * The persisted configuration; `undefined` if there is none.
   * @throws {repository-not-found} @throws {config-deserialization}
   * @throws {unimplemented} a repository of spec 1
   */
  static async fetchConfig(
    storage: Storage,
    options?: SignalOption,
  ): Promise<RepositoryConfig | undefined> {
    return fetchConfig(storage, takeSignal("fetchConfig", options));
  }

  /** Where the repository's objects are. */
  get storage(): Storage {
    return this.#engine.storage;
  }

  /** The effective configuration: what was passed, over what is persisted, over the defaults. */
  get config(): ResolvedConfig {
    return this.#engine.config;
  }

  /** Version of the format. */
  get specVersion(): 1 | 2 {
    return 2;
  }

  /** Where it is and of which format; what consoles print. No I/O. */
  toString(): string {
    return `<icefloe.Repository ${this.storage.id}, spec ${this.specVersion}>`;
  }

  /**
   * JSON values by name that every commit of sessions made from now on carries. A copy.
   * @throws {invalid-option} when set: values that JSON cannot hold
   */
  get defaultCommitMetadata(): Record<string, unknown> {
    return copyCommitMetadata("defaultCommitMetadata", METADATA, this.#defaultCommitMetadata);
  }

  set defaultCommitMetadata(metadata: Readonly<Record<string, unknown>>) {
    this.#defaultCommitMetadata = copyCommitMetadata("defaultCommitMetadata", METADATA, metadata);
  }

  /**
   * Another Repository over the same storage, with `config` merged over the present configuration.
   * State and caches are shared, unless their limits are among what changes. No I/O.
   * @throws {invalid-config}
   * @throws {unimplemented} an option or key of `config` without effect
   */
  async reopen(options?: ReopenOptions): Promise<Repository> {
    return new Repository(await reopenEngine(this.#engine, options), this.#defaultCommitMetadata);
  }

  /** Persists the effective configuration for everyone; the last save wins. @throws {config-deserialization} */
  async saveConfig(options?: SignalOption): Promise<void> {
    return saveConfig(this.#engine, takeSignal("saveConfig", options));
  }

  /**
   * A session that reads one version, and never anything newer. One conditional GET.
   * @throws {branch-not-found} @throws {tag-not-found} @throws {snapshot-not-found}
   * @throws {no-snapshot-at-time} the branch's history begins later
   * @throws {invalid-option} no version, or several
   * @throws {invalid-snapshot-id}
   */
  async readonlySession(version: VersionRef, options?: SignalOption): Promise<Session> {
    const signal = takeSignal("readonlySession", options);
    const parsed = parseVersionRef("readonlySession", version);
    const snapshotId = resolveVersion(await this.#engine.repoState.read(signal), parsed);
    return openReadonlySession({ engine: this.#engineOfSession(), snapshotId });
  }

  /**
   * A session that can be written to and committed to `branch`. One conditional GET.
   * @throws {branch-not-found}
   * @throws {invalid-snapshot-id} `base`
   * @throws {base-not-in-ancestry} `base` is not in the branch's history
   * @throws {read-only-repository} @throws {read-only-storage} @throws {condition-not-supported}
   */
  async writableSession(branch: string, options?: WritableSessionOptions): Promise<Session> {
    const signal = takeSignal("writableSession", options, { ...SIGNAL, base: anything });
    const base = options?.base === undefined ? undefined : parseSnapshotId(options.base);
    assertCanUpdate(this.storage, "writableSession");
    const repo = await this.#engine.repoState.read(signal);
    assertStatusAllowsUpdates(repo, "writableSession");
    const tip = mustGetBranch(repo, branch);
    if (base !== undefined && !isInAncestry(repo, tip, base)) {
      throw makeError(
        "base-not-in-ancestry",
        `writableSession: snapshot ${base} is not in the history of branch "${branch}"`,
        { details: { branch, base, tip } },
      );
    }
    const snapshotId = base ?? tip;
    return openWritableSession({ engine: this.#engineOfSession(), branch, snapshotId });
  }

  /**
   * Opens a session on `branch`, runs `write`, commits, and resolves to the new snapshot's id. If
   * another writer was faster, the changes are rebased or `write` runs again: see `retry`. A throw
   * in `write` commits nothing; without changes it resolves to the branch's tip. Fails as
   * `writableSession` and `commit` do, too.
   * @throws {writes-in-flight} `write` has not waited for all the writes it has called
   * @throws {update-attempts-exhausted} every rerun lost its race
   * @throws {commit-conflict} every rebase lost its race
   * @throws {rebase-failed} conflicts that the solver did not accept
   */
  async transaction(
    branch: string,
    write: (session: Session) => Promise<unknown>,
    options: TransactionOptions,
  ): Promise<string> {
    checkTransactionOptions(write, options);
    const { signal } = options;
    const context = {
      engine: this.#engine,
      branch,
      openSession: () => this.writableSession(branch, { signal }),
      currentTip: () => this.lookupBranch(branch, { signal }),
    };
    return runTransaction(context, write, options);
  }

  /** Names of all branches, sorted. One conditional GET. */
  async listBranches(options?: SignalOption): Promise<string[]> {
    return branchNames(await this.#engine.repoState.read(takeSignal("listBranches", options)));
  }

  /**
   * Makes a branch at any snapshot of the repository.
   * @throws {snapshot-not-found} @throws {invalid-snapshot-id} @throws {branch-already-exists}
   */
  async createBranch(name: string, snapshotId: string, options?: SignalOption): Promise<void> {
    const signal = takeSignal("createBranch", options);
    const id = parseSnapshotId(snapshotId);
    const { createBranch } = await loadRefChanges();
    return createBranch(this.#engine.repoState, name, id, signal);
  }

  /** The id of the branch's newest snapshot. One conditional GET. @throws {branch-not-found} */
  async lookupBranch(name: string, options?: SignalOption): Promise<string> {
    const signal = takeSignal("lookupBranch", options);
    return mustGetBranch(await this.#engine.repoState.read(signal), name);
  }

  /**
   * Moves a branch to any snapshot of the repository, related or not.
   * @throws {snapshot-not-found} @throws {invalid-snapshot-id} @throws {branch-not-found}
   * @throws {branch-update-conflict} the tip is not `from`
   */
  async resetBranch(name: string, snapshotId: string, options?: ResetBranchOptions): Promise<void> {
    const signal = takeSignal("resetBranch", options, { ...SIGNAL, from: anything });
    const from = options?.from === undefined ? undefined : parseSnapshotId(options.from);
    const reset = { name, id: parseSnapshotId(snapshotId), from };
    const { resetBranch } = await loadRefChanges();
    return resetBranch(this.#engine.repoState, reset, signal);
  }

  /** Deletes a branch; snapshots stay. @throws {cannot-delete-main} @throws {branch-not-found} */
  async deleteBranch(name: string, options?: SignalOption): Promise<void> {
    const signal = takeSignal("deleteBranch", options);
    const { deleteBranch } = await loadRefChanges();
    return deleteBranch(this.#engine.repoState, name, signal);
  }

  /** Names of all tags, sorted. One conditional GET. */
  async listTags(options?: SignalOption): Promise<string[]> {
    return tagNames(await this.#engine.repoState.read(takeSignal("listTags", options)));
  }

  /**
   * Tags a snapshot for good.
   * @throws {snapshot-not-found} @throws {invalid-snapshot-id} @throws {tag-already-exists}
   * @throws {tag-previously-deleted} @throws {feature-flag-disabled}
   */
  async createTag(name: string, snapshotId: string, options?: SignalOption): Promise<void> {
    const signal = takeSignal("createTag", options);
    const id = parseSnapshotId(snapshotId);
    const { createTag } = await loadRefChanges();
    return createTag(this.#engine.repoState, name, id, signal);
  }

  /** The id of the tagged snapshot. One conditional GET. @throws {tag-not-found} */
  async lookupTag(name: string, options?: SignalOption): Promise<string> {
    const signal = takeSignal("lookupTag", options);
    return mustGetTag(await this.#engine.repoState.read(signal), name);
  }

  /**
   * Deletes a tag; its name can never be used again.
   * @throws {tag-not-found} @throws {feature-flag-disabled}
   */
  async deleteTag(name: string, options?: SignalOption): Promise<void> {
    const signal = takeSignal("deleteTag", options);
    const { deleteTag } = await loadRefChanges();
    return deleteTag(this.#engine.repoState, name, signal);
  }

  /**
   * Any snapshot that the repository lists, reachable or not. One conditional GET.
   * @throws {snapshot-not-found} @throws {invalid-snapshot-id}
   */
  async lookupSnapshot(id: string, options?: SignalOption): Promise<SnapshotInfo> {
    const signal = takeSignal("lookupSnapshot", options);
    const canonical = parseSnapshotId(id);
    return describeSnapshot(
      mustGetRepoSnapshot(await this.#engine.repoState.read(signal), canonical),
    );
  }

  /**
   * A version and its ancestors, newest first. One conditional GET per iteration. Refuses versions
   * as `readonlySession` does.
   */
  ancestry(version: VersionRef, options?: SignalOption): AsyncList<SnapshotInfo> {
    const signal = takeSignal("ancestry", options);
    const parsed = parseVersionRef("ancestry", version);
    const { repoState } = this.#engine;
    return asyncList(async function* () {
      const repo = await repoState.read(signal);
      for (const snapshot of ancestorsOf(repo, resolveVersion(repo, parsed))) {
        signal?.throwIfAborted();
        yield describeSnapshot(snapshot);
      }
    });
  }

  /** Every snapshot with its parent, and the names that point at it. One conditional GET. */
  async ancestryGraph(options?: SignalOption): Promise<AncestryGraph> {
    return graphOf(await this.#engine.repoState.read(takeSignal("ancestryGraph", options)));
  }

  /**
   * The manifests that a snapshot refers to. Two GETs at most.
   * @throws {snapshot-not-found} @throws {invalid-snapshot-id}
   */
  async listManifestFiles(snapshotId: string, options?: SignalOption): Promise<ManifestFile[]> {
    const signal = takeSignal("listManifestFiles", options);
    return listManifestFiles(this.#engine, parseSnapshotId(snapshotId), signal);
  }

  /** The official binding's name of `listManifestFiles`. */
  async lookupManifestFiles(snapshotId: string, options?: SignalOption): Promise<ManifestFile[]> {
    return this.listManifestFiles(snapshotId, options);
  }

  /**
   * What changed from an ancestor to a descendant, by path. Refuses versions as `readonlySession`
   * does.
   * @throws {bad-snapshot-chain-for-diff} `from` is not a strict ancestor of `to`
   * @throws {object-not-found} a transaction log between them is gone
   */
  async diff(from: VersionRef, to: VersionRef, options?: SignalOption): Promise<Diff> {
    const signal = takeSignal("diff", options);
    const versions = { from: parseVersionRef("diff", from), to: parseVersionRef("diff", to) };
    const { diffVersions } = await loadDiffVersions();
    return diffVersions(this.#engine, versions, resolveVersion, signal);
  }

  #engineOfSession(): Engine {
    const metadata = this.#defaultCommitMetadata;
    return { ...this.#engine, defaultCommitMetadata: () => ({ ...metadata }) };
  }
}

showAsText(Repository.prototype);

const METADATA = "defaultCommitMetadata";

function defaultsOf(
  operation: string,
  options: RepositoryOptions | undefined,
): Readonly<Record<string, unknown>> {
  return copyCommitMetadata(operation, METADATA, options?.defaultCommitMetadata);
}
