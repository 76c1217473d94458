/** A storage behind a fault proxy that loses the reply to one request. */
import type { StorageRequest } from "../../src/storage/intercept.ts";
import type { Storage } from "../../src/storage/port.ts";
import { wrapStorage } from "../../src/storage/wrap-storage.ts";
import type { FaultProxy } from "./fault-proxy.ts";

/** What is done to one request. */
export interface Loss {
  /** The first that it holds for is hit. */
  readonly isHit: (request: StorageRequest) => boolean;
  /** What the proxy does to it, until it has failed; for good if the fault lasts. */
  readonly fault: (proxy: FaultProxy) => Promise<void>;
  readonly lasts?: boolean;
  /** Done before its failure is told. */
  readonly meanwhile?: () => Promise<unknown>;
}

/** Whether a request is the put that makes a commit, or anything else, known to the repository. */
export const isUpdateOfRepo = ({ operation, path, isConditional }: StorageRequest): boolean =>
  operation === "put" && path === "repo" && isConditional;

/** `storage`, which `proxy` stands before; `hit()` tells whether a request was hit. */
export function withLoss(
  storage: Storage,
  proxy: FaultProxy,
  { isHit, fault, lasts = false, meanwhile }: Loss,
): { readonly storage: Storage; hit(): boolean } {
  let wasHit = false;
  const lossy = wrapStorage(storage, {
    async request(request, run) {
      if (wasHit || !isHit(request)) return run();
      wasHit = true;
      await fault(proxy);
      try {
        return await run();
      } finally {
        if (!lasts) await proxy.reset();
        await meanwhile?.();
      }
    },
    list: (_, run) => run(),
  });
  return { storage: lossy, hit: () => wasHit };
}
