/**
 * What lies in a group of a store, and deleting all of it. Stores are asked by what they have:
 * `listDir` (icefloe), `listPrefix` or `list`, or `keys` (a `Map`).
 */
import { makeError } from "../../base/errors.ts";
import { metadataKey } from "../../session/store/key.ts";
import { deleteNode, type NodeAddress, type ZarrStore } from "../../zarr/zarr-store.ts";

interface ListingStore extends ZarrStore {
  listDir?(prefix: string, options?: object): AsyncIterable<string>;
  list?(): AsyncIterable<string>;
  keys?(): Iterable<string>;
}

/** Names of arrays and groups right below the group at the address, in no order. */
export async function childNames({ store, path, signal }: NodeAddress): Promise<string[]> {
  const lists = store as ListingStore;
  const names = new Set<string>();
  if (lists.listDir !== undefined) {
    const found = lists.listDir(path, signal === undefined ? undefined : { signal });
    for await (const name of found) names.add(name.replace(/\/$/, ""));
  } else {
    const prefix = path === "/" ? "/" : `${path}/`;
    for (const key of await allKeys(lists, path)) {
      if (key.startsWith(prefix)) names.add(key.slice(prefix.length).split("/")[0] as string);
    }
    // Keys of other depths show names too, but only those with a zarr.json are nodes.
  }
  names.delete(metadataKey("/"));
  return [...names];
}

async function allKeys(store: ListingStore, path: string): Promise<string[]> {
  const keys: string[] = [];
  if (store.list !== undefined) {
    for await (const key of store.list()) keys.push(key);
  } else if (typeof store.keys === "function") {
    keys.push(...store.keys());
  } else {
    throw makeError("invalid-option", `reading ${path} needs a store that can list its keys`, {
      details: { path },
    });
  }
  return keys.map((key) => (key.startsWith("/") ? key : `/${key}`));
}

/** Deletes the group at the address and everything below it. */
export async function deleteTree(address: NodeAddress): Promise<void> {
  const { store, path, signal } = address;
  if (store.deleteDir !== undefined) return deleteNode(address);
  const prefix = path === "/" ? "/" : `${path}/`;
  for (const key of await allKeys(store as ListingStore, path)) {
    if (!key.startsWith(prefix)) continue;
    if (store.delete === undefined) {
      throw makeError("invalid-option", `overwriting ${path} needs a store that can delete`, {
        details: { path },
      });
    }
    await store.delete(key as `/${string}`, signal === undefined ? undefined : { signal });
  }
}
