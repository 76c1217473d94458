/** What needs no worker: regions, tasks as values, order of overlaps, options. */
import { describe, expect, test } from "vitest";
import { DataArray, type Encoding } from "../../../src/dataset/index.ts";
import { memoryStorage, Repository, type Session } from "../../../src/index.ts";
import {
  chunkRegions,
  defineWorker,
  type Executor,
  parallelWrite,
} from "../../../src/parallel/index.ts";
import { createArray, updateAttributes, writeRegion } from "../../../src/zarr/index.ts";

async function sessionWithArray(): Promise<Session> {
  const repository = await Repository.create(memoryStorage());
  const session = await repository.writableSession("main");
  await createArray(session.store, "/a", { shape: [4], chunkShape: [1], dtype: "int32" });
  return session;
}

const fill = defineWorker<{ at: number; value: number }>(async ({ fork, task }) => {
  await writeRegion(fork.store, "/a", {
    region: [{ start: task.at, end: task.at + 1 }],
    data: Int32Array.of(task.value),
  });
});

describe("chunkRegions", () => {
  test("covers the array once, in whole chunks, in row-major order", () => {
    const regions = chunkRegions({ shape: [5, 4], chunkShape: [2, 2] });

    expect(regions).toEqual([
      [
        { start: 0, end: 2 },
        { start: 0, end: 2 },
      ],
      [
        { start: 0, end: 2 },
        { start: 2, end: 4 },
      ],
      [
        { start: 2, end: 4 },
        { start: 0, end: 2 },
      ],
      [
        { start: 2, end: 4 },
        { start: 2, end: 4 },
      ],
      [
        { start: 4, end: 5 },
        { start: 0, end: 2 },
      ],
      [
        { start: 4, end: 5 },
        { start: 2, end: 4 },
      ],
    ]);
  });

  test("fills regions from the last dimension", () => {
    const regions = chunkRegions({ shape: [8, 4], chunks: [1, 2] }, { chunksPerTask: 4 });

    expect(regions).toHaveLength(4);
    expect(regions[1]).toEqual([
      { start: 2, end: 4 },
      { start: 0, end: 4 },
    ]);
  });

  test("of a scalar is one empty region, of an empty dimension none", () => {
    expect(chunkRegions({ shape: [], chunkShape: [] })).toEqual([[]]);
    expect(chunkRegions({ shape: [0, 3], chunkShape: [1, 3] })).toEqual([]);
  });

  test("of a dataset's variable are what isel takes; whole dimensions are not named", () => {
    const air = new DataArray({
      name: "air",
      dims: ["time", "y", "x"],
      shape: [5, 4, 6],
      dtype: "float32",
      encoding: { chunks: [2, 4, 3] },
    });

    const regions = chunkRegions(air, { chunksPerTask: 2 });

    expect(regions).toEqual(
      [0, 2, 4].map((at) => ({ time: { start: at, end: Math.min(at + 2, 5) } })),
    );
    expect(regions.map((region) => air.isel(region).shape)).toEqual([
      [2, 4, 6],
      [2, 4, 6],
      [1, 4, 6],
    ]);
    expect(chunkRegions(air)).toHaveLength(6);
    expect(chunkRegions(air)[1]).toEqual({
      time: { start: 0, end: 2 },
      x: { start: 3, end: 6 },
    });
  });

  test("of a sharded variable are whole shards, of one chunk the whole", () => {
    const of = (encoding: Encoding) =>
      chunkRegions(new DataArray({ name: "v", dims: ["x"], shape: [8], dtype: "int8", encoding }));

    expect(of({ chunks: [2], shards: [4] })).toEqual([
      { x: { start: 0, end: 4 } },
      { x: { start: 4, end: 8 } },
    ]);
    expect(of({ chunks: [8] })).toEqual([{}]);
    expect(() => of({})).toThrow(/chunkRegions: the variable does not say its chunks/);
  });

  test.each([
    [{ shape: [4] }, {}],
    [{ shape: [4], chunkShape: [1, 1] }, {}],
    [{ shape: [4], chunkShape: [1] }, { chunksPerTask: 0 }],
    [{ shape: [4], chunkShape: [1] }, { perTask: 1 }],
  ])("refuses %j with %j", (array, options) => {
    expect(() => chunkRegions(array, options as never)).toThrow(
      expect.objectContaining({ kind: "invalid-option" }),
    );
  });
});

describe("parallelWrite", () => {
  test("works on memory with the definition itself, and keeps the session's own changes", async () => {
    const session = await sessionWithArray();

    const report = await parallelWrite(session, {
      worker: fill,
      tasks: [0, 1, 2, 3].map((at) => ({ at, value: at + 10 })),
    });
    await session.commit("filled");

    expect(report.merge).toMatchObject({ forks: 4, chunks: 4 });
    expect(await session.store.list().toArray()).toContain("a/c/3");
  });

  test("takes chunks of an uncommitted array beside a task that updates its attributes, in every order", async () => {
    for (const first of [0, 1, 2]) {
      const session = await sessionWithArray();
      const turned: Executor = {
        sharesMemory: true,
        async *run(jobs, { runHere }) {
          const results = [];
          for await (const job of jobs) {
            results.push(await runHere(job));
            if (results.length === 3) break;
          }
          yield* [...results.slice(first), ...results.slice(0, first)];
        },
        close: async () => undefined,
      };

      await parallelWrite(session, {
        worker: defineWorker<number>(async ({ fork, task }) => {
          if (task === 1) await updateAttributes(fork.store, "/a", { title: "x" });
          else await fork.store.set(`a/c/${task}`, new Uint8Array(4));
        }),
        tasks: [0, 1, 2],
        executor: turned,
      });

      expect(await session.chunkCoordinates("/a").toArray()).toEqual([[0], [2]]);
    }
  });

  test("is refused if the session gives the array another meaning meanwhile, though it had it before", async () => {
    const session = await sessionWithArray();
    const little = (await session.store.get("a/zarr.json")) as Uint8Array;
    const text = new TextDecoder().decode(little).replace('"little"', '"big"');
    await session.store.set("a/zarr.json", new TextEncoder().encode(text));

    const run = parallelWrite(session, {
      worker: defineWorker<number>(async ({ fork }) => {
        await fork.store.set("a/c/0", Uint8Array.of(0, 0, 0, 1));
        await session.store.set("a/zarr.json", little);
      }),
      tasks: [0],
    });

    await expect(run).rejects.toMatchObject({ kind: "merge-failed" });
    expect(await session.store.get("a/zarr.json")).toEqual(little);
    expect(await session.store.has("a/c/0")).toBe(false);
  });

  test.each([
    ["ours", 5],
    ["theirs", 6],
  ] as const)(
    "decides overlaps by task index, with %s, whatever arrives first",
    async (onOverlap, value) => {
      for (const isReversed of [false, true]) {
        const session = await sessionWithArray();
        const plain: Executor = {
          sharesMemory: true,
          async *run(jobs, { runHere }) {
            const results = [];
            for await (const job of jobs) {
              results.push(await runHere(job));
              if (results.length === 2) break;
            }
            yield* isReversed ? results.reverse() : results;
          },
          close: async () => undefined,
        };

        await parallelWrite(session, {
          worker: fill,
          tasks: [
            { at: 0, value: 5 },
            { at: 0, value: 6 },
          ],
          executor: plain,
          onOverlap,
        });
        await session.commit("filled");

        const { getChunk } = await import("./read-int32.ts");
        expect(await getChunk(session, "a/c/0")).toEqual([value]);
      }
    },
  );

  test("takes the first result of a task and ignores second deliveries", async () => {
    const session = await sessionWithArray();
    const twice: Executor = {
      sharesMemory: true,
      async *run(jobs, { runHere }) {
        for await (const job of jobs) {
          const first = await runHere(job);
          const second = await runHere(job);
          yield first;
          yield second;
          yield first;
        }
      },
      close: async () => undefined,
    };

    const report = await parallelWrite(session, {
      worker: fill,
      tasks: [{ at: 0, value: 5 }],
      executor: twice,
    });

    expect(report).toMatchObject({ tasks: 1, attempts: 1, merge: { forks: 1, chunks: 1 } });
  });

  test("reads an async source only as fast as workers take jobs", async () => {
    const session = await sessionWithArray();
    let pulled = 0;
    async function* source(): AsyncGenerator<{ at: number; value: number }> {
      for (let at = 0; at < 4; at++) {
        pulled++;
        yield { at, value: at };
      }
    }

    const report = await parallelWrite(session, { worker: fill, tasks: source() });

    expect(pulled).toBe(4);
    expect(report.tasks).toBe(4);
  });

  test.each([
    ["a task that JSON would change", { tasks: [{ at: 0 }, { at: undefined }] }, /task 1/],
    ["a task with a Date", { tasks: [new Date(0)] }, /task 0/],
    ["tasks that are no iterable", { tasks: 4 }, /tasks/],
    ["a worker that is a plain function", { worker: () => undefined }, /worker/],
    ["negative retries", { retriesPerTask: -1 }, /retriesPerTask/],
    ["an unknown policy", { onOverlap: "mine" }, /onOverlap/],
    ["an unknown option", { retries: 3 }, /retries/],
  ])("refuses %s and changes nothing", async (_what, options, message) => {
    const session = await sessionWithArray();
    await session.commit("array");
    const next = await sessionWithArray();

    const run = parallelWrite(next, {
      worker: fill,
      tasks: [{ at: 0, value: 1 }],
      ...(options as object),
    });

    await expect(run).rejects.toMatchObject({
      kind: "invalid-option",
      message: expect.stringMatching(message),
    });
    expect(await next.store.get("a/c/0")).toBeUndefined();
  });
});

test("a worker with access to virtual chunks, which are not fetched yet, is refused by name", () => {
  const access = { authorizeVirtualChunkAccess: { "s3://bucket/": null } };

  expect(() => defineWorker(() => undefined, access)).toThrow(
    expect.objectContaining({ kind: "unimplemented" }),
  );
});
