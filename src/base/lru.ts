/** A cache bounded in bytes: the least recently used entries leave first. */

/** A byte-bounded cache. */
export interface ByteLru<T> {
  get(key: string): T | undefined;
  /** Stores `value`, which costs `sizeBytes`. */
  set(key: string, value: T, sizeBytes: number): void;
  /** Weighs `value` anew, if it is still there. */
  resize(key: string, value: T, sizeBytes: number): void;
  delete(key: string): void;
}

/**
 * A cache of at most `bytesMax` bytes; 0 keeps nothing. With `keepsLatest` the value that was used
 * last stays, however large it is; without, one larger than the whole cache is not kept.
 */
export function createByteLru<T>(bytesMax: number, keepsLatest = false): ByteLru<T> {
  const entries = new Map<string, { value: T; sizeBytes: number }>();
  let sizeBytes = 0;
  /** The key that was used last, which is also the map's last: asking for it again moves nothing. */
  let latest: string | undefined;
  const remove = (key: string): void => {
    const entry = entries.get(key);
    if (entry === undefined) return;
    entries.delete(key);
    sizeBytes -= entry.sizeBytes;
  };
  const shrink = (): void => {
    for (const oldest of entries.keys()) {
      if (sizeBytes <= bytesMax || (keepsLatest && oldest === latest)) break;
      remove(oldest);
    }
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
      if (bytesMax === 0 || (bytes > bytesMax && !keepsLatest)) return;
      entries.set(key, { value, sizeBytes: bytes });
      latest = key;
      sizeBytes += bytes;
      shrink();
    },
    resize(key, value, bytes) {
      const entry = entries.get(key);
      if (entry === undefined || entry.value !== value) return;
      sizeBytes += bytes - entry.sizeBytes;
      entry.sizeBytes = bytes;
      shrink();
    },
    delete: remove,
  };
}
