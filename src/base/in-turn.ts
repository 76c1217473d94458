/** One at a time: read-modify-write of what several tasks of one session may touch. */

const tails = new WeakMap<object, Map<string, Promise<void>>>();

/** Runs `work` after all earlier ones of the same owner and name have ended, however they ended. */
export async function inTurn<T>(owner: object, name: string, work: () => Promise<T>): Promise<T> {
  let names = tails.get(owner);
  if (names === undefined) {
    names = new Map();
    tails.set(owner, names);
  }
  const previous = names.get(name);
  const run = previous === undefined ? work() : previous.then(work);
  const tail = run.then(ignore, ignore);
  names.set(name, tail);
  try {
    return await run;
  } finally {
    if (names.get(name) === tail) names.delete(name);
  }
}

/** The caller of a failed piece of work gets its error; the next in line only waits for the end. */
function ignore(): void {}
