/**
 * Writes that were called and have not ended where all must have: nobody waits for them, so what
 * they would write is lost. Mostly a forgotten `await`.
 */
import { makeError } from "../../base/errors.ts";
import { abortable } from "../../base/on-abort.ts";
import { waitAtMost } from "../../base/runtime.ts";
import { mustGetState } from "./access.ts";
import { hasOwnChanges, type SessionState } from "./state.ts";

/** How many writes an error names in its message, and in its details. */
const NAMED_MAX = 3;
const LISTED_MAX = 100;
/** How long a worker that has written nothing is watched, and how often. */
const PATIENCE_MS = 250;
const STEP_MS = 10;
/** How long the end of a piece of work waits for reads: they may be followed by writes. */
const READS_MS_MAX = 5000;
/** How often it waits again for reads that came meanwhile. */
const ROUNDS_MAX = 64;
const NONE_LATE: ReadonlySet<string> = new Set();

/** Refuses to go on without the writes in flight. @throws {writes-in-flight} naming them */
export function assertSettled(state: SessionState, operation: string): void {
  assertNone(namesInFlight(state), operation);
}

/**
 * Ends a transaction's work on a session: it must have waited for its writes. What has read and is
 * about to write is found as far as that is possible: reads under way may end, and what waits for
 * them gets its turn.
 * @throws {writes-in-flight} a write was in flight, or came later
 */
export function endWork(session: object, work: string, signal?: AbortSignal): Promise<void> {
  return watchForWrites(mustGetState(session), work, 0, signal);
}

/**
 * `endWork` for a worker, whose later writes nobody would hear of. One that has written nothing is
 * watched for a while: its writes may wait for a codec that is being loaded.
 * @throws {writes-in-flight} a write was in flight, or came later
 */
export function endAttempt(fork: object, work: string, signal?: AbortSignal): Promise<void> {
  const state = mustGetState(fork);
  const patienceMs = hasOwnChanges(state) ? 0 : PATIENCE_MS;
  return watchForWrites(state, work, patienceMs, signal);
}

/**
 * Gives reads under way time to end, and what waits for them its turn to write: a library that
 * reads a chunk, changes it and writes it back has been called already.
 */
export function settleReads(state: SessionState): Promise<void> | undefined {
  return state.reads === 0 ? undefined : untilQuiet(state, NONE_LATE, 0);
}

async function watchForWrites(
  state: SessionState,
  work: string,
  patienceMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  assertSettled(state, work);
  const late = new Set<string>();
  state.lateWrites = late;
  const quiet = untilQuiet(state, late, patienceMs);
  try {
    await abortable(quiet, signal);
  } finally {
    state.lateWrites = undefined;
  }
  assertNone(late, work);
}

async function untilQuiet(
  state: SessionState,
  late: ReadonlySet<string>,
  patienceMs: number,
): Promise<void> {
  const { runtime } = state.engine;
  for (let waitedMs = 0; waitedMs < patienceMs && late.size === 0; waitedMs += STEP_MS) {
    await runtime.sleep(STEP_MS);
  }
  for (let round = 0; round < ROUNDS_MAX && late.size === 0; round++) {
    await runtime.sleep(0);
    if (state.reads === 0) return;
    const others = state.whenRead;
    const read = new Promise<void>((resolve) => {
      state.whenRead = () => {
        state.whenRead = undefined;
        others?.();
        resolve();
      };
    });
    await waitAtMost(runtime, READS_MS_MAX, read);
    if (state.reads > 0) return; // Something hangs.
  }
}

function namesInFlight({ writes, parallelWrites }: SessionState): Set<string> {
  const names = new Set(parallelWrites > 0 ? ["parallelWrite"] : []);
  for (const { name, signal } of writes.values()) if (signal?.aborted !== true) names.add(name);
  return names;
}

function assertNone(names: ReadonlySet<string>, operation: string): void {
  if (names.size === 0) return;
  const first = [...names].slice(0, NAMED_MAX).join(", ");
  const more = names.size > NAMED_MAX ? ", …" : "";
  throw makeError(
    "writes-in-flight",
    `${operation}: ${names.size} write(s) have begun and not ended, is an await missing? ${first}${more}`,
    { details: { operation, total: names.size, writes: [...names].slice(0, LISTED_MAX) } },
  );
}
