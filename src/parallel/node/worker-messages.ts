/** What a worker process says to its coordinator. */
import type { ErrorValue } from "../error-value.ts";
import type { Job } from "../executor.ts";

/** A message from a worker process. */
export type FromWorker =
  | { readonly type: "ready" }
  | (Pick<Job, "id" | "attempt"> &
      (
        | { readonly type: "result"; readonly bytes: Uint8Array }
        | { readonly type: "progress"; readonly progress: unknown }
        | { readonly type: "error"; readonly error: ErrorValue }
      ));
