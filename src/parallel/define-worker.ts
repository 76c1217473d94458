/**
 * What runs in a task, thread, process or on another machine: a function of a fork and a task.
 * A worker module exports one as its default; the same module serves every executor.
 */
import { refuseVirtualChunkAccess } from "../assets/virtual-chunk-access.ts";
import { makeError } from "../base/errors.ts";
import { anything, checkOptions, describe, mustBe } from "../base/options.ts";
import type { ForkSession } from "../session/fork-session.ts";
import type { Storage, StorageHint } from "../storage/port.ts";

/** What a worker function is given for one attempt at one task. */
export interface WorkerInput<T> {
  /** A fork of its own: write to `fork.store`; everything written is merged if the attempt succeeds. */
  readonly fork: ForkSession;
  readonly task: T;
  /** Aborts when the whole run is abandoned. */
  readonly signal: AbortSignal;
  /** Sends a JSON value to the coordinator's `onProgress`. */
  readonly report: (data: unknown) => void;
}

/** How a worker reaches the repository. */
export interface WorkerOptions {
  /** Rebuilds the storage from the coordinator's hint with this place's own credentials. */
  readonly storage?: ((hint: StorageHint) => Storage | Promise<Storage>) | undefined;
  /** Virtual chunk containers that this worker may read: `unimplemented` so far. */
  readonly authorizeVirtualChunkAccess?: Readonly<Record<string, unknown>> | undefined;
}

/** A worker. Made by `defineWorker`. */
export interface WorkerDefinition<T = unknown> {
  readonly kind: "icefloe-worker";
  readonly work: (input: WorkerInput<T>) => void | Promise<void>;
  readonly options: WorkerOptions;
}

/** Defines a worker. At-least-once: `work` may run again for the same task, always on a fresh fork. */
export function defineWorker<T>(
  work: (input: WorkerInput<T>) => void | Promise<void>,
  options?: WorkerOptions,
): WorkerDefinition<T> {
  if (typeof work !== "function") {
    throw makeError("invalid-option", `defineWorker: expected a function, got ${describe(work)}`);
  }
  checkOptions("defineWorker", options, {
    storage: anything,
    authorizeVirtualChunkAccess: anything,
  });
  refuseVirtualChunkAccess("defineWorker", options?.authorizeVirtualChunkAccess);
  return Object.freeze({ kind: "icefloe-worker", work, options: options ?? {} });
}

/** Whether `value` is a worker definition, of any copy of this module. */
export function isWorkerDefinition(value: unknown): value is WorkerDefinition {
  return (
    typeof value === "object" &&
    value !== null &&
    (value as WorkerDefinition).kind === "icefloe-worker" &&
    typeof (value as WorkerDefinition).work === "function"
  );
}

/** Loads the definition that a module exports as its default. @throws {invalid-option} */
export async function loadWorkerDefinition(moduleUrl: string): Promise<WorkerDefinition> {
  let loaded: { readonly default?: unknown };
  try {
    loaded = await import(/* @vite-ignore */ moduleUrl);
  } catch (cause) {
    const isTypeScript = (cause as { code?: string }).code === "ERR_UNKNOWN_FILE_EXTENSION";
    throw makeError(
      "invalid-option",
      isTypeScript
        ? `worker ${moduleUrl}: this runtime does not strip types: compile the module, start with a loader such as tsx, or use Node >= 22.18`
        : `worker ${moduleUrl} can't be loaded: ${(cause as Error).message}`,
      { details: { option: "worker", found: moduleUrl }, cause },
    );
  }
  if (isWorkerDefinition(loaded.default)) return loaded.default;
  throw makeError(
    "invalid-option",
    `worker ${moduleUrl}: its default export ${mustBe("made by defineWorker", loaded.default)}`,
    { details: { option: "worker", found: moduleUrl } },
  );
}
