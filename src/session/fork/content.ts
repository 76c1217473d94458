/** What forks are made of, and what they bring to a merge. */
import { changeSetOf } from "../changes/change-set.ts";
import { flattenChanges, shareChanges } from "../changes/shared-tables.ts";
import { getState } from "../state/access.ts";
import { readOnlyError } from "../state/describe.ts";
import { assertSettled } from "../state/in-flight.ts";
import { createState, hasChanges, type SessionState } from "../state/state.ts";
import { assertIdle, closeEpoch, lastClosed } from "../state/writing.ts";
import { encodeForkBytes, type ForkContent } from "./bytes.ts";
import { writtenUnder } from "./written-under.ts";

/**
 * The state of a fork of `parent`: shares all tables until someone writes.
 * @throws {cannot-fork-read-only-session} @throws {session-busy}
 */
export function stateOfFork(parent: SessionState): SessionState {
  if (parent.mode !== "writable") {
    throw readOnlyError("cannot-fork-read-only-session", "fork", parent);
  }
  assertIdle(parent, "fork");
  closeEpoch(parent);
  const overlay = flattenOf(parent);
  const need = isUntouched(parent) ? undefined : lastClosed(parent);
  const past = need === undefined ? undefined : parent.past;
  return createState({
    engine: parent.engine,
    kind: "fork",
    mode: "writable",
    baseId: parent.baseId,
    base: parent.base,
    overlay,
    past,
    birth: need,
    need,
    needPast: past,
    origins: parent.origins,
  });
}

function isUntouched({ overlay, own }: SessionState): boolean {
  return [overlay, own].every(({ nodes, chunks }) => nodes.size === 0 && chunks.size === 0);
}

function flattenOf({ overlay, own }: SessionState): SessionState["own"] {
  const hasOverlay = overlay.nodes.size > 0 || overlay.chunks.size > 0;
  return hasOverlay ? flattenChanges(overlay, own) : shareChanges(own);
}

/** A fork as bytes; `omit` leaves out the parent's uncommitted changes. Throws as `toBytes` does. */
export function bytesOfFork(fork: SessionState, overlayOption: "carry" | "omit"): Uint8Array {
  assertIdle(fork, "toBytes");
  assertSettled(fork, "toBytes");
  closeEpoch(fork);
  const { baseId, base, need, needPast, past, overlay, own } = fork;
  const omitted = overlayOption === "omit";
  return encodeForkBytes({
    baseId,
    need,
    needPast,
    past,
    self: lastClosed(fork),
    overlay: omitted ? changeSetOf() : overlay,
    own,
    writtenUnder: writtenUnder(base, overlay, own),
    overlayOmitted: omitted && hasChanges(overlay),
  });
}

/** A live fork's content, its epoch closed; `undefined` for anything else. */
export function contentOfFork(input: unknown): ForkContent | undefined {
  const state = getState(input);
  if (state?.kind !== "fork") return undefined;
  assertIdle(state, "merge");
  assertSettled(state, "merge");
  closeEpoch(state);
  const { baseId, base, need, needPast, past, overlay } = state;
  const own = shareChanges(state.own);
  return {
    baseId,
    need,
    needPast,
    past,
    overlay,
    own,
    writtenUnder: writtenUnder(base, overlay, own),
  };
}
