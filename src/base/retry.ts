/** Exponential backoff with full jitter. */
import { type Runtime, randomFraction } from "./runtime.ts";

/** How patiently to retry. */
export interface BackoffTimes {
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
}

/** How patiently to retry, and how often. */
export interface RetryPolicy extends BackoffTimes {
  readonly attemptsMax: number;
}

/** Sleeps before attempt number `attempt` (0 = the first, no sleep): up to `initial * 2^(attempt-1)`, capped. */
export async function backoff(
  runtime: Runtime,
  times: BackoffTimes,
  attempt: number,
  signal?: AbortSignal,
): Promise<void> {
  if (attempt <= 0) return;
  const ceilingMs = Math.min(times.maxBackoffMs, times.initialBackoffMs * 2 ** (attempt - 1));
  await runtime.sleep(randomFraction(runtime) * ceilingMs, signal);
}
