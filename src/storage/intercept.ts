/**
 * Wrappers' common ground: a storage that hands every request of another to one function, which
 * runs it once, several times, or not at all.
 */
import type { Abortable } from "../base/options.ts";
import type { ListEntry, ObjectKind, PutCondition, Storage } from "./port.ts";

/** The requests of a storage. */
export type StorageOperation = "get" | "getIfChanged" | "put" | "head" | "copy" | "list" | "delete";

/** What is asked of a storage. */
export interface StorageRequest extends Abortable {
  readonly operation: StorageOperation;
  /** The object, the copy's source, the list's prefix, or the first of the paths to delete. */
  readonly path: string;
  /** Of a put or copy. */
  readonly objectKind?: ObjectKind | undefined;
  /** Of a put: whether it has a condition. */
  readonly isConditional: boolean;
  /** Bytes sent: the body of a put. Of one in parts (`wrap-storage.ts`), those that have been taken so far. */
  readonly sentBytes: number;
  /** Whether the body comes in parts: once begun, it cannot be sent again. */
  readonly isInParts?: boolean | undefined;
}

/** Sees every request; `run` makes it, and may be called again. */
export interface Interceptor {
  request<T>(request: StorageRequest, run: () => Promise<T>): Promise<T>;
  list(request: StorageRequest, run: () => AsyncIterable<ListEntry>): AsyncIterable<ListEntry>;
}

interface Asked extends Abortable {
  readonly objectKind?: ObjectKind | undefined;
  readonly condition?: PutCondition | undefined;
}

/** `inner`, with every request going through `interceptor`; `close` and `describe` pass. */
export function interceptStorage(inner: Storage, interceptor: Interceptor): Storage {
  const ask = <T>(
    operation: StorageOperation,
    path: string,
    options: Asked | undefined,
    run: () => Promise<T>,
    sentBytes: number = 0,
  ): Promise<T> => interceptor.request(requestOf(operation, path, options, sentBytes), run);
  return {
    id: inner.id,
    get capabilities() {
      return inner.capabilities; // May become known only later: see redirect.ts.
    },
    describe: () => inner.describe(),
    close: () => inner.close(),
    get: (path, options) => ask("get", path, options, () => inner.get(path, options)),
    getIfChanged: (path, version, options) =>
      ask("getIfChanged", path, options, () => inner.getIfChanged(path, version, options)),
    put: (path, body, options) =>
      ask(
        "put",
        path,
        options,
        () => inner.put(path, body, options),
        (body as Uint8Array).length, // In parts: see wrap-storage.ts.
      ),
    head: (path, options) => ask("head", path, options, () => inner.head(path, options)),
    copy: (from, to, options) => ask("copy", from, options, () => inner.copy(from, to, options)),
    delete: (paths, options) =>
      ask("delete", paths[0] ?? "", options, () => inner.delete(paths, options)),
    list: (prefix, options) =>
      interceptor.list(requestOf("list", prefix, options), () => inner.list(prefix, options)),
  };
}

function requestOf(
  operation: StorageOperation,
  path: string,
  options: Asked | undefined,
  sentBytes: number = 0,
): StorageRequest {
  const { objectKind, condition, signal } = options ?? {};
  return { operation, path, objectKind, isConditional: condition !== undefined, sentBytes, signal };
}

/** How many bytes a request's result carries. */
export function receivedBytes(result: unknown): number {
  if (typeof result !== "object" || result === null || !("bytes" in result)) return 0;
  return result.bytes instanceof Uint8Array ? result.bytes.length : 0;
}
