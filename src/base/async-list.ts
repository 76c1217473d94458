/** Async iterables that can also be collected: Node 20 has no `Array.fromAsync`. */

/** An async iterable with `toArray()`. Each iteration starts anew. */
export interface AsyncList<T> extends AsyncIterable<T> {
  /** Collects everything; memory grows with the list. */
  toArray(): Promise<T[]>;
}

/** Makes an `AsyncList` of a function that starts an iteration. */
export function asyncList<T>(start: () => AsyncIterable<T>): AsyncList<T> {
  return {
    [Symbol.asyncIterator]: () => start()[Symbol.asyncIterator](),
    async toArray() {
      const items: T[] = [];
      for await (const item of start()) items.push(item);
      return items;
    },
  };
}
