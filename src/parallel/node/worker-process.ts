/**
 * The program that a worker process runs: takes jobs from its parent, one at a time, and sends
 * results back. Ends when the parent does.
 */
import { encodeError } from "../error-value.ts";
import type { Job } from "../executor.ts";
import { work } from "./work.ts";
import { type FromWorker, isMarked, marked, type ToWorker } from "./worker-messages.ts";

const abort = new AbortController();

/** Throws what can't be sent; without a parent there is nobody to send it to. */
function send(message: FromWorker): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

async function take({ id, attempt, bytes }: Job): Promise<void> {
  try {
    const result = await work(bytes, abort.signal, (progress) =>
      send(marked({ type: "progress", id, attempt, progress })),
    );
    send(marked({ type: "result", id, attempt, bytes: result }));
  } catch (error) {
    send(marked({ type: "error", id, attempt, error: encodeError(error) }));
  }
}

process.on("message", (message) => {
  if (isMarked<ToWorker>(message)) void take(message);
});
process.on("uncaughtExceptionMonitor", (error) => {
  send(marked({ type: "crash", error: encodeError(error) }));
});
process.on("disconnect", () => {
  abort.abort(new Error("the coordinator is gone"));
  process.exit(0);
});
