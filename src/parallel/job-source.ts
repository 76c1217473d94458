/**
 * The queue of attempts: retries first, then tasks in order. Holds one task per attempt under way
 * and one more, so an endless task source is read only as fast as workers take jobs. A retry never
 * waits for the task source.
 */
import { makeError } from "../base/errors.ts";
import { onAbort } from "../base/on-abort.ts";
import type { Runtime } from "../base/runtime.ts";
import type { Job } from "./executor.ts";

/** A task that was taken from the source and is not settled. */
export interface OpenTask {
  readonly id: string;
  readonly index: number;
  readonly task: unknown;
  attempt: number;
  /** Whether its attempt was handed out and has no result yet. */
  isOut: boolean;
  readonly errors: unknown[];
}

/** What a job source needs to make jobs. */
interface JobSourceOptions {
  readonly tasks: Iterable<unknown> | AsyncIterable<unknown>;
  readonly runtime: Runtime;
  readonly signal: AbortSignal;
  /** Checks a task; throws to end the run. */
  readonly check: (task: unknown, index: number) => void;
  /** The bytes of one attempt. */
  readonly encode: (task: unknown) => Uint8Array;
  /** Called when an attempt is handed out. */
  readonly onStart: (open: OpenTask) => void;
}

/** Jobs for one call of an executor. */
interface Round {
  /** Ends only when every task is settled. */
  readonly isLive: boolean;
  /** Whether the executor was told that there are no more jobs. */
  isOver: boolean;
}

/** An executor that waits for its next job. */
interface Waiter {
  readonly resolve: (next: IteratorResult<Job>) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * How long a round waits for the next task while jobs are without result. The executor may be one
 * that takes all jobs before it runs any, and the task source one that waits for results.
 */
const LULL_MS = 1000;
/** Jobs without result at once in such a round: task sources may be endless. */
const OUT_MAX = 10_000;
const END: IteratorResult<Job> = Object.freeze({ done: true, value: undefined });

/** Hands out jobs, and learns what became of them. */
export class JobSource {
  readonly #options: JobSourceOptions;
  readonly #open = new Map<string, OpenTask>();
  readonly #retries: OpenTask[] = [];
  readonly #waiters: Waiter[] = [];
  #iterator: Iterator<unknown> | AsyncIterator<unknown> | undefined;
  /** The task after those handed out, if it has come already. */
  #next: OpenTask | undefined;
  #pull: Promise<void> | undefined;
  #hasEnded = false;
  #failure: { readonly reason: unknown } | undefined;
  #round: Round = { isLive: false, isOver: true };
  #taken = 0;
  #out = 0;
  #results = 0;
  #isWatching = false;

  constructor(options: JobSourceOptions) {
    this.#options = options;
    onAbort(options.signal, () => this.#fail(options.signal.reason));
  }

  /** Tasks taken from the source so far. */
  get taken(): number {
    return this.#taken;
  }

  /** Jobs for one call of an executor, which `streams` or takes them all before it runs them. */
  startRound(streams: boolean): AsyncIterable<Job> {
    const round: Round = { isLive: streams, isOver: false };
    this.#round = round;
    const next = (): Promise<IteratorResult<Job>> =>
      new Promise((resolve, reject) => {
        if (round.isOver) return resolve(END);
        this.#waiters.push({ resolve, reject });
        this.#serve();
      });
    return { [Symbol.asyncIterator]: () => ({ next }) };
  }

  /**
   * Called when the executor has ended. Answers whether it has to be called again.
   * @throws {executor-failed} it left jobs without result, or tasks without a job
   */
  async endRound(): Promise<boolean> {
    this.#throwIfFailed();
    const unanswered = [...this.#open.values()].filter(({ isOut }) => isOut);
    if (unanswered.length > 0) {
      const tasks = unanswered.slice(0, 10).map(({ index }) => index);
      throw makeError(
        "executor-failed",
        `the executor ended without a result for ${unanswered.length} job(s), of task(s) ${tasks.join(", ")}`,
        { details: { unanswered: unanswered.length, tasks } },
      );
    }
    while (!this.#isReady && !this.#hasEnded) {
      await this.#pullTask();
      this.#throwIfFailed();
    }
    if (!this.#isReady) return false;
    if (this.#round.isOver) return true;
    const taken = this.#taken - (this.#next === undefined ? 0 : 1);
    throw makeError(
      "executor-failed",
      `the executor ended after ${taken} task(s), before it had taken all jobs`,
      { details: { taken } },
    );
  }

  /** The task of a result that counts: known, unsettled, of the attempt under way. */
  find(id: string, attempt: number): OpenTask | undefined {
    this.#results++;
    const entry = this.#open.get(id);
    return entry?.attempt === attempt && entry.isOut ? entry : undefined;
  }

  /** The task is done or given up. */
  settle(entry: OpenTask): void {
    this.#answered(entry);
    this.#open.delete(entry.id);
    this.#serve();
  }

  /** The task is tried again. */
  retry(entry: OpenTask): void {
    this.#answered(entry);
    entry.attempt++;
    this.#retries.push(entry);
    this.#serve();
  }

  /** Closes the task source unless it has ended. Does not wait for a task that is on its way. */
  async close(): Promise<void> {
    const iterator = this.#hasEnded ? undefined : this.#iterator;
    this.#hasEnded = true;
    const closed = Promise.resolve(iterator?.return?.());
    if (this.#pull === undefined) await closed;
    else closed.catch(() => undefined); // It ends when that task has come, and nobody waits for it.
  }

  #answered(entry: OpenTask): void {
    entry.isOut = false;
    this.#out--;
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.reason;
  }

  #fail(reason: unknown): void {
    this.#failure ??= { reason };
    this.#serve();
  }

  /** Gives waiting executors what there is, and sees to it that more comes. */
  #serve(): void {
    for (let waiter = this.#waiters[0]; waiter !== undefined; waiter = this.#waiters[0]) {
      const isOver = this.#isRoundOver();
      const entry = isOver || this.#failure !== undefined ? undefined : this.#takeReady();
      if (this.#failure !== undefined) waiter.reject(this.#failure.reason);
      else if (entry !== undefined) waiter.resolve({ done: false, value: this.#handOut(entry) });
      else if (isOver) waiter.resolve(END);
      else {
        if (!this.#hasEnded) void this.#pullTask();
        this.#watchLull();
        return;
      }
      this.#waiters.shift();
    }
  }

  #takeReady(): OpenTask | undefined {
    const retry = this.#retries.shift();
    if (retry !== undefined) return retry;
    const next = this.#next;
    this.#next = undefined;
    return next;
  }

  /** Whether a job is ready to be handed out. */
  get #isReady(): boolean {
    return this.#retries.length > 0 || this.#next !== undefined;
  }

  #isRoundOver(): boolean {
    const round = this.#round;
    const isDone = this.#hasEnded && !this.#isReady && !(round.isLive && this.#open.size > 0);
    if (isDone || (!round.isLive && this.#out >= OUT_MAX)) round.isOver = true;
    return round.isOver;
  }

  #handOut(entry: OpenTask): Job {
    entry.isOut = true;
    this.#out++;
    this.#results++;
    this.#options.onStart(entry);
    return { id: entry.id, attempt: entry.attempt, bytes: this.#options.encode(entry.task) };
  }

  /** Takes the next task, one at a time. Never rejects. */
  #pullTask(): Promise<void> {
    this.#pull ??= this.#takeTask()
      .catch((reason: unknown) => {
        this.#failure ??= { reason };
      })
      .then(() => {
        this.#pull = undefined;
        this.#serve();
      });
    return this.#pull;
  }

  async #takeTask(): Promise<void> {
    const { tasks, check } = this.#options;
    this.#iterator ??=
      Symbol.asyncIterator in tasks ? tasks[Symbol.asyncIterator]() : tasks[Symbol.iterator]();
    const next = await this.#ask(this.#iterator);
    if (next.done === true) return;
    const task: unknown = await next.value; // As `for await` does for iterables of promises.
    const index = this.#taken++;
    check(task, index);
    const entry = { id: String(index), index, task, attempt: 1, isOut: false, errors: [] };
    this.#open.set(entry.id, entry);
    this.#next = entry;
  }

  async #ask(
    iterator: Iterator<unknown> | AsyncIterator<unknown>,
  ): Promise<IteratorResult<unknown>> {
    try {
      const next = await iterator.next();
      if (next.done === true) this.#hasEnded = true;
      return next;
    } catch (reason) {
      this.#hasEnded = true;
      throw reason;
    }
  }

  /** Ends a round in which nothing moves, so that an executor runs what it has taken. */
  #watchLull(): void {
    if (this.#round.isLive || this.#isWatching || this.#out === 0) return;
    const { runtime, signal } = this.#options;
    const round = this.#round;
    const results = this.#results;
    this.#isWatching = true;
    runtime.sleep(LULL_MS, signal).then(
      () => {
        this.#isWatching = false;
        if (this.#results === results && this.#out > 0) round.isOver = true;
        this.#serve();
      },
      () => undefined, // The run is over.
    );
  }
}
