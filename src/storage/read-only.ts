/** A storage that refuses every write. */
import { makeError } from "../base/errors.ts";
import { checkObjectPath } from "./object-path.ts";
import type { Storage, StorageCapabilities } from "./port.ts";

/** What a backend that cannot write says of itself, besides what reading it needs. */
export const READ_ONLY_CAPABILITIES: Readonly<
  Pick<StorageCapabilities, "conditionalCreate" | "conditionalUpdate" | "write" | "delete">
> = Object.freeze({
  conditionalCreate: false,
  conditionalUpdate: false,
  write: false,
  delete: false,
});

/** Refuses a write. @throws {invalid-path} @throws {read-only-storage} */
export async function refuseWrite(
  operation: "put" | "copy" | "delete",
  paths: readonly string[],
  signal: AbortSignal | undefined,
): Promise<never> {
  for (const path of paths) checkObjectPath(path);
  signal?.throwIfAborted();
  throw makeError("read-only-storage", `${operation} of ${paths.join(", ")}: only reads here`, {
    details: { operation, paths: paths.slice(0, 10) },
  });
}

/** `storage` for reading only: `put`, `copy` and `delete` are refused (`read-only-storage`). */
export function readOnly(storage: Storage): Storage {
  return {
    id: storage.id,
    get capabilities() {
      return { ...storage.capabilities, ...READ_ONLY_CAPABILITIES };
    },
    describe() {
      const inner = storage.describe();
      return inner && { type: "read-only", storage: inner };
    },
    close: () => storage.close(),
    get: (path, options) => storage.get(path, options),
    getIfChanged: (path, version, options) => storage.getIfChanged(path, version, options),
    head: (path, options) => storage.head(path, options),
    list: (prefix, options) => storage.list(prefix, options),
    put: (path, _body, options) => refuseWrite("put", [path], options.signal),
    copy: (from, to, options) => refuseWrite("copy", [from, to], options.signal),
    delete: (paths, options) => refuseWrite("delete", paths, options?.signal),
  };
}
