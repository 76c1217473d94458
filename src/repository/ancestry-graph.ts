/** The whole history as a plain value: for drawing. */

import { compareUtf8 } from "../base/bytes.ts";
import type { RepoInfo } from "../format/repo/read.ts";
import { branchNames } from "./branches.ts";
import { describeSnapshot, type SnapshotInfo } from "./snapshot-info.ts";
import { tagNames } from "./tags.ts";

/** A snapshot and the names that point at it. */
export interface AncestryNode extends SnapshotInfo {
  /** Sorted. */
  readonly branches: string[];
  /** Sorted. */
  readonly tags: string[];
}

/** Every snapshot that the repository lists, those that no name reaches included. */
export interface AncestryGraph {
  /** Newest first: parents come after their children. */
  readonly nodes: AncestryNode[];
  /** Tip per branch. */
  readonly branches: Record<string, string>;
  /** Snapshot per tag. */
  readonly tags: Record<string, string>;
}

/** The history that `repo` lists. */
export function graphOf(repo: RepoInfo): AncestryGraph {
  const branches = namesBySnapshot(branchNames(repo), repo.branches);
  const tags = namesBySnapshot(tagNames(repo), repo.tags);
  const newestFirst = [...repo.snapshots.values()].sort(
    (a, b) => b.flushedAtMicros - a.flushedAtMicros || compareUtf8(a.id, b.id),
  );
  return {
    nodes: newestFirst.map((snapshot) => ({
      ...describeSnapshot(snapshot),
      branches: branches.get(snapshot.id) ?? [],
      tags: tags.get(snapshot.id) ?? [],
    })),
    branches: Object.fromEntries(repo.branches),
    tags: Object.fromEntries(repo.tags),
  };
}

function namesBySnapshot(
  sortedNames: readonly string[],
  snapshotOf: ReadonlyMap<string, string>,
): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const name of sortedNames) {
    const id = snapshotOf.get(name) as string;
    const present = names.get(id);
    if (present === undefined) names.set(id, [name]);
    else present.push(name);
  }
  return names;
}
