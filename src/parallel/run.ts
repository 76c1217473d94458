/**
 * One run of `parallelWrite`: gives jobs to the executor, takes the first result of every task, and
 * merges results as they arrive into a private change set.
 */
import { asBytes } from "../base/bytes.ts";
import { isIcefloeError, makeError } from "../base/errors.ts";
import { abortable } from "../base/on-abort.ts";
import { describe } from "../base/options.ts";
import { waitAtMost } from "../base/runtime.ts";
import type { ParallelMerge } from "../session/merge/parallel.ts";
import type { OverlapPolicy } from "../session/merge/report.ts";
import type { WorkerDefinition } from "./define-worker.ts";
import { isError } from "./error-value.ts";
import type { Executor, ExecutorRun, Job, JobResult } from "./executor.ts";
import { isFinal } from "./final-errors.ts";
import { encodeJob, runJobIn } from "./job.ts";
import { JobSource, type OpenTask } from "./job-source.ts";
import type { ProgressMeter } from "./progress-meter.ts";
import type { ParallelReport } from "./report.ts";
import { checkTask } from "./task-value.ts";

/** What a run is to do. */
export interface RunSettings {
  readonly tasks: Iterable<unknown> | AsyncIterable<unknown>;
  /** URL of the worker's module, or the worker itself. */
  readonly worker: string | WorkerDefinition;
  readonly executor: Executor;
  readonly merge: ParallelMerge;
  readonly meter: ProgressMeter;
  readonly retriesMax: number;
  readonly collectsFailures: boolean;
  readonly onOverlap: OverlapPolicy;
  readonly checkChunks: boolean;
}

/** How long executor and task source may take to end. */
const STOP_MS = 10_000;

/** One run: its counters, and what to do with every result. */
export class Run {
  readonly #settings: RunSettings;
  readonly #signal: AbortSignal;
  readonly #source: JobSource;
  readonly #failures: { task: number; errors: readonly unknown[] }[] = [];
  #results: AsyncIterator<JobResult> | undefined;
  #attempts = 0;
  #retries = 0;
  #mergeMs = 0;

  constructor(settings: RunSettings, signal: AbortSignal) {
    this.#settings = settings;
    this.#signal = signal;
    const { tasks, worker, merge } = settings;
    const url = typeof worker === "string" ? worker : undefined;
    const hint = merge.storage.describe();
    const config = merge.workerConfig;
    this.#source = new JobSource({
      tasks,
      runtime: merge.runtime,
      signal,
      check: checkTask,
      encode: (task) => encodeJob({ worker: url, hint, task, config }, merge.forkBytes),
      onStart: (open) => this.#started(open),
    });
  }

  /**
   * Runs all tasks and merges what they wrote into the session.
   * @throws {storage-not-shareable} the executor's workers can't reach the storage
   */
  async execute(): Promise<Omit<ParallelReport, "warnings">> {
    const { tasks, executor, meter, merge, onOverlap } = this.#settings;
    assertReachable(this.#settings);
    const planMs = meter.elapsedMs;
    if (Array.isArray(tasks)) meter.total = tasks.length;
    meter.emit({ type: "planned" });
    const context: ExecutorRun = { signal: this.#signal, runHere: (job) => this.#runHere(job) };
    let hasMore = true;
    while (hasMore) {
      const jobs = this.#source.startRound(executor.streams === true);
      await this.#takeAll(executor.run(jobs, context));
      hasMore = await abortable(this.#source.endRound(), this.#signal);
    }
    const workedMs = meter.elapsedMs;
    await merge.apply({ onOverlap, signal: this.#signal });
    this.#mergeMs += meter.elapsedMs - workedMs;
    meter.emit({ type: "merged" });
    return {
      tasks: this.#source.taken,
      attempts: this.#attempts,
      retries: this.#retries,
      failures: this.#failures,
      merge: merge.report,
      phasesMs: Object.freeze({ plan: planMs, work: workedMs - planMs, merge: this.#mergeMs }),
    };
  }

  /**
   * Ends the executor and closes the task source, once the signal has aborted or all is done. What
   * fails there is a warning. Answers the error of what did not end in time.
   */
  async stop(): Promise<Error | undefined> {
    const { executor, merge, meter } = this.#settings;
    const parts: readonly (readonly [string, () => unknown])[] = [
      ["the executor's close()", () => executor.close()],
      ["the executor's run()", () => this.#results?.return?.()],
      ["the task source", () => this.#source.close()],
    ];
    const running = new Set(parts.map(([part]) => part));
    const ending = parts.map(async ([part, end]) => {
      try {
        await end();
      } catch (error) {
        meter.warn(error);
      }
      running.delete(part);
    });
    await waitAtMost(merge.runtime, STOP_MS, Promise.all(ending));
    if (running.size === 0) return undefined;
    const error = makeError(
      "executor-failed",
      `${[...running].join(" and ")} did not end within ${STOP_MS / 1000} s`,
      { details: { waitedMs: STOP_MS } },
    );
    meter.warn(error);
    return error;
  }

  /** Takes results until the executor ends; rejects as soon as the signal aborts. */
  async #takeAll(results: AsyncIterable<JobResult>): Promise<void> {
    const iterator = results?.[Symbol.asyncIterator]?.();
    if (iterator === undefined) throw broken("run() answered no async iterable", results);
    this.#results = iterator;
    for (;;) {
      const next = await abortable(iterator.next(), this.#signal);
      if (next.done === true) return;
      await this.#take(next.value);
    }
  }

  async #runHere({ id, attempt, bytes }: Job): Promise<JobResult> {
    const { meter, worker, merge } = this.#settings;
    try {
      const result = await runJobIn(bytes, {
        signal: this.#signal,
        report: (data) => meter.emit({ type: "reported", task: Number(id), data }),
        worker,
        storage: merge.storage,
      });
      return { id, attempt, bytes: result };
    } catch (error) {
      return { id, attempt, error };
    }
  }

  #started(open: OpenTask): void {
    const { meter } = this.#settings;
    this.#attempts++;
    meter.total = Math.max(meter.total, this.#source.taken);
    meter.emit({ type: "started", task: open.index });
  }

  async #take(result: JobResult): Promise<void> {
    if (typeof result !== "object" || result === null) throw broken("it yielded no result", result);
    const open = this.#source.find(result.id, result.attempt);
    if (open === undefined) return; // A second delivery, or an attempt that was given up.
    if ("progress" in result) {
      this.#settings.meter.emit({ type: "reported", task: open.index, data: result.progress });
    } else if ("error" in result) {
      this.#failed(open, result.error);
    } else {
      const bytes = asBytes(result.bytes);
      if (bytes === undefined) throw broken("it yielded a result without bytes", result.bytes);
      await this.#done(open, bytes);
    }
  }

  async #done(open: OpenTask, bytes: Uint8Array): Promise<void> {
    const { meter, merge, onOverlap, checkChunks } = this.#settings;
    const beganMs = meter.elapsedMs;
    const report = await merge.add(bytes, {
      task: open.index,
      onOverlap,
      checkChunks,
      signal: this.#signal,
    });
    this.#mergeMs += meter.elapsedMs - beganMs;
    meter.done++;
    meter.refs += report.chunks;
    meter.bytes += bytes.length;
    meter.emit({ type: "done", task: open.index });
    this.#source.settle(open);
  }

  #failed(open: OpenTask, error: unknown): void {
    const { meter, retriesMax, collectsFailures } = this.#settings;
    open.errors.push(error);
    if (open.attempt <= retriesMax && !isFinal(error)) {
      this.#retries++;
      meter.emit({ type: "retried", task: open.index, data: error });
      this.#source.retry(open);
      return;
    }
    meter.emit({ type: "failed", task: open.index, data: error });
    if (!collectsFailures) throw taskFailed(open, error);
    this.#failures.push({ task: open.index, errors: open.errors });
    this.#source.settle(open);
  }
}

function assertReachable({ executor, merge: { storage } }: RunSettings): void {
  if (executor.sharesMemory === true || storage.describe() !== undefined) return;
  throw makeError(
    "storage-not-shareable",
    `the storage ${storage.id} can't be reached from other threads or processes: use a folder or an object store, or tasks()`,
    { details: { storage: storage.id } },
  );
}

function broken(how: string, found: unknown): Error {
  return makeError(
    "executor-failed",
    `the executor breaks its contract: ${how}, but ${describe(found)}`,
  );
}

function taskFailed({ index, attempt, errors }: OpenTask, cause: unknown): Error {
  return makeError(
    "task-failed",
    `task ${index} failed ${attempt} time(s), the last: ${isError(cause) ? cause.message : describe(cause)}`,
    {
      details: {
        task: index,
        attempts: attempt,
        errors: errors.map((one) =>
          isIcefloeError(one) ? one.toJSON() : isError(one) ? String(one) : describe(one),
        ),
      },
      cause,
    },
  );
}
