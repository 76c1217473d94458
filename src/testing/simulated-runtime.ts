/**
 * A clock, dice and sleep that repeat: one seed gives one history, and hours pass in no time.
 * Time moves only when it is told to, or, by default, when everybody sleeps.
 */
import { onAbort } from "../base/on-abort.ts";
import { anything, checkOptions, describe } from "../base/options.ts";
import { type Runtime, systemRuntime } from "../base/runtime.ts";

/** Options of `simulatedRuntime`. */
export interface SimulatedRuntimeOptions {
  /** Decides every random byte. Default 1. */
  readonly seed?: number | undefined;
  /** Microseconds since the Unix epoch. Default 2026-01-01T00:00:00Z. */
  readonly startMicros?: number | undefined;
  /**
   * Whether the clock jumps to the next sleeper once nothing else has run for a while (counted in
   * turns of the microtask queue, so it does not depend on the machine). Default true.
   */
  readonly autoAdvance?: boolean | undefined;
}

/** A runtime that a test drives. */
export interface SimulatedRuntime extends Runtime {
  /** How many are asleep. */
  readonly sleeperCount: number;
  /** Moves the clock forward and wakes, in order of their time, all who are due. */
  advance(milliseconds: number): void;
  /** Moves the clock to the next sleeper and wakes it; false if nobody sleeps. */
  advanceToNext(): boolean;
}

interface Sleeper {
  readonly wakeMicros: number;
  readonly wake: () => void;
}

const START_MICROS = Date.UTC(2026, 0, 1) * 1000;
// Long chains of awaits run between two requests; only past this many turns is nothing going on.
const IDLE_TURNS = 1000;
// Now and then real work (files, threads) gets its turn too, or a loop that sleeps would starve it.
const JUMPS_PER_BREATH = 64;

/** xoshiro128** seeded by splitmix32: small, fast, and good enough for simulations. Never for secrets. */
function seededBytes(seed: number): (byteCount: number) => Uint8Array {
  let mixed = seed >>> 0;
  const splitmix = (): number => {
    mixed = (mixed + 0x9e3779b9) >>> 0;
    let z = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
  let [a, b, c, d] = [splitmix(), splitmix(), splitmix(), splitmix()];
  const rotate = (x: number, k: number): number => (x << k) | (x >>> (32 - k));
  const next = (): number => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return result;
  };
  return (byteCount) => {
    const bytes = new Uint8Array(byteCount);
    for (let i = 0; i < byteCount; i += 4) {
      const word = next();
      for (let k = 0; k < 4 && i + k < byteCount; k++) bytes[i + k] = (word >>> (8 * k)) & 0xff;
    }
    return bytes;
  };
}

function integer(value: unknown): string | undefined {
  return Number.isSafeInteger(value) ? undefined : `is ${describe(value)}`;
}

/** A runtime whose time and randomness a seed decides. */
export function simulatedRuntime(options?: SimulatedRuntimeOptions): SimulatedRuntime {
  checkOptions("simulatedRuntime", options, {
    seed: integer,
    startMicros: integer,
    autoAdvance: anything,
  });
  const { seed = 1, startMicros = START_MICROS, autoAdvance = true } = options ?? {};
  const breather = systemRuntime();
  let nowMicros = startMicros;
  let isWatching = false;
  let sleepCalls = 0;
  const sleepers: Sleeper[] = []; // By time of waking; among equals, who came first.

  const advanceToNext = (): boolean => {
    const next = sleepers.shift();
    if (next === undefined) return false;
    nowMicros = Math.max(nowMicros, next.wakeMicros);
    next.wake();
    return true;
  };

  const watch = async (): Promise<void> => {
    isWatching = true;
    for (let jump = 1; sleepers.length > 0; jump++) {
      const calls = sleepCalls;
      for (let turn = 0; turn < IDLE_TURNS && calls === sleepCalls; turn++) await undefined;
      if (calls === sleepCalls) advanceToNext();
      if (jump % JUMPS_PER_BREATH === 0) await breather.sleep(0);
    }
    isWatching = false;
  };

  return {
    nowMicros: () => Math.floor(nowMicros),
    randomBytes: seededBytes(seed),
    get sleeperCount() {
      return sleepers.length;
    },
    advanceToNext,
    advance(milliseconds) {
      const target = nowMicros + milliseconds * 1000;
      while ((sleepers[0]?.wakeMicros ?? Number.POSITIVE_INFINITY) <= target) advanceToNext();
      nowMicros = target;
    },
    sleep(milliseconds, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        sleepCalls++;
        const sleeper: Sleeper = {
          wakeMicros: nowMicros + Math.max(0, milliseconds) * 1000,
          wake: () => {
            forget();
            resolve();
          },
        };
        const after = sleepers.findIndex((other) => other.wakeMicros > sleeper.wakeMicros);
        sleepers.splice(after < 0 ? sleepers.length : after, 0, sleeper);
        const forget = onAbort(signal, () => {
          sleepers.splice(sleepers.indexOf(sleeper), 1);
          reject(signal?.reason);
        });
        if (autoAdvance && !isWatching) void watch();
      });
    },
  };
}
