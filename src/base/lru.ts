/** A cache bounded in bytes: the least recently used entries leave first. */

/** A byte-bounded cache. */
export interface ByteLru<T> {
  get(key: string): T | undefined;
  /** Stores `value`, which costs `sizeBytes`; a value larger than the whole cache is not kept. */
  set(key: string, value: T, sizeBytes: number): void;
  delete(key: string): void;
}

/** A cache of at most `bytesMax` bytes; 0 keeps nothing. */
export function createByteLru<T>(bytesMax: number): ByteLru<T> {
  const entries = new Map<string, { value: T; sizeBytes: number }>();
  let sizeBytes = 0;
  /** The key that was used last: asking for it again moves nothing. */
  let latest: string | undefined;
  const remove = (key: string): void => {
    const entry = entries.get(key);
    if (entry === undefined) return;
    entries.delete(key);
    sizeBytes -= entry.sizeBytes;
  };
  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined || key === latest) return entry?.value;
      entries.delete(key);
      entries.set(key, entry);
      latest = key;
      return entry.value;
    },
    set(key, value, bytes) {
      remove(key);
      if (bytes > bytesMax) return;
      entries.set(key, { value, sizeBytes: bytes });
      latest = key;
      sizeBytes += bytes;
      for (const oldest of entries.keys()) {
        if (sizeBytes <= bytesMax) break;
        remove(oldest);
      }
    },
    delete: remove,
  };
}
