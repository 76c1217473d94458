/**
 * What happens when a signal aborts. Many operations wait on one signal: it gets one listener for
 * all of them, which no platform takes for a leak.
 */

interface Listener {
  readonly callbacks: Set<() => void>;
  readonly call: () => void;
}

const listeners = new WeakMap<AbortSignal, Listener>();

/**
 * Calls `callback` once if `signal` aborts from now on. The function that it answers takes the
 * callback back: call it when the operation is over.
 */
export function onAbort(signal: AbortSignal | undefined, callback: () => void): () => void {
  if (signal === undefined) return () => undefined;
  const { callbacks, call } = listeners.get(signal) ?? listen(signal);
  const own = (): void => callback(); // Equal callbacks count each.
  callbacks.add(own);
  return () => {
    if (!callbacks.delete(own) || callbacks.size > 0) return;
    listeners.delete(signal);
    signal.removeEventListener("abort", call);
  };
}

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

/** Runs `work` with a signal of its own, which aborts as `signal` does. */
export async function withOwnSignal<T>(
  signal: AbortSignal,
  work: (own: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const abort = (): void => controller.abort(signal.reason);
  if (signal.aborted) abort();
  const forget = onAbort(signal, abort);
  try {
    return await work(controller.signal);
  } finally {
    forget();
  }
}

function listen(signal: AbortSignal): Listener {
  const callbacks = new Set<() => void>();
  const call = (): void => {
    for (const callback of callbacks) callback();
  };
  const listener = { callbacks, call };
  listeners.set(signal, listener);
  signal.addEventListener("abort", call, { once: true });
  return listener;
}
