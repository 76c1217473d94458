/** Exponential backoff with full jitter, bounded in attempts. */
import { type Runtime, randomFraction } from "./runtime.ts";

/** How often and how patiently to retry. */
export interface RetryPolicy {
  readonly attemptsMax: number;
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
}

/** Sleeps before attempt number `attempt` (0 = the first, no sleep): up to `initial * 2^(attempt-1)`, capped. */
export async function backoff(
  runtime: Runtime,
  policy: RetryPolicy,
  attempt: number,
  signal?: AbortSignal,
): Promise<void> {
  if (attempt <= 0) return;
  const ceilingMs = Math.min(policy.maxBackoffMs, policy.initialBackoffMs * 2 ** (attempt - 1));
  await runtime.sleep(randomFraction(runtime) * ceilingMs, signal);
}
