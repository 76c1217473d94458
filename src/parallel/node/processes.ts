/**
 * Worker processes over `node:child_process`: one job at a time each, bytes over the built-in
 * channel. A process that exits or is killed fails its attempt with `worker-crashed` and is
 * replaced when the next job comes. No process outlives the run.
 */
import { type ChildProcess, fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { makeError } from "../../base/errors.ts";
import { onAbort } from "../../base/on-abort.ts";
import { anything, checkOptions } from "../../base/options.ts";
import { concurrencyKind } from "../concurrency-option.ts";
import { decodeError } from "../error-value.ts";
import type { Executor, Job, JobResult } from "../executor.ts";
import { runJobs } from "../run-jobs.ts";
import { inheritedArguments, withoutInputType, withoutProgram } from "./exec-argv.ts";
import { type FromWorker, isMarked, marked, type ToWorker } from "./worker-messages.ts";

/** Options of `processes`. */
export interface ProcessesOptions {
  /** Processes at once; default: the machine's parallelism. */
  readonly concurrency?: number | undefined;
  /** Environment variables of the workers, beside the parent's own. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /**
   * Arguments for node itself; default: the parent's, so that its loaders are inherited, but not
   * its inspector. What says which program runs (`-e`, `--input-type`, `--test`) is left out.
   */
  readonly execArgv?: readonly string[] | undefined;
}

/** Runs jobs in worker processes. The storage must be one that other processes can reach. */
export function processes(options?: ProcessesOptions): Executor {
  checkOptions("processes", options, {
    concurrency: concurrencyKind,
    env: anything,
    execArgv: anything,
  });
  const concurrency = options?.concurrency ?? availableParallelism();
  const alive = new Set<WorkerProcess>();
  const killAll = async (): Promise<void> => {
    await Promise.all([...alive].map((worker) => worker.kill()));
  };
  const runner = (): ((job: Job, progress: (data: unknown) => void) => Promise<JobResult>) => {
    let worker: WorkerProcess | undefined;
    return async (job, progress) => {
      if (worker === undefined || worker.hasExited) {
        worker = new WorkerProcess(options ?? {}, (gone) => alive.delete(gone));
        alive.add(worker);
      }
      return worker.run(job, progress);
    };
  };
  return {
    streams: true,
    async *run(jobs, { signal }) {
      const forget = onAbort(signal, () => void killAll());
      try {
        yield* runJobs(jobs, Array.from({ length: concurrency }, runner), signal);
      } finally {
        forget();
        await killAll();
      }
    },
    close: killAll,
  };
}

const WORKER_PROGRAM = import.meta.url.endsWith(".ts")
  ? "./worker-process.ts"
  : "./worker-process.js";

function environmentWith(own: ProcessesOptions["env"]): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, ...own };
  const { NODE_OPTIONS } = env;
  return NODE_OPTIONS === undefined
    ? env
    : { ...env, NODE_OPTIONS: withoutInputType(NODE_OPTIONS) };
}

/** One child process and the job it has. */
class WorkerProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  #settle: ((result: JobResult) => void) | undefined;
  #job: Job | undefined;
  #progress: (data: unknown) => void = () => undefined;
  #exit: string | undefined;
  #crash: { readonly reason: unknown } | undefined;

  constructor({ env, execArgv }: ProcessesOptions, onExit: (worker: WorkerProcess) => void) {
    this.#child = fork(fileURLToPath(new URL(WORKER_PROGRAM, import.meta.url)), [], {
      serialization: "advanced",
      env: environmentWith(env),
      execArgv: execArgv ? withoutProgram(execArgv) : inheritedArguments(process.execArgv),
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#child.on("message", (message) => this.#receive(message));
    this.#exited = new Promise((resolve) => {
      const ended = (how: string): void => {
        if (this.#exit !== undefined) return;
        this.#exit = how;
        onExit(this);
        this.#fail(how);
        resolve();
      };
      this.#child.on("exit", (code, signal) =>
        ended(signal === null ? `exit code ${code}` : `signal ${signal}`),
      );
      this.#child.on("error", (error) => {
        this.#child.kill("SIGKILL"); // It may not have started, or not be reachable.
        ended(error.message);
      });
    });
  }

  /** Whether the process has ended: it takes no more jobs. */
  get hasExited(): boolean {
    return this.#exit !== undefined;
  }

  /** Runs a job; a crash is a result. */
  run(job: Job, progress: (data: unknown) => void): Promise<JobResult> {
    return new Promise((resolve) => {
      this.#job = job;
      this.#settle = resolve;
      this.#progress = progress;
      if (this.#exit !== undefined) return this.#fail(this.#exit);
      this.#child.send(marked<ToWorker>({ type: "job", ...job }), (error) => {
        if (error !== null) this.#fail(error.message);
      });
    });
  }

  /** Ends the process at once; resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.#exit === undefined) this.#child.kill("SIGKILL");
    await this.#exited;
  }

  /** The channel is open to the worker's program too: what is not ours, and not of now, passes. */
  #receive(message: unknown): void {
    if (!isMarked<FromWorker>(message)) return;
    if (message.type === "crash") {
      this.#crash = { reason: decodeError(message.error) };
      return;
    }
    const job = this.#job;
    if (job?.id !== message.id || job.attempt !== message.attempt) return;
    const { id, attempt } = message;
    if (message.type === "progress") this.#progress(message.progress);
    else if (message.type === "result") this.#end({ id, attempt, bytes: message.bytes });
    else this.#end({ id, attempt, error: decodeError(message.error) });
  }

  #fail(how: string): void {
    const job = this.#job;
    if (job === undefined) return;
    const { id, attempt } = job;
    const pid = this.#child.pid;
    const cause = this.#crash?.reason;
    const why = cause instanceof Error ? `: ${cause.message}` : "";
    const error = makeError(
      "worker-crashed",
      `the worker process ended before its job: ${how}${why}`,
      { details: { pid, exit: how, job: id, attempt }, ...(cause === undefined ? {} : { cause }) },
    );
    this.#end({ id, attempt, error });
  }

  #end(result: JobResult): void {
    const settle = this.#settle;
    this.#settle = undefined;
    this.#job = undefined;
    settle?.(result);
  }
}
