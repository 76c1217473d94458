/**
 * Zarr store keys: which node or chunk a key names. Spec: docs/semantics.md "Store keys".
 *
 * ```
 * zarr.json            a/b/zarr.json        metadata of / and of /a/b
 * c                    a/c/0/1              a chunk: the last component `c` parts path and coordinates
 * .zgroup  .zarray     a/.zattrs            a Zarr 2 key: recognised, never present
 * ```
 * Everything else is refused. Leading and repeated slashes and `.` components vanish.
 */
import { isIcefloeError, makeError } from "../../base/errors.ts";
import { describe } from "../../base/options.ts";
import { parsePath } from "../../format/node-path.ts";
import { UINT32_MAX } from "../../format/table-fields.ts";

const METADATA_NAME = "zarr.json";
const CHUNKS_NAME = "c";
const ZARR_V2_NAMES: readonly string[] = [".zgroup", ".zarray", ".zattrs", ".zmetadata"];
const PLAIN_DIGITS_MAX = 9; // Any nine digits are below 2^32.
const CANONICAL_PATHS_MAX = 1024;
const ZERO = 48;
const NINE = 57;
const SLASH = 47;
const CHUNKS_CODE = 99;

/** What a key names; `path` is canonical. */
export type StoreKey =
  | { readonly kind: "metadata"; readonly path: string }
  | { readonly kind: "chunk"; readonly path: string; readonly coordinates: number[] }
  | { readonly kind: "zarr-v2"; readonly path: string };

/** Parses a key. That its u32 coordinates fit an array is not checked. @throws {invalid-key} */
export function parseStoreKey(key: string): StoreKey {
  if (typeof key !== "string") throw invalidKey(key, "must be a string");
  return parsePlainChunkKey(key) ?? parseAnyKey(key);
}

/**
 * The common case without allocation but the result: canonical path without a leading slash, then
 * `/c/`, then short coordinates. `undefined` for anything else, also for what is wrong.
 */
function parsePlainChunkKey(key: string): StoreKey | undefined {
  let rank = 0;
  let at = key.length - 1;
  for (let digits = 0; at >= 0; at--) {
    const code = key.charCodeAt(at);
    if (code >= ZERO && code <= NINE) {
      if (++digits > PLAIN_DIGITS_MAX) return undefined;
    } else if (code === SLASH && digits > 0) {
      rank++;
      digits = 0;
    } else break;
  }
  const isMarker = key.charCodeAt(at) === CHUNKS_CODE && key.charCodeAt(at + 1) === SLASH;
  if (rank === 0 || !isMarker || at < 2 || key.charCodeAt(at - 1) !== SLASH) return undefined;
  const path = canonicalPaths.get(key.slice(0, at - 1));
  if (path === undefined) return undefined;
  const coordinates = new Array<number>(rank); // Pushing would make room for 17.
  let value = 0;
  let d = 0;
  for (let i = at + 2; i < key.length; i++) {
    const code = key.charCodeAt(i);
    if (code !== SLASH) value = value * 10 + code - ZERO;
    else {
      coordinates[d++] = value;
      value = 0;
    }
  }
  coordinates[d] = value;
  return { kind: "chunk", path, coordinates };
}

/** Prefixes of chunk keys seen lately, with the path they name: most keys repeat a few arrays. */
const canonicalPaths = new Map<string, string>();

function rememberPath(prefix: string, path: string): void {
  if (canonicalPaths.size >= CANONICAL_PATHS_MAX) canonicalPaths.clear();
  canonicalPaths.set(prefix, path);
}

function parseAnyKey(key: string): StoreKey {
  const components = key.split("/").filter((name) => name !== "" && name !== ".");
  const last = components.at(-1);
  if (last === undefined || key.endsWith("/")) throw invalidKey(key, "names no node and no chunk");
  if (last === METADATA_NAME) {
    return { kind: "metadata", path: pathOf(key, components.slice(0, -1)) };
  }
  if (ZARR_V2_NAMES.includes(last)) {
    return { kind: "zarr-v2", path: pathOf(key, components.slice(0, -1)) };
  }
  const marker = components.lastIndexOf(CHUNKS_NAME);
  if (marker < 0) throw invalidKey(key, "names no node and no chunk");
  const coordinates = components.slice(marker + 1).map((text) => {
    const coordinate = Number(text);
    if (/^\+?[0-9]+$/.test(text) && coordinate <= UINT32_MAX) return coordinate;
    throw invalidKey(
      key,
      `has ${describe(text)} for a chunk coordinate, expected 0 to ${UINT32_MAX}`,
    );
  });
  const path = pathOf(key, components.slice(0, marker));
  if (path !== "/") rememberPath(path.slice(1), path);
  return { kind: "chunk", path, coordinates };
}

/** The key of the zarr.json of the node at `path`, without a leading slash. */
export function metadataKey(path: string): string {
  return path === "/" ? METADATA_NAME : `${path.slice(1)}/${METADATA_NAME}`;
}

/** The key of a chunk of the array at `path`, without a leading slash. */
export function chunkKey(path: string, coordinates: ArrayLike<number>): string {
  let key = path === "/" ? CHUNKS_NAME : `${path.slice(1)}/${CHUNKS_NAME}`;
  for (let d = 0; d < coordinates.length; d++) key += `/${coordinates[d]}`;
  return key;
}

function pathOf(key: string, components: readonly string[]): string {
  try {
    return parsePath(`/${components.join("/")}`);
  } catch (cause) {
    if (!isIcefloeError(cause, "invalid-path")) throw cause;
    throw makeError("invalid-key", `store key ${describe(key)}: ${cause.message}`, {
      details: { key },
      cause,
    });
  }
}

function invalidKey(key: unknown, what: string): Error {
  return makeError("invalid-key", `store key ${describe(key)} ${what}`, {
    details: { key: typeof key === "string" ? key : describe(key) },
  });
}
