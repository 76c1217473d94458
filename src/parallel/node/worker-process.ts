/**
 * The program that a worker process runs: takes jobs from its parent, one at a time, and sends
 * results back. Ends when the parent does.
 */
import { encodeError } from "../error-value.ts";
import type { Job } from "../executor.ts";
import { runJobIn } from "../job.ts";
import type { FromWorker } from "./worker-messages.ts";

const abort = new AbortController();

function send(message: FromWorker): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) return resolve();
    process.send(message, undefined, undefined, () => resolve());
  });
}

async function work({ id, attempt, bytes }: Job): Promise<void> {
  const report = (progress: unknown): void => {
    void send({ type: "progress", id, attempt, progress });
  };
  try {
    const result = await runJobIn(bytes, { signal: abort.signal, report });
    await send({ type: "result", id, attempt, bytes: result });
  } catch (error) {
    await send({ type: "error", id, attempt, error: encodeError(error) });
  }
}

process.on("message", (job: Job) => {
  void work(job);
});
process.on("disconnect", () => {
  abort.abort(new Error("the coordinator is gone"));
  process.exit(0);
});
void send({ type: "ready" });
