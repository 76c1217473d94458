/**
 * How the requests of a storage are made: how many at once, how often, how patiently. One policy
 * stands at the lowest floor that can repeat a request by itself: for servers that is one HTTP
 * request (http/http-request.ts). What it gives up says how often it was made (`details.attempts`),
 * and is not repeated on a higher floor.
 */
import { createLimiter } from "../base/concurrency.ts";
import { isIcefloeError } from "../base/errors.ts";
import { isTransient, type RetryPolicy, repeat } from "../base/retry.ts";
import type { Runtime } from "../base/runtime.ts";

/** How the requests of a storage are made. */
export interface RequestLimits extends RetryPolicy {
  /** How long a request may go without a byte. */
  readonly idleTimeoutMs: number;
  /** Requests under way at once, while the server does not complain. */
  readonly concurrencyMax: number;
}

/** The limits that are said; for the others the default. */
export function requestLimits(
  said: {
    readonly [Key in keyof RequestLimits]?: RequestLimits[Key] | undefined;
  },
): RequestLimits {
  return {
    attemptsMax: said.attemptsMax ?? 5,
    initialBackoffMs: said.initialBackoffMs ?? 100,
    maxBackoffMs: said.maxBackoffMs ?? 30_000,
    totalTimeoutMs: said.totalTimeoutMs ?? 60_000,
    idleTimeoutMs: said.idleTimeoutMs ?? 30_000,
    concurrencyMax: said.concurrencyMax ?? 256,
  };
}

/** Runs requests as its limits say. */
export interface RequestPolicy {
  readonly runtime: Runtime;
  readonly limits: RequestLimits;
  /** Runs `attempt`, which gets its number, until it succeeds or may not be repeated. */
  run<T>(signal: AbortSignal | undefined, attempt: (number: number) => Promise<T>): Promise<T>;
}

/** A policy with slots of its own. */
export function createRequestPolicy(runtime: Runtime, limits: RequestLimits): RequestPolicy {
  const slots = createLimiter(limits.concurrencyMax);
  let concurrency = limits.concurrencyMax;
  /** Requests begun, and how many of them there were when the number of slots last changed. */
  let begun = 0;
  let settledAt = 0;
  let successes = 0;

  const change = (to: number): void => {
    concurrency = to;
    settledAt = begun;
    successes = 0;
    slots.resize(concurrency);
  };

  /** Halved once per complaint: requests under way meanwhile meet the same one. */
  const slowDown = (number: number): void => {
    if (number > settledAt) change(Math.max(1, concurrency >> 1));
  };

  /** One slot more after as many successes as there are slots. */
  const speedUp = (): void => {
    if (concurrency < limits.concurrencyMax && ++successes >= concurrency) change(concurrency + 1);
  };

  return {
    runtime,
    limits,
    run: (signal, attempt) =>
      repeat(runtime, limits, signal, isTransient, async (attempts) => {
        await slots.enter(signal);
        const number = ++begun;
        try {
          const result = await attempt(attempts);
          speedUp();
          return result;
        } catch (error) {
          if (isThrottled(error)) slowDown(number);
          throw error;
        } finally {
          slots.leave();
        }
      }),
  };
}

/** Whether the server asks for fewer requests. */
function isThrottled(error: unknown): boolean {
  const status = isIcefloeError(error) ? error.details["status"] : undefined;
  return status === 429 || status === 503;
}
