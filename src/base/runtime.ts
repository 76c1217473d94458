/**
 * Clock, randomness and sleep: the only ambient sources, injected everywhere so that a
 * simulator can drive the whole engine. No other file may read a clock or roll dice.
 */
import { onAbort } from "./on-abort.ts";

/** What the engine needs from its surroundings. */
export interface Runtime {
  /** Microseconds since the Unix epoch. May repeat or go back; callers enforce order themselves. */
  nowMicros(): number;
  /** `byteCount` fresh random bytes. */
  randomBytes(byteCount: number): Uint8Array;
  /** Resolves after about `milliseconds`; rejects with `signal.reason` on abort. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
  /** Resolves once the event loop has turned. If left out, work makes way by `sleep(0)`. */
  turn?(): Promise<void>;
}

/** As it is before tests of users replace timers, or work on files would wait for those. */
const nextTurn: ((done: () => void) => void) | undefined = globalThis.setImmediate;

const POOL_BYTES = 4096; // One system call per ~340 ids instead of one per id.

function pooledRandomBytes(): (byteCount: number) => Uint8Array {
  let pool = new Uint8Array(0);
  let used = 0;
  return (byteCount) => {
    if (byteCount > POOL_BYTES) return crypto.getRandomValues(new Uint8Array(byteCount));
    if (used + byteCount > pool.length) {
      pool = crypto.getRandomValues(new Uint8Array(POOL_BYTES));
      used = 0;
    }
    used += byteCount;
    return pool.slice(used - byteCount, used);
  };
}

function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const timer = setTimeout(() => {
      forget();
      resolve();
    }, milliseconds);
    const forget = onAbort(signal, () => {
      clearTimeout(timer);
      reject(signal?.reason);
    });
  });
}

/** A runtime over the platform's own clock, random source and timers. */
export function systemRuntime(): Runtime {
  // performance.now() adds microseconds to a clock that has only milliseconds.
  const { timeOrigin } = performance;
  return {
    nowMicros: () => Math.floor((timeOrigin + performance.now()) * 1000),
    randomBytes: pooledRandomBytes(),
    sleep,
    // A timer would take a millisecond at least.
    ...(nextTurn !== undefined && { turn: () => new Promise(nextTurn) }),
  };
}

/** Resolves when `promise` has, or after that time; rejects as `promise` does. */
export async function waitAtMost(
  runtime: Runtime,
  milliseconds: number,
  promise: Promise<unknown>,
): Promise<void> {
  const over = new AbortController();
  try {
    await Promise.race([promise, runtime.sleep(milliseconds, over.signal)]);
  } finally {
    over.abort("over"); // Without a reason it would make an error, with a stack.
  }
}

/** A float in [0, 1) from the runtime's random source; for jitter. */
export function randomFraction(runtime: Runtime): number {
  const bytes = runtime.randomBytes(4);
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0) / 2 ** 32;
}
