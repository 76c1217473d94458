/** Rebasing a session at its user's call. */
import { lazyPart } from "../../base/lazy-part.ts";
import { checkOption, checkOptions, functionKind, SIGNAL } from "../../base/options.ts";
import { readOnlyError } from "../state/describe.ts";
import type { SessionState } from "../state/state.ts";
import { queueForTurn, resumeTurn } from "../state/turn.ts";
import { runExclusive } from "../state/writing.ts";
import type { QueryOptions } from "../view/queries.ts";
import type { ConflictSolver } from "./conflict.ts";
import { conflictDetector } from "./solvers.ts";

const loadRebase = /* @__PURE__ */ lazyPart(() => import("./rebase.ts"));

/**
 * Rebases the session's changes onto the branch's tip; one that has lost a race waits for its turn
 * to commit, and keeps it for a moment. Fails as `Session.rebase` says.
 */
export async function runRebase(
  state: SessionState,
  solver: ConflictSolver = conflictDetector(),
  options?: QueryOptions,
): Promise<void> {
  checkOption("rebase", "solver", solver, functionKind);
  checkOptions("rebase", options, SIGNAL);
  const signal = options?.signal;
  signal?.throwIfAborted();
  if (state.mode !== "writable") {
    throw readOnlyError("commit-not-allowed", "rebase", state);
  }
  const rebase = async (): Promise<void> => {
    const { rebaseOnto } = await loadRebase();
    if (state.hasLost) await queueForTurn(state, signal);
    else resumeTurn(state);
    try {
      await rebaseOnto(state, solver, signal);
      state.hasLost = false;
      state.turn?.rest();
    } catch (error) {
      state.turn?.end();
      throw error;
    }
  };
  await runExclusive(state, "rebase", rebase, signal);
}
