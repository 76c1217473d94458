/**
 * Branches: movable names of snapshots. Every change is one update of `repo`.
 * Spec: docs/semantics.md "Branches"; the official engine also takes empty names, we make none.
 */
import { mustGetRepoSnapshot } from "../assets/ancestry.ts";
import type { RepoState } from "../assets/repo-state.ts";
import { compareUtf8 } from "../base/bytes.ts";
import { makeError } from "../base/errors.ts";
import { parseSnapshotId } from "../format/ids.ts";
import type { RepoInfo } from "../format/repo/read.ts";
import { checkRefName } from "./ref-name.ts";

/** The branch that every repository has. */
const MAIN_BRANCH = "main";

/** Names of all branches, sorted by their UTF-8 bytes. */
export function branchNames(repo: RepoInfo): string[] {
  return [...repo.branches.keys()].sort(compareUtf8);
}

/** The tip of branch `name`. @throws {branch-not-found} @throws {invalid-ref-name} */
export function mustGetBranch(repo: RepoInfo, name: string): string {
  const tip = repo.branches.get(name);
  if (tip !== undefined) return tip;
  checkRefName("look up a branch", name);
  const other = repo.tags.has(name) ? "tag" : repo.snapshots.has(name) ? "snapshotId" : undefined;
  const hint = other === undefined ? "" : `; { ${other}: "${name}" } does`;
  throw makeError("branch-not-found", `branch "${name}" does not exist${hint}`, {
    details: { branch: name },
  });
}

/** Makes branch `name` at a listed snapshot. Fails as `Repository.createBranch` says. */
export async function createBranch(
  repoState: RepoState,
  name: string,
  snapshotId: string,
  signal?: AbortSignal,
): Promise<void> {
  checkRefName("createBranch", name);
  const id = parseSnapshotId(snapshotId);
  const change = (repo: RepoInfo) => {
    mustGetRepoSnapshot(repo, id);
    const present = repo.branches.get(name);
    if (present !== undefined) {
      throw makeError("branch-already-exists", `branch "${name}" exists already, at ${present}`, {
        details: { branch: name, snapshotId: present },
      });
    }
    return {
      repo: { ...repo, branches: new Map(repo.branches).set(name, id) },
      updates: [{ kind: "branch-created", name } as const],
    };
  };
  await repoState.update(change, { signal });
}

/** What `resetBranch` needs to know. */
interface ResetBranch {
  readonly name: string;
  readonly snapshotId: string;
  /** The tip that the branch must have now. */
  readonly from?: string | undefined;
}

/** Moves a branch to any listed snapshot. Fails as `Repository.resetBranch` says. */
export async function resetBranch(
  repoState: RepoState,
  { name, snapshotId, from }: ResetBranch,
  signal?: AbortSignal,
): Promise<void> {
  const id = parseSnapshotId(snapshotId);
  const expected = from === undefined ? undefined : parseSnapshotId(from);
  const change = (repo: RepoInfo) => {
    mustGetRepoSnapshot(repo, id);
    const tip = mustGetBranch(repo, name);
    if (expected !== undefined && expected !== tip) {
      throw makeError(
        "branch-update-conflict",
        `branch "${name}": expected tip ${expected}, found ${tip}`,
        { details: { branch: name, expectedParent: expected, actualParent: tip } },
      );
    }
    return {
      repo: { ...repo, branches: new Map(repo.branches).set(name, id) },
      updates: [{ kind: "branch-reset", name, previousSnapshotId: tip } as const],
    };
  };
  await repoState.update(change, { signal });
}

/** Deletes a branch; its snapshots stay. @throws {cannot-delete-main} @throws {branch-not-found} */
export async function deleteBranch(
  repoState: RepoState,
  name: string,
  signal?: AbortSignal,
): Promise<void> {
  if (name === MAIN_BRANCH) {
    throw makeError("cannot-delete-main", `branch "${MAIN_BRANCH}" cannot be deleted`, {
      details: { branch: name },
    });
  }
  const change = (repo: RepoInfo) => {
    const previousSnapshotId = mustGetBranch(repo, name);
    const branches = new Map(repo.branches);
    branches.delete(name);
    return {
      repo: { ...repo, branches },
      updates: [{ kind: "branch-deleted", name, previousSnapshotId } as const],
    };
  };
  await repoState.update(change, { signal });
}
