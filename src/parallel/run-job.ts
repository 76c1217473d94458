/** `runJob`: the worker's half of every executor, for engines that icefloe knows nothing of. */
import {
  abortSignal,
  checkOption,
  checkOptions,
  functionKind,
  mustBe,
  type OptionKind,
  type OptionKinds,
} from "../base/options.ts";
import type { Storage, StorageHint } from "../storage/port.ts";
import { isWorkerDefinition, type WorkerDefinition } from "./define-worker.ts";
import { runJobIn } from "./job.ts";

/** Options of `runJob`. */
export interface RunJobOptions {
  /**
   * The worker, or the URL of its module. Named here and not by the job: bytes that arrive never
   * choose which code runs.
   */
  readonly worker: WorkerDefinition<never> | URL | string;
  /** The storage, or how to make it from the coordinator's hint. Default: as the worker says. */
  readonly storage?: Storage | ((hint: StorageHint) => Storage | Promise<Storage>) | undefined;
  /** Takes what the worker reports; carry it back as a result with `progress`. Default: dropped. */
  readonly report?: ((data: unknown) => void) | undefined;
  /** Aborts the attempt. */
  readonly signal?: AbortSignal | undefined;
}

const NEVER = new AbortController().signal;
const OPTIONS: OptionKinds = {
  worker: (value) =>
    isWorkerDefinition(value) || value instanceof URL || URL.canParse(String(value))
      ? undefined
      : mustBe("made by defineWorker, or the URL of a module that exports one", value),
  storage: (value) =>
    typeof value === "function" || (typeof value === "object" && value !== null)
      ? undefined
      : mustBe("a storage, or a function of a hint", value),
  report: functionKind,
  signal: abortSignal,
};

/**
 * Runs one job (`Job.bytes`) and resolves to the bytes of its result. Whatever goes wrong rejects:
 * send the error back instead (`encodeError`). A few reads of the repository, and what the worker
 * does.
 * @throws {invalid-fork-bytes} the bytes are no job, damaged, or of another version of icefloe
 * @throws {storage-not-shareable} the coordinator's storage has no hint, and no storage is given
 * @throws {fork-base-mismatch} the storage holds another repository
 * @throws {writes-in-flight} the worker has not waited for all the writes it has called
 */
export async function runJob(bytes: Uint8Array, options: RunJobOptions): Promise<Uint8Array> {
  checkOptions("runJob", options, OPTIONS);
  const { worker, storage, report = () => undefined, signal = NEVER } = options ?? {};
  checkOption("runJob", "worker", worker, OPTIONS["worker"] as OptionKind);
  return runJobIn(bytes, {
    worker: isWorkerDefinition(worker) ? worker : String(worker),
    storage,
    report,
    signal,
  });
}
