/** A storage whose requests wait until a test lets them go on. */

import type { Storage } from "../../../src/index.ts";
import { interceptStorage, type StorageRequest } from "../../../src/storage/intercept.ts";

/** A request that waits. */
export interface HeldRequest {
  readonly request: StorageRequest;
  release(): void;
}

/** A storage in front of another one; holds requests while `holds` says so. */
export interface HeldStorage {
  readonly storage: Storage;
  /** Which requests wait; none by default. */
  holds: (request: StorageRequest) => boolean;
  /** What waits now. */
  readonly held: HeldRequest[];
  /** The next request that waits, or the first that does already. */
  next(): Promise<HeldRequest>;
  /** Lets everything go on, now and later. */
  releaseAll(): void;
}

export function heldStorage(inner: Storage): HeldStorage {
  const held: HeldRequest[] = [];
  const watchers: ((request: HeldRequest) => void)[] = [];
  const self: HeldStorage = {
    holds: () => false,
    held,
    async next() {
      const [first] = held;
      return first ?? new Promise((resolve) => watchers.push(resolve));
    },
    releaseAll() {
      self.holds = () => false;
      for (const one of [...held]) one.release();
    },
    storage: interceptStorage(inner, {
      async request(request, run) {
        if (self.holds(request)) await hold(request);
        return run();
      },
      list: (_, run) => run(),
    }),
  };
  /** Rejects when the request is aborted, as a backend does. */
  const hold = (request: StorageRequest): Promise<void> =>
    new Promise((resolve, reject) => {
      const leave = (settle: () => void) => (): void => {
        const at = held.indexOf(one);
        if (at >= 0) held.splice(at, 1);
        settle();
      };
      const one: HeldRequest = { request, release: leave(resolve) };
      held.push(one);
      const onAbort = leave(() => reject(request.signal?.reason));
      if (request.signal?.aborted) onAbort();
      request.signal?.addEventListener("abort", onAbort, { once: true });
      watchers.shift()?.(one);
    });
  return self;
}
