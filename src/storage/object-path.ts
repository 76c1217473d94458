/** Checks the names of objects before a backend sees them. */
import { makeError } from "../base/errors.ts";
import { describe } from "../base/options.ts";

/** The folder at a storage's root that backends keep for themselves; no operation shows it. */
export const RESERVED_FOLDER = ".icefloe";

const BAD_SEGMENT = /(?:^|\/)\.{0,2}(?:\/|$)/; // Empty, `.` or `..`; a leading or trailing slash too.
const NOT_UTF8 = /[\ud800-\udfff]/u; // With the u flag only a lone surrogate matches.

function refuse(path: unknown, reason: string): never {
  throw makeError("invalid-path", `object path ${describe(path)} ${reason}`, {
    details: { path: String(path), reason },
  });
}

const WRITE_ONCE = /^(?:chunks|manifests|snapshots|transactions|overwritten)\//;

/**
 * Whether the layout keeps only objects here that are written once, so that they may be cached
 * and read without regard to writers. Spec: docs/format.md "Repository layout".
 */
export function isWriteOncePath(path: string): boolean {
  return WRITE_ONCE.test(path);
}

/**
 * @throws {invalid-path} unless `path` is relative and `/`-separated, has no empty, `.` or `..`
 *   segment and no NUL, is Unicode, and lies outside `.icefloe`
 */
export function checkObjectPath(path: string): void {
  if (typeof path !== "string") refuse(path, "is no string");
  if (BAD_SEGMENT.test(path)) refuse(path, "has an empty, `.` or `..` segment");
  if (path.includes("\0")) refuse(path, "holds a NUL character");
  if (NOT_UTF8.test(path)) refuse(path, "is no Unicode text");
  if (path === RESERVED_FOLDER || path.startsWith(`${RESERVED_FOLDER}/`))
    refuse(path, "is reserved for the storage itself");
}

/** @throws {invalid-path} unless `prefix` is `""` or a folder's path that ends with a slash */
export function checkListPrefix(prefix: string): void {
  if (prefix === "") return;
  if (typeof prefix !== "string" || !prefix.endsWith("/"))
    refuse(prefix, 'is no prefix: "" or a folder ending in "/"');
  checkObjectPath(prefix.slice(0, -1));
}
