/**
 * Branches: movable names of snapshots. Spec: docs/semantics.md "Branches"; the official engine also
 * takes empty names, we make none.
 */
import { compareUtf8 } from "../base/bytes.ts";
import { makeError } from "../base/errors.ts";
import type { RepoInfo } from "../format/repo/read.ts";
import { checkRefName } from "./ref-name.ts";

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
