/** One at a time: read-modify-write of what several tasks of one session may touch. */
import { abortable } from "./on-abort.ts";

const tails = new WeakMap<object, Map<string, Promise<void>>>();

/**
 * Runs `work` after all earlier ones of the same owner and name have ended, however they ended.
 * Aborting while it waits rejects at once; the order of the others does not change.
 */
export async function inTurn<T>(
  owner: object,
  name: string,
  work: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  let names = tails.get(owner);
  if (names === undefined) {
    names = new Map();
    tails.set(owner, names);
  }
  const previous = names.get(name);
  const run = previous === undefined ? work() : abortable(previous, signal).then(work);
  const tail = Promise.allSettled([previous, run]).then(ignore);
  names.set(name, tail);
  try {
    return await run;
  } finally {
    // Once aborted it ends before those that it waited for.
    void tail.then(() => names.get(name) === tail && names.delete(name));
  }
}

/** The caller of a failed piece of work gets its error; the next in line only waits for the end. */
function ignore(): void {}
