/** Turns a file system's failures into typed errors that name the operation and the object. */
import { type IcefloeError, isIcefloeError, makeError } from "../../base/errors.ts";
import { codeOf } from "./file-system.ts";

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EDQUOT: "the quota is used up",
  EIO: "the device failed",
  EMFILE: "too many open files in this process",
  ENAMETOOLONG: "the name is too long for the file system",
  ENFILE: "too many open files on this machine",
  ENOSPC: "no space left",
  ENOTDIR: "a parent is a file, not a folder",
  EPERM: "operation not permitted",
  EROFS: "the file system is read-only",
  EXDEV: "the folder lies on another file system than the repository's root",
};

/** An `io` error about `path`; errors that are already typed pass unchanged. */
export function ioError(operation: string, path: string, cause: unknown): unknown {
  if (isIcefloeError(cause)) return cause;
  const code = codeOf(cause);
  const reason =
    (code && REASONS[code]) ?? (cause instanceof Error ? cause.message : String(cause));
  return makeError("io", `${operation} of ${path} failed: ${reason}`, {
    details: { operation, path, ...(code === undefined ? {} : { code }) },
    cause,
  });
}

/** An `unknown-outcome` error: the put of `path` may or may not have happened. */
export function unknownOutcome(path: string, reason: string, cause?: unknown): IcefloeError {
  return makeError("unknown-outcome", `put of ${path}: ${reason}`, {
    details: { operation: "put", path },
    ...(cause === undefined ? {} : { cause }),
  });
}
