/**
 * Changes of branches and tags: each is one update of `repo`. Loaded with the first.
 * Spec: docs/semantics.md "Branches" and "Tags".
 */
import { mustGetRepoSnapshot } from "../assets/ancestry.ts";
import type { RepoState } from "../assets/repo-state.ts";
import { makeError } from "../base/errors.ts";
import type { RepoInfo } from "../format/repo/read.ts";
import { mustGetBranch } from "./branches.ts";
import { assertFeatureEnabled } from "./feature-flags.ts";
import { checkRefName } from "./ref-name.ts";
import { mustGetTag } from "./tags.ts";

/** The branch that every repository has. */
const MAIN_BRANCH = "main";

/** Makes branch `name` at a listed snapshot. Fails as `Repository.createBranch` says. */
export async function createBranch(
  repoState: RepoState,
  name: string,
  id: string,
  signal?: AbortSignal,
): Promise<void> {
  checkRefName("createBranch", name);
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
  readonly id: string;
  /** The tip that the branch must have now. */
  readonly from?: string | undefined;
}

/** Moves a branch to any listed snapshot. Fails as `Repository.resetBranch` says. */
export async function resetBranch(
  repoState: RepoState,
  { name, id, from }: ResetBranch,
  signal?: AbortSignal,
): Promise<void> {
  const change = (repo: RepoInfo) => {
    mustGetRepoSnapshot(repo, id);
    const tip = mustGetBranch(repo, name);
    if (from !== undefined && from !== tip) {
      throw makeError(
        "branch-update-conflict",
        `branch "${name}": expected tip ${from}, found ${tip}`,
        { details: { branch: name, expectedParent: from, actualParent: tip } },
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

/** Makes tag `name` at a listed snapshot. Fails as `Repository.createTag` says. */
export async function createTag(
  repoState: RepoState,
  name: string,
  id: string,
  signal?: AbortSignal,
): Promise<void> {
  checkRefName("createTag", name);
  const change = (repo: RepoInfo) => {
    mustGetRepoSnapshot(repo, id);
    assertFeatureEnabled(repo, "create_tag");
    const present = repo.tags.get(name);
    if (present !== undefined) {
      throw makeError("tag-already-exists", `tag "${name}" exists already, at ${present}`, {
        details: { tag: name, snapshotId: present },
      });
    }
    if (repo.deletedTags.has(name)) {
      throw makeError("tag-previously-deleted", `tag "${name}" was deleted: its name is burnt`, {
        details: { tag: name },
      });
    }
    return {
      repo: { ...repo, tags: new Map(repo.tags).set(name, id) },
      updates: [{ kind: "tag-created", name } as const],
    };
  };
  await repoState.update(change, { signal });
}

/** Deletes a tag for ever. @throws {feature-flag-disabled} @throws {tag-not-found} */
export async function deleteTag(
  repoState: RepoState,
  name: string,
  signal?: AbortSignal,
): Promise<void> {
  const change = (repo: RepoInfo) => {
    assertFeatureEnabled(repo, "delete_tag");
    const previousSnapshotId = mustGetTag(repo, name);
    const tags = new Map(repo.tags);
    tags.delete(name);
    return {
      repo: { ...repo, tags, deletedTags: new Set(repo.deletedTags).add(name) },
      updates: [{ kind: "tag-deleted", name, previousSnapshotId } as const],
    };
  };
  await repoState.update(change, { signal });
}
