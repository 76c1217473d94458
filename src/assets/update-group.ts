/** Applies the changes of a group of updates, one on top of the other. Pure. */
import { makeError } from "../base/errors.ts";
import type { RepoInfo } from "../format/repo/read.ts";
import type { UpdateKind } from "../format/repo/update.ts";
import { assertStatusAllowsUpdates } from "./repo-object.ts";
import { isLive, type Member } from "./update-member.ts";

/** What a group makes of a state. */
export interface GroupPlan {
  /** The state with all accepted changes; its ops log is still the old one. */
  readonly repo: RepoInfo;
  /** Ops log entries of the accepted changes, oldest first. */
  readonly updates: readonly UpdateKind[];
  readonly accepted: readonly Member[];
  /** Why a member's change does not fit the state that those before it leave. */
  readonly refused: ReadonlyMap<Member, unknown>;
}

/** Applies the changes of all live members, in their order; one that throws is left out. */
export function applyChanges(base: RepoInfo, group: readonly Member[]): GroupPlan {
  let repo = base;
  const updates: UpdateKind[] = [];
  const accepted: Member[] = [];
  const refused = new Map<Member, unknown>();
  for (const member of group) {
    if (!isLive(member)) continue;
    try {
      if (!member.bypassStatus) assertStatusAllowsUpdates(repo, "update");
      const change = member.change(repo);
      if (change.updates.length === 0) throw makeError("internal", "an update without log entry");
      repo = change.repo;
      updates.push(...change.updates);
      accepted.push(member);
    } catch (error) {
      refused.set(member, error);
    }
  }
  return { repo, updates, accepted, refused };
}
