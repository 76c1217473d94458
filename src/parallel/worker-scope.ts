/**
 * Where workers run that started for that alone: a thread or process that loads a worker's module.
 * If that module is the program which starts the run, it would start it again in every worker, and
 * so on without end. Only `work` may start a run there.
 */
import { makeError } from "../base/errors.ts";

/** What the programs of threads and processes leave behind, for every copy of icefloe. */
const SCOPE = Symbol.for("icefloe.worker-scope");

/** One thread or process of workers. */
interface WorkerScope {
  /** Whether the caller was called by a worker's `work`. */
  isWorking(): boolean;
}

/** Says that this thread or process is one of workers. */
export function enterWorkerScope(scope: WorkerScope): void {
  Object.defineProperty(globalThis, SCOPE, { value: scope, configurable: true });
}

/** @throws {not-allowed} called by a module that a worker loads, and not by its work */
export function assertMayStart(operation: string): void {
  const scope = (globalThis as { [SCOPE]?: WorkerScope })[SCOPE];
  if (scope === undefined || scope.isWorking()) return;
  throw makeError(
    "not-allowed",
    `${operation} is called by a module that a worker loads, and would start itself without end: put the worker into a module of its own`,
    { details: { operation } },
  );
}
