/**
 * The queue of attempts: tasks in order, retries first. Holds one task per attempt under way, so
 * an endless task source is read only as fast as workers take jobs.
 */
import type { Job } from "./executor.ts";

/** A task that was taken from the source and is not settled. */
export interface OpenTask {
  readonly id: string;
  readonly index: number;
  readonly task: unknown;
  attempt: number;
  readonly errors: unknown[];
}

/** Hands out jobs and learns what became of them. */
export interface JobSource {
  /** To be iterated once; ends when the source has ended and every task is settled. */
  jobs(): AsyncGenerator<Job>;
  /** The task of a result that counts: known, unsettled, of the attempt under way. */
  find(id: string, attempt: number): OpenTask | undefined;
  /** The task is done or given up. */
  settle(id: string): void;
  /** The task is tried again. */
  retry(id: string): void;
  /** Tasks taken from the source so far. */
  readonly taken: number;
  /** Tasks not settled. */
  readonly open: number;
}

/** What a job source needs to make jobs. */
interface JobSourceOptions {
  readonly tasks: Iterable<unknown> | AsyncIterable<unknown>;
  readonly signal: AbortSignal;
  /** Checks a task; throws to end the run. */
  readonly check: (task: unknown, index: number) => void;
  /** The bytes of one attempt. */
  readonly encode: (task: unknown) => Uint8Array;
  /** Called when an attempt is handed out. */
  readonly onStart: (open: OpenTask) => void;
}

/** A job source over `tasks`. */
export function createJobSource(options: JobSourceOptions): JobSource {
  const { tasks, signal, check, encode, onStart } = options;
  const open = new Map<string, OpenTask>();
  const retries: OpenTask[] = [];
  let taken = 0;
  let wake: () => void = () => undefined;
  const jobOf = (entry: OpenTask): Job => {
    onStart(entry);
    return { id: entry.id, attempt: entry.attempt, bytes: encode(entry.task) };
  };
  async function* jobs(): AsyncGenerator<Job> {
    for await (const task of tasks) {
      for (let retry = retries.shift(); retry !== undefined; retry = retries.shift()) {
        yield jobOf(retry);
      }
      signal.throwIfAborted();
      const index = taken++;
      check(task, index);
      const entry: OpenTask = { id: String(index), index, task, attempt: 1, errors: [] };
      open.set(entry.id, entry);
      yield jobOf(entry);
    }
    while (open.size > 0) {
      signal.throwIfAborted();
      const retry = retries.shift();
      if (retry !== undefined) yield jobOf(retry);
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  signal.addEventListener("abort", () => wake(), { once: true });
  return {
    jobs,
    find(id, attempt) {
      const entry = open.get(id);
      return entry?.attempt === attempt ? entry : undefined;
    },
    settle(id) {
      open.delete(id);
      wake();
    },
    retry(id) {
      const entry = open.get(id);
      if (entry === undefined) return;
      entry.attempt++;
      retries.push(entry);
      wake();
    },
    get taken() {
      return taken;
    },
    get open() {
      return open.size;
    },
  };
}
