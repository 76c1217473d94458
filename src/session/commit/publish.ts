/**
 * The commit point: what the one conditional put of `repo` changes. Pure functions from the
 * repository as it is now to the repository as it becomes; the loop around them is repo-state.
 */
import type { RepoChange } from "../../assets/repo-change.ts";
import { type ErrorDetails, makeError } from "../../base/errors.ts";
import type { RepoInfo } from "../../format/repo/read.ts";
import type { RepoSnapshot } from "../../format/repo/snapshot-columns.ts";
import { SnapshotList } from "../../format/repo/snapshot-list.ts";

/** How a new snapshot enters the repository. */
export type PublishMode = "commit" | "amend" | "flush";

/** A snapshot ready to be published. */
interface Publication {
  readonly mode: PublishMode;
  /** Undefined for `flush`. */
  readonly branch: string | undefined;
  /** The snapshot that the session is based on: where the branch must still be. */
  readonly baseId: string;
  readonly snapshot: Omit<RepoSnapshot, "parentId" | "prunedAncestorTransactionLogs">;
}

/**
 * The change that publishes a snapshot.
 * @throws {commit-conflict} if the branch has moved
 * @throws {branch-not-found}
 * @throws {snapshot-not-found} if the base is not listed any more
 * @throws {no-amend-for-initial-commit} @throws {duplicate-snapshot-id}
 */
export function publishSnapshot(repo: RepoInfo, publication: Publication): RepoChange {
  const { mode, branch, baseId, snapshot } = publication;
  if (branch !== undefined) assertTip(repo, branch, baseId);
  if (repo.snapshots.has(snapshot.id)) {
    throw makeError("duplicate-snapshot-id", `snapshot ${snapshot.id} exists already`, {
      details: { snapshotId: snapshot.id },
    });
  }
  const base = mustGetSnapshot(repo, baseId);
  const parentId = mode === "amend" ? base.parentId : baseId;
  if (parentId === undefined) throw noAmendForInitialCommit(baseId);
  const entry: RepoSnapshot = {
    ...snapshot,
    parentId,
    ...(mode === "amend"
      ? { prunedAncestorTransactionLogs: base.prunedAncestorTransactionLogs }
      : {}),
  };
  const snapshots = SnapshotList.of(repo.snapshots).with(entry);
  if (branch === undefined) {
    return {
      repo: { ...repo, snapshots },
      updates: [{ kind: "new-detached-snapshot", newSnapshotId: snapshot.id }],
    };
  }
  const branches = new Map(repo.branches).set(branch, snapshot.id);
  const newSnapshotId = snapshot.id;
  return {
    repo: { ...repo, snapshots, branches },
    updates: [
      mode === "amend"
        ? { kind: "commit-amended", branch, previousSnapshotId: baseId, newSnapshotId }
        : { kind: "new-commit", branch, newSnapshotId },
    ],
  };
}

/** @throws {commit-conflict} @throws {branch-not-found} */
export function assertTip(repo: RepoInfo, branch: string, baseId: string): void {
  const tip = repo.branches.get(branch);
  if (tip === undefined) {
    throw makeError("branch-not-found", `branch ${JSON.stringify(branch)} does not exist`, {
      details: { branch },
    });
  }
  if (tip === baseId) return;
  const details: ErrorDetails = { branch, expectedParent: baseId, actualParent: tip };
  throw makeError(
    "commit-conflict",
    `branch ${branch} has moved: expected ${baseId}, found ${tip}`,
    { details },
  );
}

function mustGetSnapshot(repo: RepoInfo, id: string): RepoSnapshot {
  const snapshot = repo.snapshots.get(id);
  if (snapshot !== undefined) return snapshot;
  throw makeError("snapshot-not-found", `snapshot ${id} is not in the repository any more`, {
    details: { snapshotId: id },
  });
}

/** The initial snapshot has nothing that an amend could replace it by. */
export function noAmendForInitialCommit(snapshotId: string): Error {
  return makeError("no-amend-for-initial-commit", `${snapshotId} is the initial snapshot`, {
    details: { snapshotId },
  });
}
