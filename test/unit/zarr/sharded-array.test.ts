/** Sharded arrays in the hands of users: sessions, workers, resizing, strings, empty dimensions. */
import { describe, expect, test } from "vitest";
import { memoryStorage, Repository, type Session } from "../../../src/index.ts";
import { chunkRegions, defineWorker, parallelWrite, tasks } from "../../../src/parallel/index.ts";
import { countingStorage } from "../../../src/testing/index.ts";
import { append, createArray, resize, writeRegion } from "../../../src/zarr/index.ts";
import { PlainStore } from "./plain-store.ts";
import { RangeStore } from "./range-store.ts";
import { listOf } from "./read-array.ts";

async function sessionOf(storage = memoryStorage()): Promise<Session> {
  const config = { inlineChunkThresholdBytes: 0 };
  const repository = await Repository.create(storage, { config });
  return repository.writableSession("main");
}

const count = (length: number, first = 1) => Array.from({ length }, (_, i) => i + first);

describe("regions of a sharded array for workers", () => {
  const array = { shape: [10, 7], chunkShape: [2, 2], shards: [4, 6] };

  test("are whole shards, each of them once", () => {
    const regions = chunkRegions(array);

    expect(regions).toHaveLength(6);
    for (const region of regions) {
      for (const [d, { start, end }] of region.entries()) {
        const size = array.shards[d] as number;
        expect(start % size).toBe(0);
        expect(end === array.shape[d] || end % size === 0).toBe(true);
      }
    }
    const first = regions.map((region) => region.map(({ start }) => start).join());
    expect(new Set(first).size).toBe(6);
  });

  test("count shards per task, not chunks", () => {
    const regions = chunkRegions(array, { chunksPerTask: 2 });

    expect(regions.map((region) => region.map(({ start, end }) => [start, end]))).toEqual([
      [
        [0, 4],
        [0, 7],
      ],
      [
        [4, 8],
        [0, 7],
      ],
      [
        [8, 10],
        [0, 7],
      ],
    ]);
  });

  test("are written in parallel with nothing lost", async () => {
    const session = await sessionOf();
    await createArray(session.store, "/a", { ...array, dtype: "int32" });
    const worker = defineWorker<{ at: number; region: { start: number; end: number }[] }>(
      async ({ fork, task: { at, region } }) => {
        await writeRegion(fork.store, "/a", { region, data: at + 1 });
      },
    );
    const regions = chunkRegions(array);

    await parallelWrite(session, {
      worker,
      tasks: regions.map((region, at) => ({ at, region })),
      executor: tasks({ concurrency: 3 }),
    });

    for (const [at, region] of regions.entries()) {
      expect(new Set(await listOf(session.store, region))).toEqual(new Set([at + 1]));
    }
  });

  test("that are cut along chunks alone are refused on a fork", async () => {
    const session = await sessionOf();
    await createArray(session.store, "/a", { ...array, dtype: "int32" });
    const [region] = chunkRegions({ shape: array.shape, chunkShape: array.chunkShape });
    const fork = session.fork();

    await expect(
      writeRegion(fork.store, "/a", { region: region ?? [], data: 1 }),
    ).rejects.toMatchObject({
      kind: "region-not-aligned",
      details: { chunkShape: [4, 6] },
    });
  });
});

describe("a shard in a session", () => {
  test("loses nothing when calls write different chunks of it at once", async () => {
    const { store } = await sessionOf();
    await createArray(store, "/a", { shape: [32], chunkShape: [4], shards: [32], dtype: "int32" });

    await Promise.all(
      count(8, 0).map((at) =>
        writeRegion(store, "/a", {
          region: [{ start: at * 4, end: at * 4 + 4 }],
          data: count(4, at * 4 + 1),
        }),
      ),
    );

    expect(await listOf(store)).toEqual(count(32));
  });

  test("loses nothing when one call covers it and others change single elements after it", async () => {
    const { store } = await sessionOf();
    await createArray(store, "/a", { shape: [8], chunkShape: [2], shards: [8], dtype: "int32" });

    await Promise.all([
      writeRegion(store, "/a", { data: 7 }),
      writeRegion(store, "/a", { region: [1], data: 1 }),
      writeRegion(store, "/a", { region: [6], data: 6 }),
    ]);

    expect(await listOf(store)).toEqual([7, 1, 7, 7, 7, 7, 6, 7]);
  });

  test("that is large costs the index and the chunk, to read one", async () => {
    const storage = countingStorage(memoryStorage());
    const session = await sessionOf(storage);
    const options = { shape: [64, 4096], chunkShape: [1, 4096], shards: [64, 4096] };
    await createArray(session.store, "/a", { ...options, dtype: "uint8", codecs: [] });
    await writeRegion(session.store, "/a", { data: 5 });
    await session.commit("large");
    const { store } = session;
    await listOf(store, [
      { start: 0, end: 1 },
      { start: 0, end: 1 },
    ]);
    storage.reset();

    const read = await listOf(store, [
      { start: 40, end: 41 },
      { start: 7, end: 9 },
    ]);

    expect(read).toEqual([5, 5]);
    expect(storage.total).toMatchObject({ requests: 2, receivedBytes: 64 * 16 + 4 + 4096 });
  });

  test("that is not there costs nothing more than the question, and reads as the fill value", async () => {
    const { store } = await sessionOf();
    const options = { shape: [8], chunkShape: [2], shards: [4], dtype: "int16" } as const;
    await createArray(store, "/a", { ...options, fillValue: -3 });
    await writeRegion(store, "/a", { region: [{ start: 4, end: 6 }], data: 1 });

    expect(await listOf(store)).toEqual([-3, -3, -3, -3, 1, 1, -3, -3]);
    expect(await listOf(store, [{ start: 3, end: 7 }])).toEqual([-3, 1, 1, -3]);
  });

  test("whose chunks are all written with the fill value is not stored", async () => {
    const session = await sessionOf();
    const { store } = session;
    const options = { shape: [8], chunkShape: [2], shards: [4], dtype: "int16" } as const;
    await createArray(store, "/a", { ...options, fillValue: -3 });

    await writeRegion(store, "/a", { data: [-3, -3, -3, -3, -3, 1, -3, -3] });

    const keys = await store.list().toArray();
    expect(keys.filter((key) => key.startsWith("a/c"))).toEqual(["a/c/1"]);
  });
});

describe("a sharded array that is resized", () => {
  const options = { shape: [10], chunkShape: [2], shards: [4], dtype: "int8" } as const;

  test("loses the shards that lie outside", async () => {
    const { store } = await sessionOf();
    await createArray(store, "/a", options);
    await writeRegion(store, "/a", { data: 5 });

    await resize(store, "/a", [4]);
    await resize(store, "/a", [12]);

    expect(await listOf(store)).toEqual([5, 5, 5, 5, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  test("keeps the elements of a shard across the new edge, as an array without shards of a chunk", async () => {
    for (const layout of [options, { ...options, chunkShape: [4], shards: undefined }]) {
      const { store } = await sessionOf();
      await createArray(store, "/a", layout);
      await writeRegion(store, "/a", { data: 5 });

      await resize(store, "/a", [5]);
      await resize(store, "/a", [12]);

      expect(await listOf(store)).toEqual([5, 5, 5, 5, 5, 5, 5, 5, 0, 0, 0, 0]);
    }
  });

  test("shows only the new elements of what is appended into a shard in use", async () => {
    const { store } = await sessionOf();
    await createArray(store, "/a", { ...options, shape: [0] });

    for (const first of [1, 4, 7]) await append(store, "/a", { data: count(3, first) });

    expect(await listOf(store)).toEqual(count(9));
    expect(await store.has("a/c/2")).toBe(true);
  });
});

describe("a sharded array of", () => {
  test("strings keeps those beside a region, however long they become", async () => {
    const store = new RangeStore();
    const options = { shape: [6], chunkShape: [2], shards: [6], dtype: "string" } as const;
    await createArray(store, "/a", { ...options, fillValue: "–" });
    await writeRegion(store, "/a", { data: ["a", "b", "c", "d", "e", "f"] });

    await writeRegion(store, "/a", { region: [3], data: "ü".repeat(1000) });
    await writeRegion(store, "/a", { region: [{ start: 4, end: 6 }], data: "–" });

    expect(await listOf(store)).toEqual(["a", "b", "c", "ü".repeat(1000), "–", "–"]);
    expect(await listOf(store, [{ start: 2, end: 3 }])).toEqual(["c"]);
  });

  test("byte strings gives each element bytes of its own, filled ones too", async () => {
    const store = new RangeStore();
    const dtype = { name: "null_terminated_bytes", configuration: { length_bytes: 2 } } as const;
    const fillValue = Uint8Array.of(1, 2);
    await createArray(store, "/a", { shape: [4], chunkShape: [2], shards: [4], dtype, fillValue });

    const [first, second] = (await listOf(store)) as [Uint8Array, Uint8Array];
    first[0] = 9;

    expect(second).toEqual(fillValue);
  });

  test("one element is stored under one key", async () => {
    const store = new PlainStore();
    await createArray(store, "/a", { shape: [], chunkShape: [], shards: [], dtype: "int8" });
    await writeRegion(store, "/a", { region: [], data: 3 });

    expect(store.entries.has("/a/c")).toBe(true);
    expect(await listOf(store)).toEqual([3]);
  });

  test("no elements has no shard until it grows", async () => {
    const store = new PlainStore();
    const options = { shape: [0, 3], chunkShape: [1, 3], shards: [2, 6] };
    await createArray(store, "/a", { ...options, dtype: "int8" });
    await writeRegion(store, "/a", { data: [] });
    expect(await listOf(store)).toEqual([]);
    expect(store.chunkCalls("set")).toEqual([]);

    await append(store, "/a", { data: count(9) });

    expect(await listOf(store)).toEqual(count(9));
    expect(store.chunkCalls("set").sort()).toEqual(["set /a/c/0/0", "set /a/c/1/0"]);
  });

  test("more chunks per shard than an index may have is refused when it is written, by name", async () => {
    const store = new PlainStore();
    const options = { shape: [8], chunkShape: [2], shards: [10 ** 9], dtype: "int8" } as const;
    await createArray(store, "/a", options);

    await expect(writeRegion(store, "/a", { data: 1 })).rejects.toMatchObject({
      kind: "unimplemented",
      message: "array /a: a shard of 500000000 chunks is too large, at most 4194304",
    });
  });
});
