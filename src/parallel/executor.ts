/**
 * The port between `parallelWrite` and whatever runs jobs: bytes in, bytes out. Ten lines make an
 * executor for any engine: docs/workers.md has one. Executors never retry on their own.
 */

/** One attempt at one task. */
export interface Job {
  readonly id: string;
  /** Counts from 1. */
  readonly attempt: number;
  /** What `runJob` takes, in the worker. */
  readonly bytes: Uint8Array;
}

/** What became of a job, or what it reported on the way. */
export type JobResult =
  | { readonly id: string; readonly attempt: number; readonly bytes: Uint8Array }
  | { readonly id: string; readonly attempt: number; readonly error: unknown }
  | { readonly id: string; readonly attempt: number; readonly progress: unknown };

/** What an executor is given for one run. */
export interface ExecutorRun {
  /** Aborts the run: workers stop, the result iterator ends or throws, within 10 seconds. */
  readonly signal: AbortSignal;
  /** Runs a job in this thread: for executors that share the coordinator's memory. */
  readonly runHere: (job: Job) => Promise<JobResult>;
}

/** Runs jobs somewhere. */
export interface Executor {
  /**
   * Takes every job and yields one result for each, in any order; ends when that is done. It may
   * take all jobs before it runs the first. Called again, after its end, for attempts that are
   * made later.
   */
  run(jobs: AsyncIterable<Job>, run: ExecutorRun): AsyncIterable<JobResult>;
  /** Ends workers, also during a run. Idempotent; a later run starts new ones. */
  close(): Promise<void>;
  /** Whether jobs run in the coordinator's thread and may use its storage object. Default false. */
  readonly sharesMemory?: boolean;
  /**
   * Whether it runs jobs while it waits for more, and yields results as they come. `jobs` then ends
   * when every task is settled, so that late retries come at once. Default false: `jobs` ends with
   * the tasks, when the next one has not come for a second while jobs are without result, or when
   * 10,000 are.
   */
  readonly streams?: boolean;
}

/** How many jobs run at once by default where the machine can't be asked. */
export const CONCURRENCY_DEFAULT = 4;
