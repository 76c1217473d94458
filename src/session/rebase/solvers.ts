/** The solvers that come with the engine. */
import { checkOptions, oneOf, trueOrFalse } from "../../base/options.ts";
import type { ConflictSolver } from "./conflict.ts";

/** Options of `basicConflictSolver`. */
export interface BasicConflictSolverOptions {
  /** Whose chunk stays where both wrote or deleted one. Default: `"ours"`: theirs is gone, unsaid. */
  readonly onChunkConflict?: "ours" | "theirs" | "fail" | undefined;
  /** Whether to fail where we delete an array that they changed. Default: false, it is deleted. */
  readonly failOnDeleteOfUpdatedArray?: boolean | undefined;
  /** The same for groups. Default: false. */
  readonly failOnDeleteOfUpdatedGroup?: boolean | undefined;
}

/** Accepts no conflict: a rebase succeeds only if there is none. */
export function conflictDetector(): ConflictSolver {
  return () => "fail";
}

/**
 * Settles chunks that both sides wrote and deletions of what the other side changed; everything
 * else fails. The defaults are the official engine's.
 * @throws {invalid-option} an unknown option or value
 */
export function basicConflictSolver(options?: BasicConflictSolverOptions): ConflictSolver {
  checkOptions("basicConflictSolver", options, {
    onChunkConflict: oneOf(["ours", "theirs", "fail"]),
    failOnDeleteOfUpdatedArray: trueOrFalse,
    failOnDeleteOfUpdatedGroup: trueOrFalse,
  });
  const { onChunkConflict = "ours" } = options ?? {};
  const onDeleteOfArray = options?.failOnDeleteOfUpdatedArray === true ? "fail" : "ours";
  const onDeleteOfGroup = options?.failOnDeleteOfUpdatedGroup === true ? "fail" : "ours";
  return ({ type }) => {
    if (type === "chunk-double-update") return onChunkConflict;
    if (type === "delete-of-updated-array") return onDeleteOfArray;
    if (type === "delete-of-updated-group") return onDeleteOfGroup;
    return "fail";
  };
}
