/** Writes that have begun and not ended, while a fork is sent or merged, or their array changes. */
import { describe, expect, test } from "vitest";
import { memoryStorage, Repository, type Session } from "../../../src/index.ts";
import { array, chunk, kindOf, repositoryWithArray } from "./fixture.ts";
import { type HeldStorage, heldStorage } from "./held-storage.ts";

/** A session on array /a behind a gate. */
async function place(): Promise<{ gate: HeldStorage; session: Session }> {
  const inner = memoryStorage();
  await repositoryWithArray(inner);
  const gate = heldStorage(inner);
  const repository = await Repository.open(gate.storage);
  return { gate, session: await repository.writableSession("main") };
}
const isChunk = ({ path }: { path: string }): boolean => path.startsWith("chunks/");

describe("a fork with writes in flight", () => {
  test("is neither sent nor merged, and both work when they have ended", async () => {
    const { gate, session } = await place();
    const fork = session.fork();
    gate.holds = isChunk;
    const writes = [
      fork.store.set("a/c/0", chunk(600)),
      fork.store.set("a/c/1", chunk(600)),
      fork.store.set("a/c/2", chunk(1)),
    ];
    await gate.next();
    const expected = expect.objectContaining({
      kind: "writes-in-flight",
      message: expect.stringMatching(/: 2 write.* is an await missing\? a\/c\/0, a\/c\/1$/),
      details: expect.objectContaining({ total: 2, writes: ["a/c/0", "a/c/1"] }),
    });

    expect(() => fork.toBytes()).toThrow(expected);
    await expect(session.merge(fork)).rejects.toEqual(expected);

    gate.releaseAll();
    await Promise.all(writes);
    expect(await session.merge([fork.toBytes(), fork])).toMatchObject({ forks: 2, chunks: 3 });
  });

  test("is sent where they failed, were aborted or discarded", async () => {
    const { gate, session } = await place();
    const fork = session.fork();
    await fork.store.set("a/c/2", chunk(1));
    gate.holds = isChunk;
    const abort = new AbortController();
    const aborted = fork.store.set("a/c/0", chunk(600), { signal: abort.signal });
    await gate.next();
    abort.abort("enough");
    await expect(aborted).rejects.toBe("enough");
    expect(await session.merge(fork.toBytes())).toMatchObject({ chunks: 1 });

    const other = session.fork();
    gate.holds = isChunk;
    const discarded = other.store.set("a/c/1", chunk(600));
    other.discardChanges();
    expect(other.toBytes()).toBeInstanceOf(Uint8Array);
    gate.releaseAll();
    await discarded;
    expect(other.hasUncommittedChanges).toBe(false);
  });
});

describe("a chunk being uploaded", () => {
  test("is refused if its array is deleted meanwhile", async () => {
    const { gate, session } = await place();
    gate.holds = isChunk;
    const upload = kindOf(session.store.set("a/c/0", chunk(600)));
    await gate.next();
    await session.store.delete("a/zarr.json");
    gate.releaseAll();
    expect(await upload).toBe("node-not-found");
    expect((await session.status()).updatedChunks.size).toBe(0);
  });

  test("is refused if its array is deleted and made anew meanwhile", async () => {
    const { gate, session } = await place();
    gate.holds = isChunk;
    const upload = kindOf(session.store.set("a/c/0", chunk(600)));
    await gate.next();
    await session.store.delete("a/zarr.json");
    await session.store.set("a/zarr.json", array([8], [1]));
    gate.releaseAll();
    expect(await upload).toBe("node-not-found");
    expect(await session.store.has("a/c/0")).toBe(false);
  });

  test("is refused if its array becomes too small meanwhile", async () => {
    const { gate, session } = await place();
    gate.holds = isChunk;
    const upload = kindOf(session.store.set("a/c/5", chunk(600)));
    await gate.next();
    await session.store.set("a/zarr.json", array([2], [1]));
    gate.releaseAll();
    expect(await upload).toBe("invalid-chunk-index");
    expect((await session.status()).updatedChunks.size).toBe(0);
  });

  test.each([
    ["data type", { data_type: "int8" }],
    ["grid", { chunk_grid: { name: "regular", configuration: { chunk_shape: [2] } } }],
    ["codecs", { codecs: [{ name: "bytes" }, { name: "crc32c" }] }],
    ["fill value", { fill_value: 5 }],
  ])("is refused if its array gets another %s meanwhile", async (_, members) => {
    const { gate, session } = await place();
    gate.holds = isChunk;
    const upload = kindOf(session.store.set("a/c/0", chunk(600)));
    await gate.next();
    await session.store.set("a/zarr.json", array([8], [1], members));
    gate.releaseAll();
    expect(await upload).toBe("node-changed");
    expect((await session.status()).updatedChunks.size).toBe(0);
  });

  test("is recorded under the metadata of the end if it still fits", async () => {
    const { gate, session } = await place();
    gate.holds = isChunk;
    const upload = session.store.set("a/c/5", chunk(600));
    await gate.next();
    await session.store.set("a/zarr.json", array([6], [1]));
    gate.releaseAll();
    await upload;
    expect(await session.store.get("a/c/5")).toEqual(chunk(600));
  });
});
