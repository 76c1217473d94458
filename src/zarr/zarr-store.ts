/**
 * The stores that this folder writes to: an icefloe `Store`, or anything that looks like one
 * (zarrita's stores, a `Map`). Keys have a leading slash, which all of them understand.
 */
import { isIcefloeError, makeError } from "../base/errors.ts";
import { describe } from "../base/options.ts";
import { isJsonObject, type JsonObject, parseJson } from "../codec/json.ts";
import { parentPath, parsePath } from "../format/node-path.ts";
import { getState } from "../session/state/access.ts";
import { runOperation } from "../session/state/run-operation.ts";
import { metadataKey } from "../session/store/key.ts";

/** Options that a store's operations are given. */
export interface ZarrStoreOptions {
  readonly signal?: AbortSignal | undefined;
}

/** A value, now or later. */
export type Awaitable<T> = T | Promise<T>;

/** What a store must offer; what is optional is used where it is there. */
export interface ZarrStore {
  get(key: `/${string}`, options?: ZarrStoreOptions): Awaitable<Uint8Array | undefined>;
  /** Needed to read a part of a shard without the rest. */
  getRange?(
    key: `/${string}`,
    range: { readonly offset: number; readonly length: number } | { readonly suffixLength: number },
    options?: ZarrStoreOptions,
  ): Awaitable<Uint8Array | undefined>;
  set(key: `/${string}`, bytes: Uint8Array, options?: ZarrStoreOptions): Awaitable<unknown>;
  has?(key: `/${string}`, options?: ZarrStoreOptions): Awaitable<boolean>;
  delete?(key: `/${string}`, options?: ZarrStoreOptions): Awaitable<unknown>;
  /** Needed to overwrite a node. */
  deleteDir?(prefix: string, options?: ZarrStoreOptions): Awaitable<unknown>;
  /** Writes of one session are serialised where they share a chunk, whatever store they go through. */
  readonly session?: unknown;
}

/** A store with the canonical path of one node in it. */
export interface NodeAddress {
  readonly store: ZarrStore;
  readonly path: string;
  readonly signal: AbortSignal | undefined;
}

/**
 * Checks store and path; a leading slash may be missing.
 * @throws {invalid-option} @throws {invalid-path}
 */
export function addressOf(
  operation: string,
  store: ZarrStore,
  path: string,
  signal: AbortSignal | undefined,
): NodeAddress {
  if (typeof store?.get !== "function" || typeof store.set !== "function") {
    throw makeError(
      "invalid-option",
      `${operation}: expected a store with get and set, got ${describe(store)}`,
      { details: { operation } },
    );
  }
  const absolute = typeof path === "string" && !path.startsWith("/") ? `/${path}` : path;
  return { store, path: parsePath(absolute), signal };
}

/**
 * Runs an operation of several steps at the address: commits of the session called meanwhile wait
 * for its end.
 * @throws {session-busy} a commit, merge or rebase is running
 */
export function runAt<T>(
  operation: string,
  address: NodeAddress,
  work: (address: NodeAddress) => Promise<T>,
): Promise<T> {
  const { store, path } = address;
  return runOperation(`${operation} ${path}`, store, store.session, (own) =>
    work({ ...address, store: own }),
  );
}

/** The object that stands for all stores of one session. */
export function ownerOf(store: ZarrStore): object {
  const { session } = store;
  return typeof session === "object" && session !== null ? session : store;
}

/** Whether the store's session is a fork: something that is merged with others later. */
export function isForkStore(store: ZarrStore): boolean {
  return typeof (store.session as { toBytes?: unknown } | undefined)?.toBytes === "function";
}

/** Options with the signal, if there is one. */
export function optionsOf(signal: AbortSignal | undefined): ZarrStoreOptions | undefined {
  return signal === undefined ? undefined : { signal };
}

/** The zarr.json at the address, or `undefined`. @throws {bad-metadata} not a JSON object */
export async function readDocument(address: NodeAddress): Promise<JsonObject | undefined> {
  const { store, path, signal } = address;
  const bytes = await store.get(`/${metadataKey(path)}`, optionsOf(signal));
  if (bytes === undefined) return undefined;
  let found: unknown;
  try {
    // Unlike `decodeUtf8`, this passes over a byte order mark, which some tools write.
    const document = parseJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (isJsonObject(document)) return document;
    found = "no JSON object";
  } catch (error) {
    found = isIcefloeError(error) ? error.message : "not UTF-8";
  }
  throw makeError("bad-metadata", `zarr.json of ${path}: ${found}`, { details: { path } });
}

/** The zarr.json at the address. @throws {node-not-found} @throws {bad-metadata} */
export async function mustReadDocument(address: NodeAddress): Promise<JsonObject> {
  const document = await readDocument(address);
  if (document !== undefined) return document;
  const { path } = address;
  throw makeError("node-not-found", `there is no array or group at ${path}`, { details: { path } });
}

/** Paths of groups above the address that are not there, outermost first. @throws {not-a-group} */
export async function missingGroups(address: NodeAddress): Promise<string[]> {
  const missing: string[] = [];
  for (let path = parentPath(address.path); path !== undefined; path = parentPath(path)) {
    const document = await readDocument({ ...address, path });
    if (document === undefined) missing.unshift(path);
    else if (document.get("node_type") !== "group") {
      const message = `${path} is an array, so ${address.path} cannot lie below it`;
      throw makeError("not-a-group", message, { details: { path, child: address.path } });
    }
  }
  return missing;
}

/** Writes the zarr.json at the address. */
export async function writeDocument(address: NodeAddress, bytes: Uint8Array): Promise<void> {
  await address.store.set(`/${metadataKey(address.path)}`, bytes, optionsOf(address.signal));
}

/**
 * Runs edits that belong together. A session records them in one go, so that no commit comes
 * between and an abort leaves all or none; other stores get one after the other.
 */
export async function applyEdits(
  store: ZarrStore,
  edits: readonly (() => Promise<unknown>)[],
): Promise<void> {
  if (getState(store.session) !== undefined) {
    await Promise.all(edits.map((edit) => edit()));
    return;
  }
  for (const edit of edits) await edit();
}

/** Deletes the node at the address and all below it. */
export async function deleteNode({ store, path, signal }: NodeAddress): Promise<void> {
  if (store.deleteDir === undefined) {
    throw makeError("invalid-option", `overwriting ${path} needs a store with deleteDir`, {
      details: { path, option: "overwrite" },
    });
  }
  await store.deleteDir(path, optionsOf(signal));
}
