/**
 * `parallelWrite`: many workers fill one session. Mints attempts from fresh fork bytes, takes the
 * first result per task, merges results as they arrive into a private change set, and applies it
 * to the session once at the end. A failure or an abort leaves the session untouched; a retried
 * attempt leaves nothing in the commit.
 */
import { makeError } from "../base/errors.ts";
import { onAbort } from "../base/on-abort.ts";
import {
  abortSignal,
  anything,
  checkOption,
  checkOptions,
  functionKind,
  integerFrom,
  mustBe,
  type OptionKinds,
  objectWith,
  oneOf,
} from "../base/options.ts";
import { type ParallelMerge, runParallelMerge } from "../session/merge/parallel.ts";
import type { Session } from "../session/session.ts";
import { isWorkerDefinition, type WorkerDefinition } from "./define-worker.ts";
import type { ParallelEvent } from "./event.ts";
import type { Executor } from "./executor.ts";
import { ProgressMeter } from "./progress-meter.ts";
import type { ParallelReport } from "./report.ts";
import { Run, type RunSettings } from "./run.ts";
import { checkTask } from "./task-value.ts";
import { tasks as tasksExecutor } from "./tasks.ts";
import { assertMayStart } from "./worker-scope.ts";

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
  /** Told what happens. If it throws, that is a warning of the report. */
  readonly onProgress?: ((event: ParallelEvent) => void) | undefined;
  /** Rejects with its reason once the executor has ended, which may take 10 seconds. */
  readonly signal?: AbortSignal | undefined;
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
 * Runs `worker` once per task and merges what the workers wrote into `session`, all or none. The
 * session takes writes meanwhile, but no commit or rebase (`session-busy`).
 * @throws {task-failed} a task failed past its retries; `details.errors` has every cause, such as
 *   `writes-in-flight` where a worker has not waited for all the writes it has called
 * @throws {merge-overlap} two tasks wrote one chunk: align their regions (`chunkRegions`)
 * @throws {merge-failed} two tasks changed one node
 * @throws {fork-base-mismatch} a worker wrote into another repository
 * @throws {invalid-fork-bytes} an executor returned other bytes than those of a result
 * @throws {executor-failed} it left jobs without result or tasks undone, gave one result for two
 *   jobs or something else than bytes, or did not end within 10 seconds after an abort
 * @throws {storage-not-shareable} before anything starts
 * @throws {not-allowed} called by a module that a worker loads
 * @throws {read-only-session} read-only or committed, or closed meanwhile
 * @throws {session-busy} a commit, merge or rebase is running
 */
export async function parallelWrite<T>(
  session: Session,
  options: ParallelWriteOptions<T>,
): Promise<ParallelReport> {
  assertMayStart("parallelWrite");
  checkOptions("parallelWrite", options, OPTIONS);
  checkRun(options as ParallelWriteOptions<unknown>);
  const { signal } = options;
  signal?.throwIfAborted();
  const controller = new AbortController();
  const forget = onAbort(signal, () => controller.abort(signal?.reason));
  try {
    return await runParallelMerge(
      session,
      (merge) => runAll(settingsOf(options as ParallelWriteOptions<unknown>, merge), controller),
      controller.signal,
    );
  } finally {
    forget();
  }
}

function settingsOf(options: ParallelWriteOptions<unknown>, merge: ParallelMerge): RunSettings {
  const { worker, tasks, executor, onProgress } = options;
  return {
    worker: isWorkerDefinition(worker) ? worker : String(worker),
    tasks,
    executor: executor ?? tasksExecutor(),
    merge,
    meter: new ProgressMeter(merge.runtime, onProgress),
    retriesMax: options.retriesPerTask ?? RETRIES_DEFAULT,
    collectsFailures: options.onTaskFailure === "collect",
    onOverlap: options.onOverlap ?? "error",
    checkChunks: options.checkChunks !== "none",
  };
}

/** Runs, and ends what runs, whatever came of it: only the tasks and the merge decide. */
async function runAll(settings: RunSettings, controller: AbortController): Promise<ParallelReport> {
  const run = new Run(settings, controller.signal);
  let report: Omit<ParallelReport, "warnings">;
  try {
    report = await run.execute();
  } catch (error) {
    const { aborted, reason } = controller.signal;
    controller.abort(error);
    const late = await run.stop();
    if (!aborted) throw error;
    if (late === undefined) throw reason;
    throw makeError("executor-failed", `after the abort, ${late.message}`, { cause: reason });
  }
  controller.abort(makeError("internal", "the run is over"));
  await run.stop();
  return Object.freeze({ ...report, warnings: settings.meter.warnings });
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
