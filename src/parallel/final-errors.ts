/** Which failures of an attempt are those of every other attempt too. */
import type { ErrorCategory, ErrorKind } from "../base/error-kinds.ts";
import { isIcefloeError } from "../base/errors.ts";

/** What was given is wrong, or does not fit the state that every fork of the run starts from. */
const FINAL_CATEGORIES: ReadonlySet<ErrorCategory> = new Set([
  "invalid-input",
  "not-found",
  "already-exists",
  "read-only",
  "session-state",
  "unsupported",
]);
/** Of those categories, what passes. */
const PASSING_KINDS: ReadonlySet<ErrorKind> = new Set([
  "worker-crashed",
  "session-busy",
  "task-failed",
  "executor-failed",
]);
/** Of the other categories, what stays. */
const FINAL_KINDS: ReadonlySet<ErrorKind> = new Set([
  "storage-config",
  "cannot-parse-url",
  "unsupported-spec-version",
  "unsupported-operation-for-version",
]);

/**
 * Whether another attempt would fail in the same way. Of errors that are not icefloe's nobody
 * knows: they are tried again. A worker that crashed is tried again unless the cause is known.
 */
export function isFinal(error: unknown): boolean {
  if (!isIcefloeError(error)) return false;
  if (error.kind === "worker-crashed") return isFinal(error.cause);
  if (PASSING_KINDS.has(error.kind)) return false;
  return FINAL_CATEGORIES.has(error.category) || FINAL_KINDS.has(error.kind);
}
