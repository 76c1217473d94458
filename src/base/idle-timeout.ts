/** Ends work that shows no sign of life. */
import { onAbort } from "./on-abort.ts";
import type { Runtime } from "./runtime.ts";

/**
 * The result of `work`, which calls `moved` whenever it gets on. Once it has not for
 * `idleTimeoutMs`, rejects with what `late` makes; when `signal` aborts, with its reason. Either
 * way at once, and the signal that `work` got aborts: as it does in the end, to release what is left.
 */
export async function withIdleTimeout<T>(
  runtime: Runtime,
  idleTimeoutMs: number,
  signal: AbortSignal | undefined,
  late: () => Error,
  work: (end: AbortSignal, moved: () => void) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const end = new AbortController();
  const forget = onAbort(signal, () => end.abort(signal?.reason));
  let movedMicros = 0;
  const moved = (): void => {
    movedMicros = runtime.nowMicros();
  };
  const watch = async (): Promise<never> => {
    moved();
    for (let leftMs = idleTimeoutMs; leftMs > 0; ) {
      await runtime.sleep(leftMs, end.signal);
      leftMs = idleTimeoutMs - (runtime.nowMicros() - movedMicros) / 1000;
    }
    throw late();
  };
  try {
    return await Promise.race([watch(), work(end.signal, moved)]);
  } finally {
    forget();
    end.abort();
  }
}
