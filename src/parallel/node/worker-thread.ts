/** What a worker thread runs: one job at a time, what it reports over a port. */
import type { MessagePort } from "node:worker_threads";
import { type ErrorValue, encodeError } from "../error-value.ts";
import { work } from "./work.ts";

/** A job as the pool hands it to a thread. */
interface ThreadJob {
  readonly bytes: Uint8Array;
  readonly port: MessagePort;
}

/** What comes over the port. */
export type FromThread =
  | { readonly progress: unknown }
  /** Last words: why the thread ends. */
  | { readonly crash: ErrorValue };

const { signal } = new AbortController(); // Threads are ended, not asked.
let openPort: MessagePort | undefined;

process.on("uncaughtExceptionMonitor", (error) => {
  openPort?.postMessage({ crash: encodeError(error) } satisfies FromThread);
});

/** Runs a job; errors come back as values, since a thread boundary strips their fields. */
export default async function run({
  bytes,
  port,
}: ThreadJob): Promise<{ bytes: Uint8Array } | { error: ErrorValue }> {
  openPort = port;
  try {
    const result = await work(bytes, signal, (progress) =>
      port.postMessage({ progress } satisfies FromThread),
    );
    return { bytes: result };
  } catch (error) {
    return { error: encodeError(error) };
  } finally {
    openPort = undefined;
    port.close();
  }
}
