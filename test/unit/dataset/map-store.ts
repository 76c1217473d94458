/** A store in a `Map`, as small as a store can be, that counts what is done to it. */
import type { ZarrStore } from "../../../src/zarr/zarr-store.ts";

export interface MapStore extends ZarrStore {
  readonly map: Map<string, Uint8Array>;
  /** Keys that were written, deleted or read, in order. */
  readonly sets: string[];
  readonly deletes: string[];
  readonly gets: string[];
  list(): AsyncIterable<string>;
}

export function mapStore(): MapStore {
  const map = new Map<string, Uint8Array>();
  const store: MapStore = {
    map,
    sets: [],
    deletes: [],
    gets: [],
    async get(key) {
      store.gets.push(key);
      return map.get(key)?.slice();
    },
    async set(key, bytes) {
      store.sets.push(key);
      map.set(key, bytes.slice());
    },
    has: async (key) => map.has(key),
    async delete(key) {
      store.deletes.push(key);
      map.delete(key);
    },
    async *list() {
      yield* map.keys();
    },
  };
  return store;
}

/** The zarr.json at a path of a store. */
export function documentAt(store: MapStore, path: string): Record<string, unknown> {
  const bytes = store.map.get(`${path === "/" ? "" : path}/zarr.json`);
  return JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
}

/** Keys of chunks below a path, sorted. */
export function chunkKeys(store: MapStore, path: string): string[] {
  return [...store.map.keys()].filter((key) => key.startsWith(`${path}/c`)).sort();
}
