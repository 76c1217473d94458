/** What consoles and errors say of sessions and forks. */
import type { ErrorKind } from "../../base/error-kinds.ts";
import { makeError } from "../../base/errors.ts";
import { hasOwnChanges, type SessionState } from "./state.ts";

/** Mode, branch, snapshot and whether there are changes, in a line. */
export function describeState(state: SessionState): string {
  const { mode, branch, finished, baseId } = state;
  if (finished) return `committed, snapshot ${baseId}`;
  const on = branch === undefined ? "" : `, branch ${JSON.stringify(branch)}`;
  const changes = hasOwnChanges(state) ? "uncommitted" : "no";
  return `${mode}${on}, snapshot ${baseId}${mode === "writable" ? `, ${changes} changes` : ""}`;
}

/** Refuses what only a writable session can do. */
export function readOnlyError(kind: ErrorKind, operation: string, { baseId }: SessionState): Error {
  return makeError(kind, `${operation}: the session is read-only`, {
    details: { operation, snapshotId: baseId },
  });
}
