/**
 * What coordinator and worker processes say to each other. The channel belongs to the worker's
 * program too, which may say anything: only what carries the mark is ours.
 */
import type { ErrorValue } from "../error-value.ts";
import type { Job } from "../executor.ts";

const MARK = "icefloe-worker";

type OfJob = Pick<Job, "id" | "attempt">;

/** To a worker process: a job. */
export type ToWorker = Marked<{ readonly type: "job" } & Job>;

/** From a worker process. */
export type FromWorker = Marked<
  | ({ readonly type: "result"; readonly bytes: Uint8Array } & OfJob)
  | ({ readonly type: "progress"; readonly progress: unknown } & OfJob)
  | ({ readonly type: "error"; readonly error: ErrorValue } & OfJob)
  /** Last words: why the process ends. */
  | { readonly type: "crash"; readonly error: ErrorValue }
>;

type Marked<T> = T & { readonly channel: typeof MARK };
type Unmarked<T> = T extends unknown ? Omit<T, "channel"> : never;

/** Puts the mark on a message. */
export function marked<T extends ToWorker | FromWorker>(message: Unmarked<T>): T {
  return { channel: MARK, ...message } as unknown as T;
}

/** Whether a message of the channel is ours. */
export function isMarked<T extends ToWorker | FromWorker>(message: unknown): message is T {
  return (
    typeof message === "object" &&
    message !== null &&
    (message as { channel?: unknown }).channel === MARK
  );
}
