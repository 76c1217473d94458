/** History as `repo` lists it: no snapshot file is read. Spec: v2 "Repo Info File". */
import { makeError } from "../base/errors.ts";
import { REPO_PATH } from "../format/object-paths.ts";
import type { RepoInfo } from "../format/repo/read.ts";
import type { RepoSnapshot } from "../format/repo/snapshot-columns.ts";

/** The snapshot `id` as `repo` lists it. @throws {snapshot-not-found} */
export function mustGetRepoSnapshot(repo: RepoInfo, id: string): RepoSnapshot {
  const snapshot = repo.snapshots.get(id);
  if (snapshot !== undefined) return snapshot;
  throw makeError("snapshot-not-found", `snapshot ${id} is not in the repository`, {
    details: { snapshotId: id },
  });
}

/** Yields `id`, then its ancestors. @throws {snapshot-not-found} @throws {invalid-file-format} */
export function* ancestorsOf(repo: RepoInfo, id: string): Generator<RepoSnapshot, void, undefined> {
  let snapshot = mustGetRepoSnapshot(repo, id);
  for (let left = repo.snapshots.size; left > 0; left--) {
    yield snapshot;
    const parentId = snapshot.parentId;
    if (parentId === undefined) return;
    const parent = repo.snapshots.get(parentId);
    if (parent === undefined) throw damagedHistory(snapshot.id, `parent ${parentId} is not listed`);
    snapshot = parent;
  }
  throw damagedHistory(id, "its ancestry is a circle");
}

/** Whether `ancestorId` is `id` or one of its ancestors. */
export function isInAncestry(repo: RepoInfo, id: string, ancestorId: string): boolean {
  for (const snapshot of ancestorsOf(repo, id)) if (snapshot.id === ancestorId) return true;
  return false;
}

function damagedHistory(snapshotId: string, fault: string): Error {
  return makeError("invalid-file-format", `${REPO_PATH}: snapshot ${snapshotId}: ${fault}`, {
    details: { object: REPO_PATH, snapshotId },
  });
}
