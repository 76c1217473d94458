/**
 * Which steps of the file system run at once and which in the platform's thread pool.
 *
 * On a local disk a small step takes microseconds and the way to a thread and back ten times as
 * long (measured: stat 5 µs against 45, 10,000 files of 4 KiB read at 122k/s against 32k/s). So
 * small steps block, within limits that keep the event loop turning: after a few milliseconds of
 * blocking they wait until it has turned, and after a slow step, as on a network or a sleeping disk,
 * all of them go to the pool for a while.
 */
import type { Runtime } from "../../base/runtime.ts";

/** A step that carries more bytes goes to a thread: copying them takes longer than the way there. */
export const QUICK_BYTES_MAX: number = 64 * 1024;
/** How long steps may block in all before the event loop turns. */
const BLOCKED_MICROS_MAX = 2000;
/** A step that took so long makes the next ones go to the pool. */
const SLOW_MICROS = 10_000;
const POOLED_STEPS_AFTER_SLOW = 1000;

/** Paces the steps of one file system. */
export class StepPace {
  readonly #runtime: Runtime;
  #blockedMicros = 0;
  #stepsToPool = 0;
  /** Resolves when the event loop has turned. */
  #turn: Promise<void> | undefined;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** Runs a small step: by `quick`, which blocks, or by `pooled`. */
  run<T>(quick: () => T, pooled: () => Promise<T>): T | Promise<T> {
    if (this.#stepsToPool > 0) {
      this.#stepsToPool--;
      return pooled();
    }
    if (this.#blockedMicros < BLOCKED_MICROS_MAX) return this.#block(quick);
    this.#turn ??= this.#makeWay();
    return this.#turn.then(() => this.run(quick, pooled));
  }

  async #makeWay(): Promise<void> {
    try {
      await (this.#runtime.turn?.() ?? this.#runtime.sleep(0));
    } finally {
      this.#turn = undefined;
      this.#blockedMicros = 0;
    }
  }

  #block<T>(step: () => T): T {
    const beganMicros = this.#runtime.nowMicros();
    try {
      return step();
    } finally {
      const tookMicros = Math.max(0, this.#runtime.nowMicros() - beganMicros);
      this.#blockedMicros += tookMicros;
      if (tookMicros > SLOW_MICROS) this.#stepsToPool = POOLED_STEPS_AFTER_SLOW;
    }
  }
}
