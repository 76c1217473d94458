/**
 * The write half: what only writable sessions and forks need, as one value that is loaded with the
 * first of them, so that a reader of the web never downloads the code that writes, commits and
 * merges. Sessions, forks and stores are constructed with it, so what is called synchronously stays
 * synchronous.
 */
import { lazyPart } from "../base/lazy-part.ts";
import { runCommit } from "./commit/commit.ts";
import { bytesOfFork, stateOfFork } from "./fork/content.ts";
import { mergeInputs } from "./merge/inputs.ts";
import { runRebase } from "./rebase/run-rebase.ts";
import { endWork } from "./state/in-flight.ts";
import type { SessionState } from "./state/state.ts";
import { queueForTurn } from "./state/turn.ts";
import { admitWrite, discardChanges, trackWrite } from "./state/writing.ts";
import { deletePrefix } from "./store/delete.ts";
import { removeAllNodes } from "./store/node-write.ts";
import { deleteKey, parseSet, setKey } from "./store/write.ts";

const loadVirtual = /* @__PURE__ */ lazyPart(() => import("./virtual/set-refs.ts"));

/** The code of virtual references, which few writers need. */
export type VirtualPart = Pick<
  Awaited<ReturnType<typeof loadVirtual>>,
  "setVirtualRef" | "setVirtualRefs" | "setVirtualRefColumns"
>;

/** Calls `work` with the code of virtual references, at once when that is loaded. */
function withVirtual(
  state: SessionState,
  signal: AbortSignal | undefined,
  work: (virtual: VirtualPart) => Promise<void> | undefined,
): Promise<void> | undefined {
  if (loadVirtual.loaded !== undefined) return work(loadVirtual.loaded);
  const { generation } = state;
  return loadVirtual().then(({ setVirtualRef, setVirtualRefs, setVirtualRefColumns }) => {
    signal?.throwIfAborted();
    if (state.generation !== generation) return undefined; // Discarded.
    return work({ setVirtualRef, setVirtualRefs, setVirtualRefColumns });
  });
}

const loadForkReader = /* @__PURE__ */ lazyPart(() => import("./fork/open.ts"));

/** Takes the bytes of a fork in, with code that those who only write never load. */
const stateFromBytes: Awaited<ReturnType<typeof loadForkReader>>["stateFromBytes"] = async (
  ...given
) => (await loadForkReader()).stateFromBytes(...given);

export const WRITE_HALF = Object.freeze({
  admitWrite,
  trackWrite,
  discardChanges,
  parseSet,
  setKey,
  deleteKey,
  deletePrefix,
  removeAllNodes,
  withVirtual,
  runCommit,
  runRebase,
  mergeInputs,
  stateOfFork,
  bytesOfFork,
  stateFromBytes,
  endWork,
  queueForTurn,
});

/** The operations of a writable session. */
export type WriteHalf = typeof WRITE_HALF;
