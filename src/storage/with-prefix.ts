/** A folder of a storage as a storage of its own. */

import { checkListPrefix, checkObjectPath } from "./object-path.ts";
import type { DeleteOutcome, ListEntry, Storage } from "./port.ts";
import { settingsOf } from "./wrap-storage.ts";

/**
 * The objects of `storage` below the folder `prefix` (`"a/b"` or `"a/b/"`), under paths relative to
 * it; nothing outside is reachable.
 * @throws {invalid-path} if `prefix` is not the path of a folder
 */
export function withPrefix(storage: Storage, prefix: string): Storage {
  const folder = prefix.endsWith("/") ? prefix.slice(0, -1) : prefix;
  checkObjectPath(folder);
  const inside = (path: string): string => {
    checkObjectPath(path);
    return `${folder}/${path}`;
  };
  const outside = (path: string): string => path.slice(folder.length + 1);
  return {
    id: `${storage.id}/${folder}`,
    get capabilities() {
      return storage.capabilities;
    },
    ...settingsOf(storage, (settled) => withPrefix(settled, folder)),
    describe() {
      const inner = storage.describe();
      return inner && { type: "prefix", prefix: folder, storage: inner };
    },
    close: () => storage.close(),
    get: async (path, options) => storage.get(inside(path), options),
    getIfChanged: async (path, version, options) =>
      storage.getIfChanged(inside(path), version, options),
    put: async (path, body, options) => storage.put(inside(path), body, options),
    head: async (path, options) => storage.head(inside(path), options),
    copy: async (from, to, options) => storage.copy(inside(from), inside(to), options),
    async *list(prefix, options): AsyncGenerator<ListEntry> {
      checkListPrefix(prefix);
      for await (const entry of storage.list(`${folder}/${prefix}`, options))
        yield { ...entry, path: outside(entry.path) };
    },
    async delete(paths, options) {
      const outcomes = await storage.delete(paths.map(inside), options);
      return outcomes.map((done): DeleteOutcome => ({ ...done, path: outside(done.path) }));
    },
  };
}
