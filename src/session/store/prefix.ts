/** Prefixes and node paths as the store's listing and deleting operations take them. */
import { makeError } from "../../base/errors.ts";
import { describe, mustBe } from "../../base/options.ts";
import { parsePath } from "../../format/node-path.ts";
import { UINT32_MAX } from "../../format/table-fields.ts";

/** The absolute path of a prefix: slashes at its ends are tolerated. @throws {bad-key-prefix} */
export function parseStorePrefix(prefix: string): string {
  if (typeof prefix !== "string") {
    throw makeError("bad-key-prefix", `a prefix ${mustBe("a string", prefix)}`, {
      details: { prefix: describe(prefix) },
    });
  }
  const segments = prefix.split("/").filter((segment) => segment !== "" && segment !== ".");
  try {
    return parsePath(`/${segments.join("/")}`);
  } catch (cause) {
    throw makeError("bad-key-prefix", `${JSON.stringify(prefix)} names no path`, {
      details: { prefix },
      cause,
    });
  }
}

/** A node's path as the store takes it: the leading slash may be missing. @throws {invalid-path} */
export function parseNodePath(path: string): string {
  const isRelative = typeof path === "string" && !path.startsWith("/");
  return parsePath(isRelative ? `/${path}` : path);
}

/** Splits `<array>/c[/<i>…]` at its last `c` component; `undefined` for any other path. */
export function parseChunkPrefix(
  path: string,
): { readonly path: string; readonly coordinates: number[] } | undefined {
  const segments = path.split("/").slice(1);
  const at = segments.lastIndexOf("c");
  if (at < 0) return undefined;
  const coordinates = segments
    .slice(at + 1)
    .map((text) => (/^\d+$/.test(text) ? Number(text) : -1));
  if (coordinates.some((value) => value < 0 || value > UINT32_MAX)) return undefined;
  return { path: `/${segments.slice(0, at).join("/")}`, coordinates };
}
