/** Turns failures of the origin private file system into typed errors that name the object. */
import { type IcefloeError, isIcefloeError, makeError } from "../../base/errors.ts";
import { nameOf } from "./origin-files.ts";

const REASONS: Readonly<Record<string, string>> = {
  InvalidModificationError: "the name is a folder's",
  InvalidStateError: "the page is going away",
  NoModificationAllowedError: "something else holds the file open for writing",
  NotAllowedError: "the browser does not allow it",
  NotSupportedError: "files can be written only in workers here",
  SecurityError: "the browser does not let this page store anything",
  TypeMismatchError: "a parent is a file, or the name is a folder's",
};

/**
 * The error of an operation on `path`; errors that are already typed pass unchanged. A used-up
 * quota is `object-store` and names the bytes there was no room for; all else is `io`.
 */
export function opfsError(
  operation: string,
  path: string,
  cause: unknown,
  sizeBytes?: number,
): unknown {
  if (isIcefloeError(cause)) return cause;
  const code = nameOf(cause);
  const details = {
    operation,
    path,
    ...(code === undefined ? {} : { code }),
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
  };
  if (code === "QuotaExceededError") {
    const room = sizeBytes === undefined ? "" : ` has no room for ${sizeBytes} bytes`;
    const text = `${operation} of ${path} failed: the quota of this origin${room || " is used up"}`;
    return makeError("object-store", text, { details, cause });
  }
  const reason =
    (code && REASONS[code]) ?? (cause instanceof Error ? cause.message : String(cause));
  return makeError("io", `${operation} of ${path} failed: ${reason}`, { details, cause });
}

/** An `unknown-outcome` error: the put of `path` may or may not have happened. */
export function unknownPut(path: string, reason: string, cause?: unknown): IcefloeError {
  return makeError("unknown-outcome", `put of ${path}: ${reason}`, {
    details: { operation: "put", path },
    ...(cause === undefined ? {} : { cause }),
  });
}
