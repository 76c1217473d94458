/** Workers that forget an `await`: their attempt fails, and nothing is merged. */
import { describe, expect, test } from "vitest";
import * as zarr from "zarrita";
import { type ForkSession, memoryStorage, Repository, type Session } from "../../../src/index.ts";
import { defineWorker, parallelWrite } from "../../../src/parallel/index.ts";
import { createArray, writeRegion } from "../../../src/zarr/index.ts";
import { rejection } from "../session/fixture.ts";

const CODECS = [{ name: "bytes", configuration: { endian: "little" } }];

async function sessionWithArray(codecs?: typeof CODECS): Promise<Session> {
  const repository = await Repository.create(memoryStorage());
  const session = await repository.writableSession("main");
  const options = { shape: [2, 600], chunkShape: [1, 600], dtype: "int32" } as const;
  await createArray(session.store, "/a", { ...options, codecs });
  await session.commit("array");
  return repository.writableSession("main");
}
const bytesOfChunk = (value: number): Uint8Array =>
  new Uint8Array(new Int32Array(600).fill(value).buffer);
const openArray = (fork: ForkSession) =>
  zarr.open(zarr.root(fork.store).resolve("a"), { kind: "array" });

/** Promises of the workers, so that no test ends with one that nobody has looked at. */
const forgotten: Promise<unknown>[] = [];

const WORKERS: Record<string, (fork: ForkSession) => unknown> = {
  writeRegion: (fork) => writeRegion(fork.store, "/a", { data: 7 }),
  "set of a stored chunk": (fork) => fork.store.set("a/c/0/0", bytesOfChunk(7)),
  "a function of its own": async (fork) => {
    for (const row of [0, 1]) await fork.store.set(`a/c/${row}/0`, bytesOfChunk(7));
  },
  "zarrita's set of a whole chunk": async (fork) => {
    const data = { data: new Int32Array(600).fill(7), shape: [1, 600], stride: [600, 1] };
    await zarr.set(await openArray(fork), [zarr.slice(0, 1), null], data);
  },
  "zarrita's set of a part of a chunk": async (fork) =>
    zarr.set(await openArray(fork), [0, zarr.slice(0, 5)], 7),
};

describe.each(Object.keys(WORKERS))("a worker that does not await %s", (name) => {
  // Compressed, zarrita has a codec to load between its steps.
  test.each([
    ["plain", CODECS],
    ["compressed", undefined],
  ])("fails with an error that says so, and nothing is merged (%s)", async (_, codecs) => {
    const session = await sessionWithArray(codecs);
    const worker = defineWorker(async ({ fork }) => {
      forgotten.push(Promise.allSettled([WORKERS[name]?.(fork)]));
    });

    const error = await rejection(
      parallelWrite(session, { worker, tasks: [0], retriesPerTask: 0 }),
    );

    expect(JSON.stringify(error)).toContain("writes-in-flight");
    expect(JSON.stringify(error)).toContain("is an await missing?");
    expect(session.hasUncommittedChanges).toBe(false);
    await Promise.all(forgotten);
  });
});

test("a read that nobody waits for fails nothing", async () => {
  const session = await sessionWithArray();
  const worker = defineWorker(async ({ fork }) => {
    await writeRegion(fork.store, "/a", { data: 7 });
    forgotten.push(fork.store.get("a/c/0/0"));
  });

  const report = await parallelWrite(session, { worker, tasks: [0] });

  expect(report.merge).toMatchObject({ forks: 1, chunks: 2 });
});

test("a write that was aborted, and known to be, fails nothing", async () => {
  const session = await sessionWithArray();
  const worker = defineWorker(async ({ fork }) => {
    const abort = new AbortController();
    const writing = fork.store.set("a/c/1/0", bytesOfChunk(1), { signal: abort.signal });
    abort.abort("enough");
    await writing.catch(() => undefined);
    await writeRegion(fork.store, "/a", { region: [0, null], data: 7 });
  });

  const report = await parallelWrite(session, { worker, tasks: [0] });

  expect(report.merge).toMatchObject({ forks: 1, chunks: 1 });
});

test("a write that comes after the attempt has ended rejects, and says why", async () => {
  const session = await sessionWithArray();
  let late: () => Promise<void> = async () => undefined;
  const worker = defineWorker(async ({ fork }) => {
    late = () => writeRegion(fork.store, "/a", { data: 7 });
  });
  await parallelWrite(session, { worker, tasks: [0] });

  expect(await rejection(late())).toMatchObject({
    kind: "read-only-session",
    message: expect.stringMatching(/the attempt has ended.*await/),
  });
});
