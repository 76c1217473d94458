/** A group of a store, read: its attributes and its arrays, which are the variables of a dataset. */
import { mapConcurrent } from "../../base/concurrency.ts";
import { isIcefloeError, makeError } from "../../base/errors.ts";
import { isJsonArray, isJsonObject, type JsonValue } from "../../codec/json.ts";
import { type NodeAddress, readDocument } from "../../zarr/zarr-store.ts";
import { childNames } from "./listing.ts";
import { attributesOf, parseStoredArray, type StoredArray } from "./stored-array.ts";

/** Documents read at once. */
const READS_MAX = 16;

/** A group and what lies right below it. */
export interface StoredGroup {
  readonly address: NodeAddress;
  readonly attributes: ReadonlyMap<string, JsonValue>;
  readonly arrays: ReadonlyMap<string, StoredArray>;
  /** Paths of the groups. */
  readonly groups: readonly string[];
}

/** The address of an array of the group at `address`. */
export function childAddress(address: NodeAddress, name: string): NodeAddress {
  return { ...address, path: address.path === "/" ? `/${name}` : `${address.path}/${name}` };
}

/**
 * Reads the group at the address and its arrays, except those in `dropped`; one listing and one
 * request per node. Groups below it are left alone. `undefined` if nothing is there.
 * @throws {not-a-group} an array is there
 * @throws {unimplemented} an array that is not supported, by name
 */
export async function readGroup(
  address: NodeAddress,
  dropped: readonly string[] = [],
): Promise<StoredGroup | undefined> {
  const document = await readDocument(address);
  if (document === undefined) return undefined;
  if (document.get("node_type") !== "group") {
    throw makeError("not-a-group", `${address.path} is an array, expected a group`, {
      details: { path: address.path },
    });
  }
  const names = (await childNames(address)).filter((name) => !dropped.includes(name)).sort();
  const found = await mapConcurrent(names, READS_MAX, async (name) => {
    const child = childAddress(address, name);
    const own = await readDocument(child);
    if (own?.get("node_type") === "group") return child.path;
    if (own?.get("node_type") !== "array") return undefined;
    return parseStoredArray(name, child.path, own);
  });
  const arrays = new Map<string, StoredArray>();
  const groups: string[] = [];
  for (const node of found) {
    if (typeof node === "string") groups.push(node);
    else if (node !== undefined) arrays.set(node.name, node);
  }
  return { address, attributes: attributesOf(document), arrays, groups };
}

/** An array as far as it says what lies along its dimensions. */
interface ArrayDimensions {
  readonly name: string;
  readonly dims: readonly string[];
  readonly isBytes: boolean;
}

/**
 * The dimensions of arrays that are left out, however wrong they are otherwise; one request each.
 * Names at which there is no array are left out.
 */
export async function readDimensions(
  address: NodeAddress,
  names: readonly string[],
): Promise<ArrayDimensions[]> {
  const found = await mapConcurrent(names, READS_MAX, async (name) => {
    const document = await readDocument(childAddress(address, name)).catch((error: unknown) => {
      if (isIcefloeError(error, "bad-metadata")) return undefined;
      throw error;
    });
    if (document?.get("node_type") !== "array") return [];
    const dims = document.get("dimension_names");
    const type = document.get("data_type");
    return [
      {
        name,
        dims: isJsonArray(dims) ? dims.filter((dim) => typeof dim === "string") : [],
        isBytes: isJsonObject(type) && type.get("name") === "null_terminated_bytes",
      },
    ];
  });
  return found.flat();
}

/** As `readGroup`. @throws {node-not-found} where nothing is */
export async function mustReadGroup(
  address: NodeAddress,
  dropped: readonly string[] = [],
): Promise<StoredGroup> {
  const group = await readGroup(address, dropped);
  if (group !== undefined) return group;
  throw makeError("node-not-found", `there is no group at ${address.path}`, {
    details: { path: address.path },
  });
}
