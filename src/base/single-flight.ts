/** Joins concurrent requests for the same thing into one. */
import { onAbort } from "./on-abort.ts";

/** Runs at most one `load` per key at a time; late callers share the running one. */
interface SingleFlight<T> {
  /** The result of the running load for `key`, or of a new one. One caller's abort does not stop the others. */
  run(key: string, load: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

/** A single-flight group. Failed loads are forgotten at once. */
export function createSingleFlight<T>(): SingleFlight<T> {
  const running = new Map<string, Promise<T>>();
  return {
    run(key, load, signal) {
      let flight = running.get(key);
      if (flight === undefined) {
        flight = load().finally(() => running.delete(key));
        running.set(key, flight);
      }
      return signal === undefined ? flight : abortable(flight, signal);
    },
  };
}

/** `promise`, or a rejection with `signal.reason` as soon as the signal aborts. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      promise.catch(() => undefined);
      return reject(signal.reason);
    }
    const forget = onAbort(signal, () => reject(signal.reason));
    promise.then(resolve, reject).finally(forget);
  });
}
