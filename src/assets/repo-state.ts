/**
 * The mutable state of a repository: reads that are never stale, and a queue of updates.
 *
 * Updates of one process queue in order of call; those that wait are published together. The loop
 * that does so, repo-update.ts, is loaded with the first of them: readers of the web do without.
 */
import { lazyPart } from "../base/lazy-part.ts";
import type { RepoInfo } from "../format/repo/read.ts";
import type { RepoChange } from "./repo-change.ts";
import { assertCanUpdate, type VersionedRepo } from "./repo-object.ts";
import { createRepoReader } from "./repo-reader.ts";
import type { RepoUpdateContext } from "./repo-update.ts";
import { Member } from "./update-member.ts";

const loadUpdateLoop = /* @__PURE__ */ lazyPart(() => import("./repo-update.ts"));

/** Updates published by one put. */
const GROUP_MEMBERS_MAX = 64;

/** Options of one update. */
interface UpdateOptions {
  /** Rejects the update until its put has been sent; from then on its outcome is reported. */
  readonly signal?: AbortSignal | undefined;
  /** Whether a state holds this update for certain, e.g. lists the new snapshot's id. */
  readonly landed?: ((repo: RepoInfo) => boolean) | undefined;
  /** Also while the repository is read-only: for changes of the status itself. */
  readonly bypassStatus?: boolean | undefined;
}

/** The mutable state of one repository. Shared by all its sessions. */
export interface RepoState {
  /** The state last read or written here; it may be old. */
  readonly held: RepoInfo | undefined;
  /** A state that was current at some moment after this call. One conditional GET, shared. */
  read(signal?: AbortSignal): Promise<RepoInfo>;
  /**
   * Applies `change` to the newest state and publishes it; resolves to a state that holds it.
   * `change` is pure: it runs again on newer states when a race is lost, and throws to refuse.
   * Two requests (copy, put) if this process knows the newest state, else one read more.
   *
   * @throws {read-only-repository} @throws {read-only-storage} @throws {condition-not-supported}
   * @throws {update-attempts-exhausted} too many lost races
   * @throws {snapshot-timestamp} the newest update is more than 600 s ahead of the clock
   * @throws {unknown-outcome} the fate of the put cannot be known
   */
  update(change: (repo: RepoInfo) => RepoChange, options?: UpdateOptions): Promise<RepoInfo>;
}

/** What a repo state works with. */
interface RepoStateOptions extends Omit<RepoUpdateContext, "reader" | "isContended"> {
  /** A state read before. */
  readonly initial?: VersionedRepo | undefined;
}

/** The state of the repository in `storage`. No I/O. */
export function createRepoState(options: RepoStateOptions): RepoState {
  const { storage, metadataBytesMax, initial } = options;
  const reader = createRepoReader(storage, options.runtime, metadataBytesMax, initial);
  const context: RepoUpdateContext = { ...options, reader, isContended: false };
  const waiting: Member[] = [];
  let isWorking = false;

  const work = async (): Promise<void> => {
    isWorking = true;
    try {
      const { runGroup } = await loadUpdateLoop(); // Updates called in the same turn share the put.
      while (waiting.length > 0) await runGroup(context, waiting.splice(0, GROUP_MEMBERS_MAX));
    } catch (error) {
      for (const member of waiting.splice(0)) member.reject(error);
    }
    isWorking = false;
  };

  return {
    get held() {
      return reader.held?.repo;
    },
    async read(signal) {
      return (await reader.read(signal)).repo;
    },
    update(change, updateOptions = {}) {
      return new Promise((resolve, reject) => {
        assertCanUpdate(storage, "update of the repository");
        updateOptions.signal?.throwIfAborted();
        waiting.push(new Member(change, updateOptions, resolve, reject));
        if (!isWorking) void work();
      });
    },
  };
}
