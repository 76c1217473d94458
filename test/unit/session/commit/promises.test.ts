/** What a small commit is made of, besides its requests: much of it runs before it is compiled. */
import { createHook } from "node:async_hooks";
import { expect, test } from "vitest";
import { chunk, repositoryWithArray } from "../fixture.ts";

/** With some room: an await more or less is no fault, a layer of them is. */
const PROMISES_MAX = 120;

test("opening, setting a chunk and committing it takes few promises", async () => {
  const { repository } = await repositoryWithArray();
  const commitChunk = async (at: number): Promise<void> => {
    const session = await repository.writableSession("main");
    await session.store.set(`a/c/${at}`, chunk(at + 1));
    await session.commit("one");
  };
  for (let at = 0; at < 4; at++) await commitChunk(at); // Loads what is loaded once.
  let promises = 0;
  const hook = createHook({
    init(_id, type) {
      if (type === "PROMISE") promises++;
    },
  });

  hook.enable();
  await commitChunk(4);
  hook.disable();

  expect(promises).toBeGreaterThan(0);
  expect(promises).toBeLessThanOrEqual(PROMISES_MAX);
});
