/** Steps that commit, amend, flush and rebase. */
import { expect } from "vitest";
import {
  basicConflictSolver,
  type ConflictSolver,
  conflictDetector,
  type RebaseFailedError,
  type Session,
} from "../../../src/index.ts";
import {
  amend,
  commit,
  finish,
  flush,
  isRefusal,
  type ModelSolver,
  type Refusal,
  rebase,
} from "./commits.ts";
import type { ModelSnapshot } from "./model.ts";
import { outcomeOf } from "./real.ts";
import type { Run, Target, World } from "./step.ts";

const solverOf = (solver: ModelSolver): ConflictSolver =>
  solver.name === "detector"
    ? conflictDetector()
    : basicConflictSolver({
        onChunkConflict: solver.onChunkConflict,
        failOnDeleteOfUpdatedArray: solver.failOnDeleteOfUpdatedArray,
        failOnDeleteOfUpdatedGroup: solver.failOnDeleteOfUpdatedGroup,
      });

/** Compares what ended a commit or rebase; the conflicts too. */
function expectRefusal(found: { kind: string; error?: unknown }, refusal: Refusal): void {
  expect(found.kind).toBe(refusal.refused);
  if (refusal.conflicts === undefined) return;
  const flat = (list: readonly { readonly type: string; readonly path: string }[]): string[] =>
    list.map(({ type, path }) => `${type} ${path}`).sort();
  expect(flat((found.error as RebaseFailedError).conflicts)).toEqual(flat(refusal.conflicts));
}

async function publish(
  { model }: World,
  { state, real }: Target,
  expected: ModelSnapshot | Refusal,
  inEarnest: () => Promise<string>,
): Promise<string> {
  let id = "";
  const work = inEarnest().then((snapshotId) => {
    id = snapshotId;
  });
  const found = await outcomeOf(work);
  if (state.isFinished) {
    expect(found.kind).toBe("commit-not-allowed");
    return found.kind;
  }
  if (isRefusal(expected)) {
    expectRefusal(found, expected);
    return found.kind;
  }
  expect(found.kind).toBe("ok");
  model.snapshots.set(id, expected);
  finish(state, id);
  expect(real.readOnly).toBe(true);
  return "ok";
}

const moveBranch = ({ model }: World, { state }: Target, outcome: string): string => {
  if (outcome === "ok" && state.branch !== undefined) model.branches.set(state.branch, state.base);
  return outcome;
};

/** By name. */
export const COMMITS: Record<string, Run> = {
  async commit(world, _, { value }, target) {
    if (value > 0 && !world.model.hasChanges(target.state)) return undefined;
    const expected = commit(world.model, target.state);
    const inEarnest = () => (target.real as Session).commit("commit");
    return moveBranch(world, target, await publish(world, target, expected, inEarnest));
  },
  async "solve-and-commit"(world, _, { solver, value }, target) {
    if (value > 0 && !world.model.hasChanges(target.state)) return undefined;
    const expected = commit(world.model, target.state, solver);
    const options = { solver: solverOf(solver) };
    const inEarnest = () => (target.real as Session).commit("solved", options);
    return moveBranch(world, target, await publish(world, target, expected, inEarnest));
  },
  async amend(world, _, __, target) {
    const expected = amend(world.model, target.state);
    const inEarnest = () => (target.real as Session).amend("amended");
    return moveBranch(world, target, await publish(world, target, expected, inEarnest));
  },
  async flush(world, _, { which }, target) {
    if (which % 3 > 0) return undefined;
    const expected = flush(world.model, target.state);
    return publish(world, target, expected, () => (target.real as Session).flush("flushed"));
  },
  async rebase({ model }, _, { solver }, { state, real }) {
    const found = await outcomeOf((real as Session).rebase(solverOf(solver)));
    if (state.isFinished) {
      expect(found.kind).toBe("commit-not-allowed");
      return found.kind;
    }
    const refusal = rebase(model, state, solver);
    if (refusal === undefined) expect(found.kind).toBe("ok");
    else expectRefusal(found, refusal);
    return found.kind;
  },
};
