/**
 * Repeats requests that failed for a passing reason, where repeating cannot do harm.
 *
 * Repeated are reads, deletes, copies and unconditional puts. A conditional put is repeated only
 * if it certainly did not happen: an `unknown-outcome` goes to the caller, who reads back. What
 * passes is what the backend says does: `object-store` errors with `details.retryable`. A backend
 * that has made several attempts itself says so in `details.attempts`: those are not multiplied.
 */
import { isIcefloeError } from "../base/errors.ts";
import { anything, checkOptions, describe, isCount, type OptionKind } from "../base/options.ts";
import { isTransient, type RetryPolicy, repeat, wasRepeated } from "../base/retry.ts";
import { type Runtime, systemRuntime } from "../base/runtime.ts";
import type { StorageRequest } from "./intercept.ts";
import type { Storage } from "./port.ts";
import { wrapStorage } from "./wrap-storage.ts";

/** Options of `withRetry`. Defaults are the official engine's. */
export interface RetryOptions {
  /** How often a request is made at most, the first included. Default 10. */
  readonly attemptsMax?: number | undefined;
  /** The longest pause before the second attempt; it doubles with each. Default 100. */
  readonly initialBackoffMs?: number | undefined;
  /** The longest pause at all. Default 180,000. */
  readonly maxBackoffMs?: number | undefined;
  /** Sleep, and the randomness of pauses. Default: the system's. */
  readonly runtime?: Runtime | undefined;
}

const DEFAULTS: RetryPolicy = { attemptsMax: 10, initialBackoffMs: 100, maxBackoffMs: 180_000 };

function mayRepeat(request: StorageRequest, error: unknown): boolean {
  const { operation, isConditional, isInParts = false } = request;
  // Parts that have been taken do not come again.
  if (isInParts && request.sentBytes > 0) return false;
  if (isTransient(error)) return !wasRepeated(error);
  return operation === "put" && !isConditional && isIcefloeError(error, "unknown-outcome");
}

function atLeast(least: number): OptionKind {
  return (value) => (isCount(value) && value >= least ? undefined : `is ${describe(value)}`);
}

function checkPolicy(options: RetryOptions | undefined): RetryPolicy {
  checkOptions("withRetry", options, {
    attemptsMax: atLeast(1),
    initialBackoffMs: atLeast(0),
    maxBackoffMs: atLeast(0),
    runtime: anything,
  });
  const { attemptsMax, initialBackoffMs, maxBackoffMs } = options ?? {};
  return {
    attemptsMax: attemptsMax ?? DEFAULTS.attemptsMax,
    initialBackoffMs: initialBackoffMs ?? DEFAULTS.initialBackoffMs,
    maxBackoffMs: maxBackoffMs ?? DEFAULTS.maxBackoffMs,
  };
}

/**
 * `storage`, repeating requests that failed for a passing reason, with exponential pauses of
 * random length on top of what a server asks for (`details.retryAfterMs`). A listing is repeated
 * only before its first entry. The last error is thrown as it is. An abort ends the pauses. What
 * the storage has repeated itself, as `httpStorage` does, is not repeated again.
 */
export function withRetry(storage: Storage, options?: RetryOptions): Storage {
  const policy = checkPolicy(options);
  const runtime = options?.runtime ?? systemRuntime();
  const patiently = <T>(request: StorageRequest, run: () => Promise<T>): Promise<T> =>
    repeat(runtime, policy, request.signal, (error) => mayRepeat(request, error), run);
  return wrapStorage(storage, {
    request: patiently,
    async *list(request, run) {
      const opened = await patiently(request, async () => {
        const entries = run()[Symbol.asyncIterator]();
        return { entries, first: await entries.next() };
      });
      if (opened.first.done) return;
      yield opened.first.value;
      yield* { [Symbol.asyncIterator]: () => opened.entries };
    },
  });
}
