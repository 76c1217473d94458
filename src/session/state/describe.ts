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

/** Why a session takes no writes, as a clause. */
export function whyReadOnly({ finished, closedBy, baseId }: SessionState): string {
  if (finished) return `the session has been committed as ${baseId}`;
  return `the session is read-only${closedBy === undefined ? "" : `, ${closedBy} has ended`}`;
}

/** Refuses what only a writable session can do. */
export function readOnlyError(kind: ErrorKind, operation: string, state: SessionState): Error {
  return makeError(kind, `${operation}: ${whyReadOnly(state)}`, {
    details: { operation, snapshotId: state.baseId },
  });
}
