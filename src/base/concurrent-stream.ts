/** Bounded concurrency over what comes one after another. */

/**
 * Maps items as they come, with at most `limit` calls under way, and as many items held; results in
 * order. The first failure rejects, after all calls have ended; the source is ended then. `items`
 * is an async generator: it answers in the order in which it is asked.
 */
export async function mapStream<T, R>(
  items: AsyncGenerator<T>,
  limit: number,
  map: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let count = 0;
  let isOver = false;
  const takeItems = async (): Promise<void> => {
    while (!isOver) {
      try {
        const next = await items.next();
        if (next.done) isOver = true;
        if (next.done || isOver) return;
        const index = count++;
        results[index] = await map(next.value, index);
      } catch (error) {
        isOver = true;
        throw error;
      }
    }
  };
  const settled = await Promise.allSettled(Array.from({ length: limit }, takeItems));
  const failed = settled.find((loop) => loop.status === "rejected");
  if (failed === undefined) return results;
  await items.return(undefined).catch(() => undefined); // Its first failure is told.
  throw failed.reason;
}
