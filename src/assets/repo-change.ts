/** What one update of the repository changes. */
import type { RepoInfo } from "../format/repo/read.ts";
import type { UpdateKind } from "../format/repo/update.ts";

/** A changed state and what the ops log shall say about it, oldest entry first; at least one. */
export interface RepoChange {
  /** With the ops log left as it was. */
  readonly repo: RepoInfo;
  readonly updates: readonly UpdateKind[];
}
