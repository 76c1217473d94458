/** A group of a store, read: its attributes and its arrays, which are the variables of a dataset. */
import { mapConcurrent } from "../../base/concurrency.ts";
import { makeError } from "../../base/errors.ts";
import type { JsonValue } from "../../codec/json.ts";
import { type NodePlace, readDocument } from "../../zarr/zarr-store.ts";
import { childNames } from "./listing.ts";
import { attributesOf, parseStoredArray, type StoredArray } from "./stored-array.ts";

/** Documents read at once. */
const READS_MAX = 16;

/** A group and the arrays right below it. */
export interface StoredGroup {
  readonly place: NodePlace;
  readonly attributes: ReadonlyMap<string, JsonValue>;
  readonly arrays: ReadonlyMap<string, StoredArray>;
}

/** The place of an array of the group at `place`. */
export function childPlace(place: NodePlace, name: string): NodePlace {
  return { ...place, path: place.path === "/" ? `/${name}` : `${place.path}/${name}` };
}

/**
 * Reads the group at the place and its arrays, except those in `dropped`; one listing and one
 * request per node. Groups below it are left alone. `undefined` if nothing is there.
 * @throws {not-a-group} an array is there.
 * @throws {unimplemented} an array that is not supported, by name.
 */
export async function readGroup(
  place: NodePlace,
  dropped: readonly string[] = [],
): Promise<StoredGroup | undefined> {
  const document = await readDocument(place);
  if (document === undefined) return undefined;
  if (document.get("node_type") !== "group") {
    throw makeError("not-a-group", `${place.path} is an array, expected a group`, {
      details: { path: place.path },
    });
  }
  const names = (await childNames(place)).filter((name) => !dropped.includes(name)).sort();
  const found = await mapConcurrent(names, READS_MAX, async (name) => {
    const child = childPlace(place, name);
    const own = await readDocument(child);
    if (own?.get("node_type") !== "array") return undefined;
    return parseStoredArray(name, child.path, own);
  });
  const arrays = new Map<string, StoredArray>();
  for (const array of found) if (array !== undefined) arrays.set(array.name, array);
  return { place, attributes: attributesOf(document), arrays };
}

/** As `readGroup`; throws `node-not-found` where nothing is. */
export async function mustReadGroup(
  place: NodePlace,
  dropped: readonly string[] = [],
): Promise<StoredGroup> {
  const group = await readGroup(place, dropped);
  if (group !== undefined) return group;
  throw makeError("node-not-found", `there is no group at ${place.path}`, {
    details: { path: place.path },
  });
}
