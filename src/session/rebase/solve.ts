/**
 * Asks a solver about conflicts and applies what it decides. Pure: the change set given is never
 * touched. Which decisions are possible for which conflict: `patch.ts`.
 */
import { makeError } from "../../base/errors.ts";
import { abortable } from "../../base/on-abort.ts";
import { describe } from "../../base/options.ts";
import type { ChangeSet } from "../changes/change-set.ts";
import { ChunkCoordinates } from "../changes/chunk-coordinates.ts";
import {
  type Conflict,
  type ConflictDecision,
  type ConflictSolver,
  conflictContext,
  type Sides,
} from "./conflict.ts";
import { applyDecision, ChangePatch } from "./patch.ts";

/** The changes over `theirs`, or that the solver did not settle every conflict. */
type SolveOutcome =
  | { readonly outcome: "patched"; readonly changes: ChangeSet }
  | { readonly outcome: "failed" };

/**
 * Asks `solver` about every conflict and applies its decisions, in order. With no conflicts the
 * changes are only moved over. Tables that no decision changes are shared with `sides.ours`.
 * @throws {invalid-option} the solver answers something else than ours, theirs or fail
 */
export async function solveConflicts(
  solver: ConflictSolver,
  conflicts: readonly Conflict[],
  sides: Sides,
  signal?: AbortSignal,
): Promise<SolveOutcome> {
  const context = conflictContext(sides);
  const decisions: ConflictDecision[] = [];
  for (const conflict of conflicts) {
    const asked = (async () => solver(copyOf(conflict), context))();
    const decision = await abortable(asked, signal);
    if (decision !== "ours" && decision !== "theirs" && decision !== "fail") {
      throw makeError(
        "invalid-option",
        `the conflict solver must answer "ours", "theirs" or "fail", got ${describe(decision)} for ${conflict.type} at ${conflict.path}`,
        { details: { type: conflict.type, path: conflict.path, found: describe(decision) } },
      );
    }
    decisions.push(decision);
  }
  signal?.throwIfAborted();
  const patch = new ChangePatch(sides);
  for (const [index, conflict] of conflicts.entries()) {
    const decision = decisions[index] as ConflictDecision;
    if (decision === "fail" || !applyDecision(patch, conflict, decision)) {
      return { outcome: "failed" };
    }
  }
  return { outcome: "patched", changes: patch.finish() };
}

/** The caller may change what it is given; decisions are applied to what was detected. */
function copyOf(conflict: Conflict): Conflict {
  const { chunkCoordinates: shared } = conflict;
  if (shared === undefined) return { ...conflict };
  const { rank, length, data } = shared;
  return { ...conflict, chunkCoordinates: new ChunkCoordinates(rank, length, data.slice()) };
}
