/** The `concurrency` option of executors. */
import { makeError } from "../base/errors.ts";
import { describe } from "../base/options.ts";

const CONCURRENCY_MAX = 1024; // More processes than any machine here can run.

/** Checks the option; throws `invalid-option` unless it is an integer in [1, 1024]. */
export function checkConcurrency(
  operation: string,
  concurrency: number | undefined,
  fallback: number,
): number {
  if (concurrency === undefined) return fallback;
  if (Number.isSafeInteger(concurrency) && concurrency >= 1 && concurrency <= CONCURRENCY_MAX) {
    return concurrency;
  }
  throw makeError(
    "invalid-option",
    `${operation}: concurrency must be an integer from 1 to ${CONCURRENCY_MAX}, got ${describe(concurrency)}`,
    { details: { option: "concurrency", found: concurrency } },
  );
}
