/** Manifests that are larger than the cache they are kept in. */
import { expect, test } from "vitest";
import { createByteLru } from "../../../src/base/lru.ts";
import { memoryStorage, Repository } from "../../../src/index.ts";
import { countingStorage } from "../../../src/testing/index.ts";
import { array } from "../session/fixture.ts";

test("a manifest larger than its cache is read once, however many chunks are looked up in it", async () => {
  const memory = memoryStorage();
  const session = await (await Repository.create(memory)).writableSession("main");
  await session.store.set("a/zarr.json", array([2000], [1]));
  for (let at = 0; at < 2000; at++)
    await session.store.set(`a/c/${at}`, new Uint8Array(400).fill(at));
  await session.commit("many chunks");
  const counting = countingStorage(memory);
  const repository = await Repository.open(counting, {
    config: { caching: { numChunkRefs: 100 } },
  });
  const { store } = await repository.readonlySession("main");

  for (let at = 0; at < 100; at++)
    expect(await store.get(`a/c/${at * 19}`)).toEqual(new Uint8Array(400).fill(at * 19));

  expect(counting.log.filter(({ path }) => path.startsWith("manifests/"))).toHaveLength(1);
});

test("the value that was used last stays, others leave for it", () => {
  const cache = createByteLru<string>(10, true);
  cache.set("small", "a", 4);
  cache.set("large", "b", 50);
  expect([cache.get("small"), cache.get("large")]).toEqual([undefined, "b"]);

  cache.set("next", "c", 4);

  expect([cache.get("large"), cache.get("next")]).toEqual([undefined, "c"]);
});

test("a value that grows drives out those used before it, and is itself driven out unless it is the latest", () => {
  const cache = createByteLru<string>(10, true);
  cache.set("first", "a", 4);
  cache.set("second", "b", 4);
  cache.resize("second", "b", 9);
  expect([cache.get("first"), cache.get("second")]).toEqual([undefined, "b"]);

  cache.set("third", "c", 1);
  cache.resize("second", "another", 90);
  expect(cache.get("second")).toBe("b");
  cache.get("third");
  cache.resize("second", "b", 90);

  expect([cache.get("second"), cache.get("third")]).toEqual([undefined, "c"]);
});

test("a cache of no bytes keeps nothing", () => {
  const cache = createByteLru<string>(0, true);
  cache.set("key", "value", 1);

  expect(cache.get("key")).toBeUndefined();
});
