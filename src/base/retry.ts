/** Repeating what failed for a passing reason, with exponential backoff and full jitter. */
import { type IcefloeError, isIcefloeError } from "./errors.ts";
import { type Runtime, randomFraction } from "./runtime.ts";

/** How patiently to retry. */
export interface BackoffTimes {
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
}

/** How patiently to retry, and how often. */
export interface RetryPolicy extends BackoffTimes {
  readonly attemptsMax: number;
  /** No attempt begins later than this after the first. Default: attempts alone are counted. */
  readonly totalTimeoutMs?: number | undefined;
}

/** A pause before attempt number `attempt` + 1: up to `initial * 2^(attempt-1)`, capped. */
function backoffMs(runtime: Runtime, times: BackoffTimes, attempt: number): number {
  const ceilingMs = Math.min(times.maxBackoffMs, times.initialBackoffMs * 2 ** (attempt - 1));
  return randomFraction(runtime) * ceilingMs;
}

/** Sleeps before attempt number `attempt` (0 = the first, no sleep): up to `initial * 2^(attempt-1)`, capped. */
export async function backoff(
  runtime: Runtime,
  times: BackoffTimes,
  attempt: number,
  signal?: AbortSignal,
): Promise<void> {
  if (attempt > 0) await runtime.sleep(backoffMs(runtime, times, attempt), signal);
}

/** Whether repeating the request that failed with `error` may help: the backend says so. */
export function isTransient(error: unknown): error is IcefloeError {
  return isIcefloeError(error, "object-store") && error.details["retryable"] === true;
}

/** Whether the storage itself has tried several times: repeating would multiply its attempts. */
export function wasRepeated(error: unknown): boolean {
  return isIcefloeError(error) && Number(error.details["attempts"]) > 1;
}

/** The pause that the server has asked for. */
function askedPauseMs(error: unknown): number {
  return isIcefloeError(error) ? Number(error.details["retryAfterMs"] ?? 0) : 0;
}

/**
 * Runs `run` until it succeeds, fails for good, or patience ends: then the last error is thrown as
 * it is. A pause that the error asks for (`retryAfterMs`) is kept, unless it is longer than any
 * pause may be: that ends it as well.
 */
export async function repeat<T>(
  runtime: Runtime,
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
  mayRepeat: (error: unknown) => boolean,
  run: (attempt: number) => Promise<T>,
): Promise<T> {
  const { attemptsMax, maxBackoffMs, totalTimeoutMs = Number.POSITIVE_INFINITY } = policy;
  const startMicros = runtime.nowMicros();
  for (let attempt = 1; ; attempt++) {
    try {
      return await run(attempt);
    } catch (error) {
      if (attempt >= attemptsMax || !mayRepeat(error)) throw error;
      const askedMs = askedPauseMs(error);
      // On top of what was asked: all whom the server sent away would come back at one moment.
      const pauseMs = askedMs + backoffMs(runtime, policy, attempt);
      const spentMs = (runtime.nowMicros() - startMicros) / 1000;
      if (askedMs > maxBackoffMs || spentMs + pauseMs > totalTimeoutMs) throw error;
      await runtime.sleep(pauseMs, signal);
    }
  }
}
