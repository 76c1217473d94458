/**
 * The port between `parallelWrite` and whatever runs jobs: bytes in, bytes out. Ten lines make an
 * executor for any engine. Executors never retry on their own.
 */

/** One attempt at one task. */
export interface Job {
  readonly id: string;
  /** Counts from 1. */
  readonly attempt: number;
  readonly bytes: Uint8Array;
}

/** What became of a job, or what it reported on the way. */
export type JobResult =
  | { readonly id: string; readonly attempt: number; readonly bytes: Uint8Array }
  | { readonly id: string; readonly attempt: number; readonly error: unknown }
  | { readonly id: string; readonly attempt: number; readonly progress: unknown };

/** What an executor is given for one run. */
export interface ExecutorRun {
  /** Aborts the run: workers stop, the result iterator ends or throws. */
  readonly signal: AbortSignal;
  /** Runs a job in this thread: for executors that share the coordinator's memory. */
  readonly runHere: (job: Job) => Promise<JobResult>;
}

/** Runs jobs somewhere. */
export interface Executor {
  /** Takes jobs as it has room for them; yields results in any order; ends when all jobs have. */
  run(jobs: AsyncIterable<Job>, run: ExecutorRun): AsyncIterable<JobResult>;
  /** Ends workers. Idempotent; a later run starts new ones. */
  close(): Promise<void>;
  /** Whether jobs run in the coordinator's thread and may use its storage object. Default false. */
  readonly sharesMemory?: boolean;
}

/** How many jobs run at once by default where the machine can't be asked. */
export const CONCURRENCY_DEFAULT = 4;
