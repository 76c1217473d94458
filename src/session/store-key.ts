/**
 * Zarr store keys: which node or chunk a key names. Grammar: semantics §2.2.
 *
 * ```
 * zarr.json            a/b/zarr.json        metadata of / and of /a/b
 * c                    a/c/0/1              a chunk: the last component `c` parts path and coordinates
 * .zgroup  .zarray     a/.zattrs            a Zarr 2 key: recognised, never present
 * ```
 * Everything else is refused. Leading and repeated slashes and `.` components vanish.
 */
import { isIcefloeError, makeError } from "../base/errors.ts";
import { describe } from "../base/options.ts";
import { parsePath } from "../format/node-path.ts";

const METADATA_NAME = "zarr.json";
const CHUNKS_NAME = "c";
const ZARR_V2_NAMES: readonly string[] = [".zgroup", ".zarray", ".zattrs", ".zmetadata"];
const COORDINATE_MAX = 2 ** 32 - 1;

/** What a key names; `path` is canonical. */
export type StoreKey =
  | { readonly kind: "metadata"; readonly path: string }
  | { readonly kind: "chunk"; readonly path: string; readonly coordinates: number[] }
  | { readonly kind: "zarr-v2"; readonly path: string };

/**
 * Parses a key. Coordinates are u32; whether they fit an array is for its owner to check.
 * @throws {invalid-key} no key of the grammar.
 */
export function parseStoreKey(key: string): StoreKey {
  if (typeof key !== "string") throw invalidKey(key, "must be a string");
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
    if (/^\+?[0-9]+$/.test(text) && coordinate <= COORDINATE_MAX) return coordinate;
    throw invalidKey(
      key,
      `has ${describe(text)} for a chunk coordinate, expected 0 to ${COORDINATE_MAX}`,
    );
  });
  return { kind: "chunk", path: pathOf(key, components.slice(0, marker)), coordinates };
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
