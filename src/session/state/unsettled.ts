/**
 * Commits whose reply was lost and whose fate could not be learnt. The session stays dirty; when it
 * is committed again, the earlier commit is looked for in the very state that the new one would
 * replace, so that the changes are never committed twice.
 */
import { makeError } from "../../base/errors.ts";
import type { RepoInfo } from "../../format/repo/read.ts";

/** A commit that was sent and whose fate could not be learnt: it may have landed, or land yet. */
export interface UnsettledCommit {
  readonly snapshotId: string;
  readonly mode: "commit" | "amend" | "flush";
  /** The session's revision: while it has no other, its changes are those of that commit. */
  readonly revision: number;
}

/** The earlier commit that has landed, if any; one that only flushed does not settle a commit. */
export function landedEarlier(
  unsettled: readonly UnsettledCommit[],
  mode: UnsettledCommit["mode"] | "rebase",
  repo: RepoInfo,
): UnsettledCommit | undefined {
  return unsettled.find(
    (commit) =>
      (commit.mode !== "flush" || mode === "flush") && repo.snapshots.has(commit.snapshotId),
  );
}

/** The session has changes that are not in the commit which turned out to have landed. */
export function changedSinceLanded(operation: string, { snapshotId }: UnsettledCommit): Error {
  return makeError(
    "commit-not-allowed",
    `${operation}: an earlier commit of this session, whose outcome was not known, has landed as ${snapshotId}; what was changed since rests on the state before it: start a new session`,
    { details: { operation, snapshotId } },
  );
}
