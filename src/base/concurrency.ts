/** Bounded concurrency: how many operations may be under way at once. */
import { onAbort } from "./on-abort.ts";

/** Runs functions, at most `limit` at a time, first come first served. */
export interface Limiter {
  /**
   * Runs `work` when a slot is free. Aborted while it waits, it rejects with `signal.reason` at
   * once and does not run.
   */
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  /**
   * Takes a slot, at once (`undefined`) or when one is free; `leave` gives it back. As `run`, for
   * work that is done often.
   */
  enter(signal?: AbortSignal): Promise<void> | undefined;
  leave(): void;
  /** Changes how many slots there are. Work under way goes on. */
  resize(limit: number): void;
}

/** A limiter with `slots` slots. */
export function createLimiter(slots: number): Limiter {
  let limit = slots;
  let active = 0;
  /** Each takes the slot, or answers false: it was aborted. */
  const waiting: (() => boolean)[] = [];
  let head = 0;
  /** Gives free slots to those who wait. */
  const fill = (): void => {
    for (let take = waiting[head]; take !== undefined && active < limit; take = waiting[head]) {
      head++;
      if (head === waiting.length || head > 4096) {
        waiting.splice(0, head);
        head = 0;
      }
      if (take()) active++;
    }
  };
  const leave = (): void => {
    active--;
    fill();
  };
  const turn = (signal: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve, reject) => {
      const giveUp = (): void => reject(signal?.reason);
      const stay = onAbort(signal, giveUp);
      waiting.push(() => {
        stay();
        if (signal?.aborted)
          giveUp(); // Perhaps nobody has been told of the abort yet.
        else resolve();
        return !signal?.aborted;
      });
    });
  const enter = (signal?: AbortSignal): Promise<void> | undefined => {
    signal?.throwIfAborted();
    if (active >= limit) return turn(signal);
    active++;
    return undefined;
  };
  return {
    async run(work, signal) {
      const waiting = enter(signal);
      if (waiting !== undefined) await waiting;
      try {
        signal?.throwIfAborted();
        return await work();
      } finally {
        leave();
      }
    },
    enter,
    leave,
    resize(to) {
      limit = to;
      fill();
    },
  };
}

/** Maps in order with at most `limit` calls under way; the first failure rejects, after all have ended. */
export async function mapConcurrent<T, R>(
  items: readonly T[],
  limit: number,
  map: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const takeItems = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      try {
        results[index] = await map(items[index] as T, index);
      } catch (error) {
        next = items.length;
        throw error;
      }
    }
  };
  const loops = Array.from({ length: Math.min(limit, items.length) }, takeItems);
  const settled = await Promise.allSettled(loops);
  const failed = settled.find((loop) => loop.status === "rejected");
  if (failed) throw failed.reason;
  return results;
}
