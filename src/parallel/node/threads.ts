/**
 * Worker threads over the pool library piscina (an optional peer). A thread that exits fails its
 * attempt with `worker-crashed`; the pool replaces it. No thread outlives the run.
 */
import { availableParallelism } from "node:os";
import { MessageChannel, receiveMessageOnPort } from "node:worker_threads";
import { makeError } from "../../base/errors.ts";
import { lazyPart } from "../../base/lazy-part.ts";
import { checkOptions, describe } from "../../base/options.ts";
import { concurrencyKind } from "../concurrency-option.ts";
import { decodeError, type ErrorValue, isError } from "../error-value.ts";
import type { Executor, Job, JobResult } from "../executor.ts";
import { runJobs } from "../run-jobs.ts";
import type { FromThread } from "./worker-thread.ts";

/** Options of `threads`. */
export interface ThreadsOptions {
  /** Threads at once; default: the machine's parallelism. */
  readonly concurrency?: number | undefined;
}

interface Pool {
  run(job: object, options: { transferList: readonly object[] }): Promise<unknown>;
  destroy(): Promise<void>;
}

/**
 * Runs jobs in worker threads. The storage must be one that can be rebuilt there. A run fails with
 * `missing-dependency` if the package piscina is not installed.
 */
export function threads(options?: ThreadsOptions): Executor {
  checkOptions("threads", options, { concurrency: concurrencyKind });
  const concurrency = options?.concurrency ?? availableParallelism();
  let pool: Promise<Pool> | undefined;
  const close = async (): Promise<void> => {
    const closing = pool;
    pool = undefined;
    if (closing !== undefined) await (await closing).destroy();
  };
  return {
    streams: true,
    async *run(jobs, { signal }) {
      pool ??= openPool(concurrency).catch((error: unknown) => {
        pool = undefined; // Another run may find what this one lacked.
        throw error;
      });
      const opened = await pool;
      const runner = (job: Job, progress: (data: unknown) => void): Promise<JobResult> =>
        runInPool(opened, job, progress);
      try {
        yield* runJobs(
          jobs,
          Array.from({ length: concurrency }, () => runner),
          signal,
        );
      } finally {
        await close();
      }
    },
    close,
  };
}

const loadPiscina = /* @__PURE__ */ lazyPart(async () => {
  try {
    return (await import("piscina")) as unknown as { Piscina: new (options: object) => Pool };
  } catch (cause) {
    if ((cause as { code?: string }).code !== "ERR_MODULE_NOT_FOUND") throw cause;
    throw makeError(
      "missing-dependency",
      "threads() needs the package piscina: npm install piscina",
      { details: { package: "piscina" }, cause },
    );
  }
});

async function openPool(concurrency: number): Promise<Pool> {
  const { Piscina } = await loadPiscina();
  const program = import.meta.url.endsWith(".ts") ? "./worker-thread.ts" : "./worker-thread.js";
  return new Piscina({
    filename: new URL(program, import.meta.url).href,
    minThreads: 0,
    maxThreads: concurrency,
  });
}

async function runInPool(
  pool: Pool,
  { id, attempt, bytes }: Job,
  progress: (data: unknown) => void,
): Promise<JobResult> {
  const { port1, port2 } = new MessageChannel();
  let crash: ErrorValue | undefined;
  const receive = (message: FromThread): void => {
    if ("crash" in message) crash = message.crash;
    else progress(message.progress);
  };
  // What was posted before the job ended may not have been delivered.
  const receiveRest = (): void => {
    for (let last = receiveMessageOnPort(port1); last; last = receiveMessageOnPort(port1)) {
      receive(last.message as FromThread);
    }
  };
  port1.on("message", receive);
  port1.unref();
  try {
    const result = (await pool.run({ bytes, port: port2 }, { transferList: [port2] })) as
      | { bytes: Uint8Array }
      | { error: ErrorValue };
    receiveRest();
    if ("error" in result) return { id, attempt, error: decodeError(result.error) };
    return { id, attempt, bytes: result.bytes };
  } catch (reason) {
    receiveRest();
    const cause = crash === undefined ? reason : decodeError(crash);
    const why = isError(reason) ? reason.message : describe(reason);
    const error = makeError("worker-crashed", `the worker thread ended before its job: ${why}`, {
      details: { job: id, attempt },
      cause,
    });
    return { id, attempt, error };
  } finally {
    port1.close();
  }
}
