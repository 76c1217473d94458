/**
 * One writer of an object at a time, among all pages and workers of this origin: a Web Lock named
 * after the object's file. The browser frees it when its holder ends, however that ends.
 */

/** Runs `work` while nobody else of this origin works on `file`; abort rejects while it waits. */
export type ObjectLocks = <T>(
  file: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
) => Promise<T>;

/** Locks by the platform's `navigator.locks`. */
export function webLocks(manager: LockManager): ObjectLocks {
  return <T>(file: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> => {
    const options: LockOptions = signal === undefined ? {} : { signal };
    return manager.request(`icefloe:opfs:${file}`, options, work) as Promise<T>;
  };
}
