/** Counters behind progress events. */
import type { Runtime } from "../base/runtime.ts";
import type { ParallelEvent, ParallelOccurrence } from "./event.ts";

/** Counts, and tells whoever listens. */
export class ProgressMeter {
  done = 0;
  total = 0;
  refs = 0;
  bytes = 0;
  readonly #runtime: Runtime;
  readonly #startMicros: number;
  readonly #listener: ((event: ParallelEvent) => void) | undefined;

  constructor(runtime: Runtime, listener: ((event: ParallelEvent) => void) | undefined) {
    this.#runtime = runtime;
    this.#startMicros = runtime.nowMicros();
    this.#listener = listener;
  }

  /** Milliseconds since the run began. */
  get elapsedMs(): number {
    return (this.#runtime.nowMicros() - this.#startMicros) / 1000;
  }

  emit(occurrence: ParallelOccurrence): void {
    const { done, total, refs, bytes, elapsedMs } = this;
    this.#listener?.({ done, total, refs, bytes, elapsedMs, ...occurrence });
  }
}
