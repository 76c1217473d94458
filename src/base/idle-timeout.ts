/** Ends work that shows no sign of life. */
import { onAbort } from "./on-abort.ts";
import type { Runtime } from "./runtime.ts";

/** How long work may take. */
export interface TimeLimits {
  /** Without a sign of life. */
  readonly idleTimeoutMs: number;
  /** In all. */
  readonly totalTimeoutMs?: number | undefined;
}

/**
 * The result of `work`, which calls `moved` whenever it gets on. Once it has not for
 * `idleTimeoutMs`, or has taken `totalTimeoutMs`, rejects with what `late` makes; when `signal`
 * aborts, with its reason. Either way at once, and the signal that `work` got aborts: as it does in
 * the end, to release what is left.
 */
export async function withIdleTimeout<T>(
  runtime: Runtime,
  { idleTimeoutMs, totalTimeoutMs = Number.POSITIVE_INFINITY }: TimeLimits,
  signal: AbortSignal | undefined,
  late: (isIdle: boolean) => Error,
  work: (end: AbortSignal, moved: () => void) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const end = new AbortController();
  const forget = onAbort(signal, () => end.abort(signal?.reason));
  const startMicros = runtime.nowMicros();
  let movedMicros = startMicros;
  const moved = (): void => {
    movedMicros = runtime.nowMicros();
  };
  const watch = async (): Promise<never> => {
    let idleMs = idleTimeoutMs;
    let leftMs = totalTimeoutMs;
    while (idleMs > 0 && leftMs > 0) {
      await runtime.sleep(Math.min(idleMs, leftMs), end.signal);
      const nowMicros = runtime.nowMicros();
      idleMs = idleTimeoutMs - (nowMicros - movedMicros) / 1000;
      leftMs = totalTimeoutMs - (nowMicros - startMicros) / 1000;
    }
    throw late(idleMs <= 0);
  };
  try {
    return await Promise.race([watch(), work(end.signal, moved)]);
  } finally {
    forget();
    end.abort();
  }
}
