/** Waiting that an abort ends. */
import { onAbort } from "./on-abort.ts";

/**
 * `promise`, or a rejection with `signal.reason` as soon as the signal aborts: `onLeave` is called
 * then, within the abort.
 */
export function abortable<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  onLeave?: () => void,
): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      reject(signal.reason);
      onLeave?.();
    };
    const stay = onAbort(signal, leave);
    // Once the promise has ended an abort comes too late, also before its caller has heard of it.
    promise.then(
      (value) => {
        stay();
        resolve(value);
      },
      (error) => {
        stay();
        reject(error);
      },
    );
    if (signal.aborted) leave();
  });
}
