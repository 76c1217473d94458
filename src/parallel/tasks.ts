/** The executor without workers: attempts run as promises in this thread, a fork each. */
import { checkOptions } from "../base/options.ts";
import { concurrencyKind } from "./concurrency-option.ts";
import { CONCURRENCY_DEFAULT, type Executor } from "./executor.ts";
import { runJobs } from "./run-jobs.ts";

/** Options of `tasks`. */
export interface TasksOptions {
  /** Attempts under way at once; default 4. */
  readonly concurrency?: number | undefined;
}

/** Runs jobs in this thread. Any storage will do, `memoryStorage` too. For I/O-bound work. */
export function tasks(options?: TasksOptions): Executor {
  checkOptions("tasks", options, { concurrency: concurrencyKind });
  const concurrency = options?.concurrency ?? CONCURRENCY_DEFAULT;
  return {
    sharesMemory: true,
    streams: true,
    run: (jobs, { signal, runHere }) =>
      runJobs(
        jobs,
        Array.from({ length: concurrency }, () => runHere),
        signal,
      ),
    close: async () => undefined,
  };
}
