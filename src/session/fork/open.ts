/** Opens the bytes of a fork where they arrive. */
import type { AssetStore } from "../../assets/asset-store.ts";
import { type CheckedEngineOptions, openEngine } from "../../assets/engine.ts";
import { isIcefloeError, makeError } from "../../base/errors.ts";
import type { Storage } from "../../storage/port.ts";
import { createState, type SessionState } from "../state/state.ts";
import { assertFitsBase } from "./check.ts";
import { decodeForkBytes } from "./read-bytes.ts";

/**
 * The state of the fork that `bytes` hold, over the repository in `storage`. Two GETs. The errors
 * are those of `ForkSession.fromBytes`.
 */
export async function stateFromBytes(
  bytes: Uint8Array,
  storage: Storage,
  options: CheckedEngineOptions,
): Promise<SessionState> {
  const content = decodeForkBytes(bytes);
  const { baseId, need, needPast, past, self, overlay, own } = content;
  if (content.overlayOmitted) {
    throw makeError(
      "invalid-fork-bytes",
      "these bytes were made with overlay: omit: merge them into the parent, they can't be opened",
      { details: { reason: "overlay-omitted" } },
    );
  }
  const engine = await openEngine(storage, options);
  const base = await readForkBase(engine.assets, baseId, options.signal);
  assertFitsBase(content, base);
  return createState({
    engine,
    kind: "fork",
    mode: "writable",
    baseId,
    base,
    overlay,
    own,
    past,
    birth: self,
    need,
    needPast,
  });
}

async function readForkBase(
  assets: AssetStore,
  baseId: string,
  signal: AbortSignal | undefined,
): Promise<NonNullable<SessionState["base"]>> {
  try {
    return await assets.readSnapshot(baseId, signal);
  } catch (cause) {
    if (!isIcefloeError(cause, "object-not-found")) throw cause;
    throw makeError("fork-base-mismatch", `the storage does not hold the fork's base ${baseId}`, {
      details: { forkBase: baseId },
      cause,
    });
  }
}
