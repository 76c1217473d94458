/**
 * `parallelWrite`: many workers fill one session. Mints attempts from fresh fork bytes, takes the
 * first result per task, merges results as they arrive into a private change set, and applies it
 * to the session once at the end. A failure or an abort leaves the session untouched; a retried
 * attempt leaves nothing in the commit.
 */
import { isIcefloeError, makeError } from "../base/errors.ts";
import {
  abortSignal,
  anything,
  checkOption,
  checkOptions,
  describe,
  functionKind,
  integerFrom,
  mustBe,
  type OptionKinds,
  objectWith,
  oneOf,
} from "../base/options.ts";
import { beginParallelMerge, type ParallelMerge } from "../session/merge/parallel.ts";
import type { MergeReport } from "../session/merge/report.ts";
import type { Session } from "../session/session.ts";
import { isWorkerDefinition, type WorkerDefinition } from "./define-worker.ts";
import type { ParallelEvent } from "./event.ts";
import type { Executor, JobResult } from "./executor.ts";
import { encodeJob, runJob } from "./job.ts";
import { createJobSource, type JobSource, type OpenTask } from "./job-source.ts";
import { ProgressMeter } from "./progress-meter.ts";
import { checkTask } from "./task-value.ts";
import { tasks as tasksExecutor } from "./tasks.ts";

/** Options of `parallelWrite`. */
export interface ParallelWriteOptions<T> {
  /** URL of a module whose default export is a worker, or the definition itself (tasks only). */
  readonly worker: URL | string | WorkerDefinition<T>;
  /** JSON values; checked and refused by index. An async source is read as workers take jobs. */
  readonly tasks: Iterable<T> | AsyncIterable<T>;
  /** Default: `tasks()`, promises in this thread. Closed at the end. */
  readonly executor?: Executor | undefined;
  /** Attempts after the first; default 2. */
  readonly retriesPerTask?: number | undefined;
  /** `reject` (default): a task that fails past its retries rejects the whole. `collect`: it is reported. */
  readonly onTaskFailure?: "reject" | "collect" | undefined;
  /** Chunks that two tasks, or a task and the session, wrote. The lower task index, or the session, is `ours`. */
  readonly onOverlap?: "error" | "ours" | "theirs" | undefined;
  readonly checkChunks?: "sample" | "none" | undefined;
  readonly onProgress?: ((event: ParallelEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a run did. */
export interface ParallelReport {
  readonly tasks: number;
  readonly attempts: number;
  readonly retries: number;
  readonly failures: readonly { readonly task: number; readonly errors: readonly unknown[] }[];
  readonly merge: MergeReport;
  readonly phasesMs: { readonly plan: number; readonly work: number; readonly merge: number };
}

const RETRIES_DEFAULT = 2;
const RETRIES_MAX = 1000;
const OPTIONS: OptionKinds = {
  worker: anything,
  tasks: anything,
  executor: objectWith("run", "an executor such as tasks()"),
  retriesPerTask: integerFrom(0, RETRIES_MAX),
  onTaskFailure: oneOf(["reject", "collect"]),
  onOverlap: oneOf(["error", "ours", "theirs"]),
  checkChunks: oneOf(["sample", "none"]),
  onProgress: functionKind,
  signal: abortSignal,
};

/**
 * Runs `worker` once per task and merges what the workers wrote into `session`, all or none.
 * @throws {task-failed} a task failed past its retries; `details.errors` has every cause
 * @throws {merge-overlap} two tasks wrote one chunk: align their regions (`chunkRegions`)
 * @throws {merge-failed} two tasks changed one node
 * @throws {fork-base-mismatch} a worker wrote into another repository
 * @throws {invalid-fork-bytes} an executor returned something else than a result
 * @throws {storage-not-shareable} before anything starts
 * @throws {read-only-session} read-only or committed
 * @throws {session-busy} a commit, merge or rebase is running
 */
export async function parallelWrite<T>(
  session: Session,
  options: ParallelWriteOptions<T>,
): Promise<ParallelReport> {
  checkOptions("parallelWrite", options, OPTIONS);
  checkRun(options as ParallelWriteOptions<unknown>);
  const executor = options.executor ?? tasksExecutor();
  const controller = new AbortController();
  const { signal } = options;
  signal?.throwIfAborted();
  const onAbort = (): void => controller.abort(signal?.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  const merge = await beginParallelMerge(session, controller.signal);
  const run = new Run(
    options as ParallelWriteOptions<unknown>,
    executor,
    merge,
    options.retriesPerTask ?? RETRIES_DEFAULT,
  );
  try {
    return await run.execute(controller.signal);
  } catch (error) {
    throw signal?.aborted === true ? signal.reason : error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
    controller.abort(makeError("internal", "the run is over"));
    await executor.close();
  }
}

/** Checks worker and tasks as far as can be before a worker starts. */
function checkRun({ worker, tasks, executor }: ParallelWriteOptions<unknown>): void {
  const refuse = (option: string, expected: string, found: unknown): void =>
    checkOption("parallelWrite", option, found, (value) => mustBe(expected, value));
  const isModule = worker instanceof URL || typeof worker === "string";
  if (!isModule && !isWorkerDefinition(worker)) {
    refuse("worker", "a module's URL or a definition made by defineWorker", worker);
  }
  if (typeof worker === "string" && !URL.canParse(worker)) {
    refuse("worker", 'an absolute URL: new URL("./worker.js", import.meta.url)', worker);
  }
  if (!isModule && executor !== undefined && executor.sharesMemory !== true) {
    refuse(
      "worker",
      "a module's URL: a function can't be sent to another thread or process",
      worker,
    );
  }
  const isIterable =
    typeof tasks === "object" &&
    tasks !== null &&
    (Symbol.iterator in tasks || Symbol.asyncIterator in tasks);
  if (!isIterable) refuse("tasks", "an iterable or async iterable", tasks);
  if (Array.isArray(tasks)) for (const [index, task] of tasks.entries()) checkTask(task, index);
}

/** One run: its counters, and what to do with every result. */
class Run {
  readonly #options: ParallelWriteOptions<unknown>;
  readonly #executor: Executor;
  readonly #merge: ParallelMerge;
  readonly #retriesMax: number;
  readonly #meter: ProgressMeter;
  readonly #failures: { task: number; errors: readonly unknown[] }[] = [];
  #attempts = 0;
  #retries = 0;
  #mergeMs = 0;

  constructor(
    options: ParallelWriteOptions<unknown>,
    executor: Executor,
    merge: ParallelMerge,
    retriesMax: number,
  ) {
    this.#options = options;
    this.#executor = executor;
    this.#merge = merge;
    this.#retriesMax = retriesMax;
    this.#meter = new ProgressMeter(merge.runtime, options.onProgress);
  }

  async execute(signal: AbortSignal): Promise<ParallelReport> {
    const { worker, tasks } = this.#options;
    const isShared = this.#executor.sharesMemory === true;
    const { storage, forkBytes, workerConfig: config } = this.#merge;
    const hint = storage.describe();
    if (!isShared && hint === undefined) {
      throw makeError(
        "storage-not-shareable",
        `the storage ${storage.id} can't be reached from other threads or processes: use a folder or an object store, or tasks()`,
        { details: { storage: storage.id } },
      );
    }
    const definition = isWorkerDefinition(worker) ? worker : undefined;
    const url = definition === undefined ? String(worker) : undefined;
    const source = createJobSource({
      tasks,
      signal,
      check: checkTask,
      encode: (task) => encodeJob({ worker: url, hint, task, config }, forkBytes),
      onStart: (open) => this.#started(open, source),
    });
    const local = isShared ? { definition, storage } : undefined;
    const planMs = this.#meter.elapsedMs;
    if (Array.isArray(tasks)) this.#meter.total = tasks.length;
    this.#meter.emit({ type: "planned" });
    const results = this.#executor.run(source.jobs(), {
      signal,
      runHere: async ({ id, attempt, bytes }) => {
        try {
          const report = (progress: unknown): void =>
            this.#meter.emit({ type: "reported", task: Number(id), data: progress });
          return { id, attempt, bytes: await runJob(bytes, { signal, report, local }) };
        } catch (error) {
          return { id, attempt, error };
        }
      },
    });
    for await (const result of results) {
      signal.throwIfAborted();
      await this.#take(result, source, signal);
    }
    signal.throwIfAborted();
    if (source.open > 0)
      throw makeError("task-failed", `the executor ended with ${source.open} task(s) open`);
    return this.#finish(source, planMs, signal);
  }

  #started(open: OpenTask, source: JobSource): void {
    this.#attempts++;
    this.#meter.total = Math.max(this.#meter.total, source.taken);
    this.#meter.emit({ type: "started", task: open.index });
  }

  async #take(result: JobResult, source: JobSource, signal: AbortSignal): Promise<void> {
    const open = source.find(result.id, result.attempt);
    if (open === undefined) return; // A second delivery, or an attempt that was given up.
    if ("progress" in result) {
      this.#meter.emit({ type: "reported", task: open.index, data: result.progress });
    } else if ("error" in result) {
      this.#failed(open, result.error, source);
    } else {
      await this.#done(open, result.bytes, source, signal);
    }
  }

  async #done(
    open: OpenTask,
    bytes: Uint8Array,
    source: JobSource,
    signal: AbortSignal,
  ): Promise<void> {
    const beganMs = this.#meter.elapsedMs;
    const { onOverlap = "error", checkChunks } = this.#options;
    const report = await this.#merge.add(bytes, {
      task: open.index,
      onOverlap,
      checkChunks: checkChunks !== "none",
      signal,
    });
    this.#mergeMs += this.#meter.elapsedMs - beganMs;
    source.settle(open.id);
    this.#meter.done++;
    this.#meter.refs += report.chunks;
    this.#meter.bytes += bytes.length;
    this.#meter.emit({ type: "done", task: open.index });
  }

  #failed(open: OpenTask, error: unknown, source: JobSource): void {
    open.errors.push(error);
    // What is wrong with the input is wrong at every attempt.
    const isHopeless = isIcefloeError(error) && error.category === "invalid-input";
    if (open.attempt <= this.#retriesMax && !isHopeless) {
      this.#retries++;
      this.#meter.emit({ type: "retried", task: open.index, data: error });
      source.retry(open.id);
      return;
    }
    this.#meter.emit({ type: "failed", task: open.index, data: error });
    if (this.#options.onTaskFailure === "collect") {
      this.#failures.push({ task: open.index, errors: open.errors });
      source.settle(open.id);
      return;
    }
    throw makeError(
      "task-failed",
      `task ${open.index} failed ${open.attempt} time(s), the last: ${(error as Error)?.message ?? describe(error)}`,
      {
        details: {
          task: open.index,
          attempts: open.attempt,
          errors: open.errors.map((one) => (isIcefloeError(one) ? one.toJSON() : String(one))),
        },
        cause: error,
      },
    );
  }

  async #finish(source: JobSource, planMs: number, signal: AbortSignal): Promise<ParallelReport> {
    const beganMs = this.#meter.elapsedMs;
    await this.#merge.apply({ onOverlap: this.#options.onOverlap ?? "error", signal });
    this.#mergeMs += this.#meter.elapsedMs - beganMs;
    this.#meter.emit({ type: "merged" });
    return Object.freeze({
      tasks: source.taken,
      attempts: this.#attempts,
      retries: this.#retries,
      failures: this.#failures,
      merge: this.#merge.report,
      phasesMs: Object.freeze({ plan: planMs, work: beganMs - planMs, merge: this.#mergeMs }),
    });
  }
}
