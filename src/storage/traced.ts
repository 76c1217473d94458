/** Reports every request that a storage serves. */

import { anything, checkOptions } from "../base/options.ts";
import { type Runtime, systemRuntime } from "../base/runtime.ts";
import { receivedBytes, type StorageOperation, type StorageRequest } from "./intercept.ts";
import type { ObjectKind, Storage } from "./port.ts";
import { wrapStorage } from "./wrap-storage.ts";

/** One request, after it ended. */
export interface StorageEvent {
  readonly operation: StorageOperation;
  /** The object, the copy's source, the list's prefix, or the first of the paths to delete. */
  readonly path: string;
  /** Of a put or copy. */
  readonly objectKind?: ObjectKind | undefined;
  /** Bytes of the body sent, or of the object received. */
  readonly sizeBytes: number;
  readonly durationMs: number;
  /** `absent`, `unchanged`, `condition-failed`: what a request that succeeded found. */
  readonly outcome: "done" | "absent" | "unchanged" | "condition-failed" | "failed";
  /** Of a failed request. */
  readonly error?: unknown;
}

/** Options of `traced`. */
export interface TracedOptions {
  /** The clock for `durationMs`. Default: the system's. */
  readonly runtime?: Runtime | undefined;
}

function outcomeOf(result: unknown): StorageEvent["outcome"] {
  if (result === undefined) return "absent";
  if (result === "unchanged") return "unchanged";
  if (typeof result !== "object" || result === null || !("outcome" in result)) return "done";
  return result.outcome === "condition-failed" ? "condition-failed" : "done";
}

/**
 * `storage`, calling `onRequest` after each request, in the order in which they end. A listing is
 * one request, from its start to its last entry. What `onRequest` throws fails the request.
 */
export function traced(
  storage: Storage,
  onRequest: (event: StorageEvent) => void,
  options?: TracedOptions,
): Storage {
  checkOptions("traced", options, { runtime: anything });
  const runtime = options?.runtime ?? systemRuntime();
  const begin = (request: StorageRequest) => {
    const startMicros = runtime.nowMicros();
    return (event: Pick<StorageEvent, "outcome" | "error"> & { receivedBytes: number }): void => {
      const { receivedBytes, ...rest } = event;
      onRequest({
        operation: request.operation,
        path: request.path,
        objectKind: request.objectKind,
        sizeBytes: request.sentBytes + receivedBytes,
        durationMs: (runtime.nowMicros() - startMicros) / 1000,
        ...rest,
      });
    };
  };
  return wrapStorage(storage, {
    async request(request, run) {
      const end = begin(request);
      const settled = await run().then(
        (result) => ({ result }),
        (error: unknown) => ({ error }),
      );
      if ("error" in settled) {
        end({ outcome: "failed", error: settled.error, receivedBytes: 0 });
        throw settled.error;
      }
      const { result } = settled;
      end({ outcome: outcomeOf(result), receivedBytes: receivedBytes(result) });
      return result;
    },
    async *list(request, run) {
      const end = begin(request);
      let failure: Pick<StorageEvent, "outcome" | "error"> = { outcome: "done" };
      try {
        yield* run();
      } catch (error) {
        failure = { outcome: "failed", error };
        throw error;
      } finally {
        end({ ...failure, receivedBytes: 0 }); // Also where the reader stopped early.
      }
    },
  });
}
