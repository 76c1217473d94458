/**
 * Tags: immutable names of snapshots. A deleted tag's name is never used again.
 * Spec: docs/semantics.md "Tags".
 */
import { compareUtf8 } from "../base/bytes.ts";
import { makeError } from "../base/errors.ts";
import type { RepoInfo } from "../format/repo/read.ts";
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
