/** The `concurrency` option of executors. */
import { checkOption, integerFrom } from "../base/options.ts";

const CONCURRENCY_MAX = 1024; // More processes than any machine here can run.

/** Checks the option. @throws {invalid-option} unless it is an integer in [1, 1024] */
export function checkConcurrency(
  operation: string,
  concurrency: number | undefined,
  fallback: number,
): number {
  if (concurrency === undefined) return fallback;
  checkOption(operation, "concurrency", concurrency, integerFrom(1, CONCURRENCY_MAX));
  return concurrency;
}
