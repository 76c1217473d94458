/** Puts of immutable objects: under a random name, so repeating one is harmless. */
import { isIcefloeError, makeError } from "../base/errors.ts";
import type { PutOptions, Storage } from "../storage/port.ts";

/** Sends of one immutable object while its replies get lost; storages retry by themselves too. */
const SENDS_MAX = 3;

/**
 * Stores an object under a name that nobody else uses. A put whose reply was lost is sent again.
 * @throws {unknown-outcome} if every reply was lost: an unreferenced object may stay behind
 */
export async function putImmutable(
  storage: Storage,
  path: string,
  body: Uint8Array,
  options: Omit<PutOptions, "condition">,
): Promise<void> {
  for (let send = 1; ; send++) {
    try {
      const { outcome } = await storage.put(path, body, options);
      if (outcome === "written") return;
    } catch (error) {
      if (send >= SENDS_MAX || !isIcefloeError(error, "unknown-outcome")) throw error;
      options.signal?.throwIfAborted();
      continue;
    }
    throw makeError("storage-other", `${path}: a put without condition failed its condition`, {
      details: { path },
    });
  }
}
