/** The `concurrency` option of executors. */
import { integerFrom } from "../base/options.ts";

const CONCURRENCY_MAX = 1024; // More processes than any machine here can run.

export const concurrencyKind = integerFrom(1, CONCURRENCY_MAX);
