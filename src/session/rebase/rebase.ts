/**
 * Rebase: moves a session's changes onto the tip of its branch, one commit of the others after
 * the other. Reads only their logs and snapshots. Decides everything on values; the session
 * changes at the end, or not at all. Spec: docs/semantics.md "Rebase".
 */
import { ancestorsOf } from "../../assets/ancestry.ts";
import type { SnapshotIndex } from "../../assets/snapshot-index.ts";
import { makeError } from "../../base/errors.ts";
import type { RepoInfo } from "../../format/repo/read.ts";
import type { RepoSnapshot } from "../../format/repo/snapshot-columns.ts";
import type { TransactionLog } from "../../format/transaction-log/read.ts";
import type { ChangeSet } from "../changes/change-set.ts";
import { cappedCoordinates } from "../changes/chunk-coordinates.ts";
import { haveSameTables } from "../changes/shared-tables.ts";
import { loadBase, type SessionState } from "../state/state.ts";
import { changedSinceLanded, landedEarlier } from "../state/unsettled.ts";
import type { Conflict, ConflictSolver } from "./conflict.ts";
import { type DetectInput, detectConflicts, passesBy } from "./detect.ts";
import { solveConflicts } from "./solve.ts";

/**
 * Rebases onto the branch's tip. A branch that is gone, or has not moved: nothing.
 * Cost: one conditional GET, the tip, and per commit of the others one log; also its snapshot where
 * we have changed nodes, or the same as it.
 * @throws {rebase-failed} @throws {base-not-in-ancestry} @throws {rebase-tx-log-pruned}
 * @throws {commit-not-allowed} an earlier commit of unknown outcome had landed
 */
export async function rebaseOnto(
  state: SessionState,
  solver: ConflictSolver,
  signal?: AbortSignal,
): Promise<void> {
  const { engine, branch } = state;
  const repo = await engine.repoState.read(signal);
  const landed = landedEarlier(state.unsettled, "rebase", repo);
  if (landed !== undefined) throw changedSinceLanded("rebase", landed);
  const tip = branch === undefined ? undefined : repo.branches.get(branch);
  if (tip === undefined || tip === state.baseId) return;
  const asked = restingMeanwhile(state, solver);
  let base: () => Promise<SnapshotIndex> = () => loadBase(state, signal);
  let changes = state.own;
  for (const commit of commitsAfter(repo, tip, state.baseId)) {
    signal?.throwIfAborted();
    const theirs = (): Promise<SnapshotIndex> => engine.assets.readSnapshot(commit.id, signal);
    for (const log of await logsOf(state, commit, signal)) {
      if (passesBy(changes, log)) continue;
      const sides = { ours: changes, base: await base(), theirs: await theirs() };
      changes = await solve({ solver: asked, log, ...sides }, signal);
    }
    base = theirs;
  }
  const newBase = await base();
  if (!haveSameTables(changes, state.own)) state.revision++;
  state.own = changes;
  state.base = newBase;
  state.baseId = tip;
}

/** The solver; while it takes its time, or commits something itself, nobody waits for this session. */
function restingMeanwhile({ turn }: SessionState, solver: ConflictSolver): ConflictSolver {
  if (turn === undefined) return solver;
  return async (conflict, context) => {
    turn.rest();
    const decision = await solver(conflict, context);
    turn.work();
    return decision;
  };
}

/** The commits from the base (exclusive) to the tip, oldest first. */
function commitsAfter(repo: RepoInfo, tip: string, baseId: string): RepoSnapshot[] {
  const commits: RepoSnapshot[] = [];
  for (const snapshot of ancestorsOf(repo, tip)) {
    if (snapshot.id === baseId) return commits.reverse();
    commits.push(snapshot);
  }
  throw makeError(
    "base-not-in-ancestry",
    `the session's base ${baseId} is not in the ancestry of the branch's tip ${tip} any more`,
    { details: { snapshotId: baseId, tip } },
  );
}

async function logsOf(
  state: SessionState,
  commit: RepoSnapshot,
  signal?: AbortSignal,
): Promise<TransactionLog[]> {
  const pruned = commit.prunedAncestorTransactionLogs ?? [];
  const logs: TransactionLog[] = [];
  for (const id of [...pruned, commit.id]) {
    const log = await state.engine.assets.readTransactionLog(id, signal);
    if (log === undefined) {
      throw makeError("rebase-tx-log-pruned", `the transaction log of snapshot ${id} is gone`, {
        details: { snapshotId: id, commitId: commit.id },
      });
    }
    logs.push(log);
  }
  return logs;
}

interface SolveInput extends DetectInput {
  readonly solver: ConflictSolver;
}

async function solve(
  { solver, ...input }: SolveInput,
  signal: AbortSignal | undefined,
): Promise<ChangeSet> {
  const conflicts = detectConflicts(input);
  const solved = await solveConflicts(solver, conflicts, input, signal);
  if (solved.outcome === "patched") return solved.changes;
  const snapshotId = input.theirs.snapshot.id;
  throw makeError(
    "rebase-failed",
    `${conflicts.length} conflict(s) with snapshot ${snapshotId}, the first: ${describeConflict(conflicts[0] as Conflict)}`,
    { details: { snapshotId, conflicts: conflicts.map(cappedConflict) } },
  );
}

function describeConflict({ type, path, chunkCoordinates }: Conflict): string {
  const [first] = chunkCoordinates ?? [];
  return `${type} at ${first === undefined ? "" : `[${first}] of `}${path}`;
}

/** Errors carry the total and at most 1,000 coordinates. */
function cappedConflict(conflict: Conflict): Conflict & { readonly total?: number } {
  const { chunkCoordinates } = conflict;
  return chunkCoordinates === undefined
    ? conflict
    : { ...conflict, ...cappedCoordinates(chunkCoordinates) };
}
