/**
 * Who may change a session's state when: writes and operations under way, what waits for them, and
 * what keeps new ones out. Loaded with the write half.
 */
import { makeError } from "../../base/errors.ts";
import { abortable } from "../../base/on-abort.ts";
import { changeSetOf } from "../changes/change-set.ts";
import type { Dot } from "../changes/dot.ts";
import { addClosedEpoch, copyPast } from "../changes/past.ts";
import { whyReadOnly } from "./describe.ts";
import { settleReads } from "./in-flight.ts";
import type { Operation } from "./operation.ts";
import type { Activity, SessionState } from "./state.ts";

/** The mark for a write made now. */
export function currentDot(state: SessionState): Dot {
  state.dotUsed = true;
  state.revision++;
  return state.dot;
}

/** Closes the epoch before a changed state leaves, so that later writes are told apart. */
export function closeEpoch(state: SessionState): void {
  if (!state.dotUsed) return;
  const { origin, epoch } = state.dot;
  state.past = copyPast(state.past);
  addClosedEpoch(state.past, state.dot, state.birth);
  state.dot = { origin, epoch: epoch + 1 };
  state.dotUsed = false;
}

/** The state by its last closed epoch: what it knows but for the open one. */
export function lastClosed({ dot: { origin, epoch }, birth }: SessionState): Dot | undefined {
  return epoch === 1 ? birth : { origin, epoch: epoch - 1 };
}

/** Drops the own layer; the state takes a new identity, so that its old writes are strangers. */
function discard(state: SessionState): void {
  state.own = changeSetOf();
  state.past = copyPast(state.needPast);
  state.birth = state.need;
  state.dot = { origin: state.origins.next(), epoch: 1 };
  state.dotUsed = false;
  state.generation++;
  state.writes.clear(); // They write nothing any more.
  state.revision++;
  state.unsettled = [];
}

/** `discard` at a user's call. @throws {session-busy} */
export function discardChanges(state: SessionState): void {
  assertIdle(state, "discardChanges");
  discard(state);
}

/** Refuses what takes no write now. @throws {read-only-session} @throws {session-busy} */
export function assertWritable(state: SessionState, operation: string): void {
  assertOpen(state, operation);
  assertIdle(state, operation);
}

/**
 * Lets a write begin, or refuses it; a step of an operation also while a commit waits for that.
 * False: the changes that it belongs to were discarded.
 * @throws {read-only-session} @throws {session-busy}
 */
export function admitWrite(
  state: SessionState,
  operation: string,
  steps: Operation | undefined,
): boolean {
  assertOpen(state, operation);
  if (steps?.isOpen === true) return steps.generation === state.generation;
  assertIdle(state, operation);
  return true;
}

/** @throws {read-only-session} saying what has ended the session, if it was writable */
export function assertOpen(state: SessionState, operation: string): void {
  if (state.mode === "writable") return;
  const isEnded = state.finished || state.closedBy !== undefined;
  const question = isEnded ? ": is an await missing before?" : "";
  throw makeError("read-only-session", `${operation}: ${whyReadOnly(state)}${question}`, {
    details: { operation, snapshotId: state.baseId },
  });
}

/** @throws {session-busy} while another operation runs */
export function assertIdle(state: SessionState, operation: string): void {
  if (state.activity !== undefined) throw busy(operation, state.activity);
}

function busy(operation: string, activity: string): Error {
  const message = `${operation}: the session is busy with ${activity}: await it, and what you call before it`;
  return makeError("session-busy", message, { details: { operation, activity } });
}

/** Remembers a write until it settles: commit, merge and rebase wait for it. */
export function trackWrite<T>(
  state: SessionState,
  write: Promise<T>,
  name: string,
  signal?: AbortSignal,
): Promise<T> {
  state.writes.set(write, { name, signal });
  const forget = (): void => {
    state.writes.delete(write);
  };
  write.then(forget, forget);
  return write;
}

/**
 * Runs `work` while the session takes no writes, after the writes already called have settled, and
 * those that follow reads already called. Aborting while it waits for those rejects at once.
 */
export async function runExclusive<T>(
  state: SessionState,
  activity: Activity,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  assertIdle(state, activity);
  const reads = settleReads(state);
  if (reads !== undefined) {
    await abortable(reads, signal);
    assertWritable(state, activity);
  }
  if (state.parallelWrites > 0) throw busy(activity, "parallelWrite");
  state.activity = activity;
  try {
    if (state.writes.size > 0) await settleWrites(state, signal);
    return await work();
  } finally {
    state.activity = undefined;
  }
}

/**
 * Runs `work`, which merges into the session at its end. It takes writes meanwhile, but no commit,
 * which would be without them.
 */
export async function runParallelWrite<T>(state: SessionState, work: () => Promise<T>): Promise<T> {
  state.parallelWrites++;
  try {
    return await work();
  } finally {
    state.parallelWrites--;
  }
}

/**
 * Like `runExclusive`, but merges wait for one another in the order they were called. `work` must
 * change nothing once its signal has aborted: the caller is told at once, and the session is free.
 */
export async function runMerge<T>(
  state: SessionState,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  if (state.activity !== "merge") assertIdle(state, "merge");
  signal?.throwIfAborted();
  state.activity = "merge";
  state.mergesPending++;
  const turn = state.mergeTail.then(async () => {
    await settleWrites(state, signal);
    return work();
  });
  state.mergeTail = turn.catch(() => undefined);
  try {
    return await abortable(turn, signal);
  } finally {
    state.mergesPending--;
    if (state.mergesPending === 0) state.activity = undefined;
  }
}

async function settleWrites(state: SessionState, signal: AbortSignal | undefined): Promise<void> {
  // Operations of several steps go on writing meanwhile.
  while (state.writes.size > 0) {
    await abortable(Promise.allSettled(state.writes.keys()), signal);
  }
}
