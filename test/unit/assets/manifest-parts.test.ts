/** Manifests in parts, as storages may hand them over. */
import { describe, expect, test } from "vitest";
import { memoryStorage, Repository, type Storage } from "../../../src/index.ts";
import { interceptStorage } from "../../../src/storage/intercept.ts";
import type { StoredObject } from "../../../src/storage/port.ts";
import { array } from "../session/fixture.ts";

const CHUNKS = 30_000;
const payloadOf = (at: number): Uint8Array => {
  const words = Uint32Array.from({ length: 12 }, (_, i) => Math.imul(at * 12 + i + 1, 0x9e3779b1));
  return new Uint8Array(words.buffer);
};

async function withManyChunks(): Promise<Storage> {
  const storage = memoryStorage();
  const repository = await Repository.create(storage);
  const session = await repository.writableSession("main");
  const { store } = session;
  await store.set("a/zarr.json", array([CHUNKS], [1]));
  for (let at = 0; at < CHUNKS; at++) await store.set(`a/c/${at}`, payloadOf(at));
  await session.commit("many chunks");
  return storage;
}

/** `storage`, of which `change` sees every object that is read. */
function changed(storage: Storage, change: (bytes: Uint8Array, path: string) => Uint8Array) {
  return interceptStorage(storage, {
    async request(request, run) {
      const found = await run();
      const object = found as unknown as StoredObject | undefined;
      if (object?.bytes === undefined) return found;
      return { ...object, bytes: change(object.bytes, request.path) } as typeof found;
    },
    list: (_, run) => run(),
  });
}

const shared = withManyChunks();

describe("A manifest in parts", () => {
  test("is read from a storage that answers with Buffers", async () => {
    const buffers = changed(await shared, (bytes) => {
      const pool = Buffer.alloc(bytes.length + 5);
      pool.set(bytes, 3);
      return pool.subarray(3, 3 + bytes.length);
    });
    const { store } = await (await Repository.open(buffers)).readonlySession("main");

    for (const at of [0, 1, 17_000, CHUNKS - 1])
      expect(await store.get(`a/c/${at}`)).toEqual(payloadOf(at));
  });

  test("that arrived damaged once is asked for again", async () => {
    let gets = 0;
    const flipped = changed(await shared, (bytes, path) => {
      if (!path.startsWith("manifests/") || ++gets > 1) return bytes;
      const damaged = bytes.slice();
      for (let at = 200; at < damaged.length; at += 20_000)
        damaged[at] = (damaged[at] as number) ^ 1;
      return damaged;
    });
    const { store } = await (await Repository.open(flipped)).readonlySession("main");
    await expect(store.get("a/c/5")).rejects.toMatchObject({ kind: "deserialization" });

    expect(await store.get("a/c/5")).toEqual(payloadOf(5));
    expect(gets).toBe(2);
  });
});
