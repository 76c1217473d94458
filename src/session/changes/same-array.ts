/** Whether an array is still the one that chunks were made for. */
import { makeError } from "../../base/errors.ts";
import type { NodeState } from "./change-set.ts";
import { arraySignature } from "./node-metadata.ts";

/**
 * Refuses what was made for the array `before` where that has gone or chunks mean something else.
 * @throws {node-not-found} @throws {node-changed}
 */
export function assertSameArray(
  before: NodeState,
  now: NodeState | undefined,
  operation: string,
): void {
  if (before === now) return;
  const { path } = before;
  if (now?.id !== before.id || now.array === undefined) {
    const message = `${operation}: the array at ${path} was deleted or made anew meanwhile`;
    throw makeError("node-not-found", message, { details: { path, operation } });
  }
  if (arraySignature(before) !== arraySignature(now)) throw nodeChanged(path, operation);
}

/** The error for a zarr.json that is not the one an operation rests on. */
export function nodeChanged(path: string, operation: string): Error {
  const message = `${operation}: the zarr.json of ${path} was changed by something else meanwhile`;
  return makeError("node-changed", message, { details: { path, operation } });
}
