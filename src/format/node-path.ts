/** Paths of arrays and groups: absolute, `/`-separated, any Unicode inside a segment. */
import { isWellFormed } from "../base/bytes.ts";
import { makeError } from "../base/errors.ts";
import { describe } from "../base/options.ts";

/** The path of the root node. */
export const ROOT_PATH = "/";

/**
 * The canonical form of `text`: `/` or `/a/b`. Repeated and trailing slashes and `.` segments
 * vanish; `..`, a missing leading slash and lone surrogates are refused.
 * @throws {invalid-path}
 */
export function parsePath(text: string): string {
  if (typeof text !== "string") throw invalidPath(text, "must be a string");
  if (!text.startsWith("/")) throw invalidPath(text, "must start with a slash");
  if (!isWellFormed(text)) throw invalidPath(text, "must be well-formed Unicode");
  const segments = text.split("/").filter((segment) => segment !== "" && segment !== ".");
  if (segments.includes("..")) throw invalidPath(text, 'must not hold ".."');
  return `/${segments.join("/")}`;
}

function invalidPath(text: unknown, rule: string): Error {
  return makeError("invalid-path", `path ${rule}, got ${describe(text)}`, {
    details: { path: typeof text === "string" ? text : describe(text) },
  });
}

/** The path one level up; `undefined` for the root. `path` must be canonical. */
export function parentPath(path: string): string | undefined {
  if (path === ROOT_PATH) return undefined;
  const slash = path.lastIndexOf("/");
  return slash <= 0 ? ROOT_PATH : path.slice(0, slash);
}

/** The last segment; empty for the root. */
export function pathName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
