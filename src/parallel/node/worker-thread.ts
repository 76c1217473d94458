/** What a worker thread runs: one job, its progress over a port. */
import type { MessagePort } from "node:worker_threads";
import { type ErrorValue, encodeError } from "../error-value.ts";
import { runJobIn } from "../job.ts";

/** A job as the pool hands it to a thread. */
interface ThreadJob {
  readonly bytes: Uint8Array;
  readonly port: MessagePort;
}

/** Runs a job; errors come back as values, since a thread boundary strips their fields. */
export default async function run({
  bytes,
  port,
}: ThreadJob): Promise<{ bytes: Uint8Array } | { error: ErrorValue }> {
  const { signal } = new AbortController(); // Threads are ended, not asked.
  try {
    return { bytes: await runJobIn(bytes, { signal, report: (data) => port.postMessage(data) }) };
  } catch (error) {
    return { error: encodeError(error) };
  } finally {
    port.close();
  }
}
