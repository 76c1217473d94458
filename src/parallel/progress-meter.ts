/** Counters behind progress events, and what observers of a run did wrong. */
import type { Runtime } from "../base/runtime.ts";
import type { ParallelEvent, ParallelOccurrence } from "./event.ts";

const WARNINGS_MAX = 100;

/** Counts, and tells whoever listens. A listener that fails is a warning, and no more. */
export class ProgressMeter {
  done = 0;
  total = 0;
  refs = 0;
  bytes = 0;
  readonly #warnings: unknown[] = [];
  readonly #runtime: Runtime;
  readonly #startMicros: number;
  readonly #listener: ((event: ParallelEvent) => unknown) | undefined;

  constructor(runtime: Runtime, listener: ((event: ParallelEvent) => unknown) | undefined) {
    this.#runtime = runtime;
    this.#startMicros = runtime.nowMicros();
    this.#listener = listener;
  }

  /** Milliseconds since the run began. */
  get elapsedMs(): number {
    return (this.#runtime.nowMicros() - this.#startMicros) / 1000;
  }

  /** What went wrong beside the work; the first hundred. */
  get warnings(): readonly unknown[] {
    return Object.freeze([...this.#warnings]);
  }

  emit(occurrence: ParallelOccurrence): void {
    if (this.#listener === undefined) return;
    const { done, total, refs, bytes, elapsedMs } = this;
    const keep = (error: unknown): void => this.#keep(error);
    try {
      const answer = this.#listener({ done, total, refs, bytes, elapsedMs, ...occurrence });
      if (answer instanceof Promise) answer.catch(keep);
    } catch (error) {
      keep(error);
    }
  }

  /** Something failed that does not decide the outcome. */
  warn(error: unknown): void {
    this.#keep(error);
    this.emit({ type: "warned", data: error });
  }

  #keep(error: unknown): void {
    if (this.#warnings.length < WARNINGS_MAX) this.#warnings.push(error);
  }
}
