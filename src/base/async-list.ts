/** Async iterables: collected (Node 20 has no `Array.fromAsync`), and left when a signal aborts. */
import { abortable } from "./on-abort.ts";

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

/**
 * The items of `source`; rejects with `signal.reason` on abort, also while an item is awaited that
 * never comes. The source is closed like by any loop that ends early, but not waited for.
 */
export async function* untilAborted<T>(
  source: AsyncIterable<T>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T, void, undefined> {
  if (signal === undefined) {
    yield* source;
    return;
  }
  const iterator = source[Symbol.asyncIterator]();
  let isOpen = true;
  const next = async (): Promise<IteratorResult<T>> => iterator.next();
  const close = async (): Promise<unknown> => iterator.return?.();
  try {
    for (;;) {
      signal.throwIfAborted();
      const step = await abortable(next(), signal).catch((error: unknown) => {
        isOpen = signal.aborted; // A source that fails has closed itself.
        throw error;
      });
      if (step.done === true) {
        isOpen = false;
        return;
      }
      yield step.value;
    }
  } finally {
    const closed = isOpen ? close() : undefined;
    if (signal.aborted)
      closed?.catch(() => undefined); // It may hang, as its item did.
    else await closed;
  }
}
