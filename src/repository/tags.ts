/**
 * Tags: immutable names of snapshots. A deleted tag's name is never used again. Every change is one
 * update of `repo`. Spec: docs/semantics.md "Tags".
 */
import { mustGetRepoSnapshot } from "../assets/ancestry.ts";
import type { RepoState } from "../assets/repo-state.ts";
import { compareUtf8 } from "../base/bytes.ts";
import { makeError } from "../base/errors.ts";
import { parseSnapshotId } from "../format/ids.ts";
import type { RepoInfo } from "../format/repo/read.ts";
import { assertFeatureEnabled } from "./feature-flags.ts";
import { checkRefName } from "./ref-name.ts";

/** Names of all live tags, sorted by their UTF-8 bytes. */
export function tagNames(repo: RepoInfo): string[] {
  return [...repo.tags.keys()].sort(compareUtf8);
}

/** The snapshot of tag `name`. @throws {tag-not-found} @throws {invalid-ref-name} */
export function mustGetTag(repo: RepoInfo, name: string): string {
  const snapshotId = repo.tags.get(name);
  if (snapshotId !== undefined) return snapshotId;
  checkRefName("look up a tag", name);
  const wasDeleted = repo.deletedTags.has(name);
  throw makeError(
    "tag-not-found",
    `tag "${name}" ${wasDeleted ? "was deleted" : "does not exist"}`,
    { details: { tag: name, wasDeleted } },
  );
}

/** Makes tag `name` at a listed snapshot. Fails as `Repository.createTag` says. */
export async function createTag(
  repoState: RepoState,
  name: string,
  snapshotId: string,
  signal?: AbortSignal,
): Promise<void> {
  checkRefName("createTag", name);
  const id = parseSnapshotId(snapshotId);
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
