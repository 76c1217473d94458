/** The state behind a session, for `session/` itself and the floors above it; never for users. */
import { makeError } from "../../base/errors.ts";
import type { SessionState } from "./state.ts";

const states = new WeakMap<object, SessionState>();

/** Remembers the state of a session or fork. */
export function rememberState(owner: object, state: SessionState): void {
  states.set(owner, state);
}

/** The state of a session or fork; `undefined` for anything else. */
export function getState(owner: unknown): SessionState | undefined {
  return typeof owner === "object" && owner !== null ? states.get(owner) : undefined;
}

/** Ends a session: what is not committed is dropped, and later writes are refused, naming `by`. */
export function closeSession(session: object, by: string): void {
  const state = states.get(session);
  if (state === undefined) return;
  state.mode = "readonly";
  state.closedBy = by;
}

/** The state of a session. @throws {invalid-option} for anything else */
export function mustGetState(owner: unknown): SessionState {
  const state = getState(owner);
  if (state !== undefined) return state;
  throw makeError("invalid-option", "expected a Session of this copy of icefloe", {
    details: { option: "session" },
  });
}
