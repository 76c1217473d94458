/** `runJob`: the worker's half of an executor that icefloe knows nothing of. */
import { describe, expect, test } from "vitest";
import { memoryStorage, type Session, type Storage } from "../../../src/index.ts";
import {
  defineWorker,
  type Executor,
  parallelWrite,
  type RunJobOptions,
  runJob,
} from "../../../src/parallel/index.ts";
import { executorOf, filled, fillWorker, smallSession } from "./fixture.ts";

/** Runs the tasks 0 and 1 by `runJob`; `worker` of the coordinator is another one. */
function write(session: Session, options: RunJobOptions, damage?: (bytes: Uint8Array) => void) {
  const executor: Executor = executorOf(async function* (jobs) {
    for await (const { id, attempt, bytes } of jobs) {
      const copy = bytes.slice();
      damage?.(copy);
      yield await runJob(copy, options).then(
        (result) => ({ id, attempt, bytes: result }),
        (error: unknown) => ({ id, attempt, error }),
      );
    }
  });
  const unused = defineWorker(() => {
    throw new Error("the job chose its worker");
  });
  return parallelWrite(session, { worker: unused, tasks: [0, 1], executor, retriesPerTask: 0 });
}

/** A session whose storage has a hint, though it is in memory. */
async function hintedSession(): Promise<{ session: Session; storage: Storage }> {
  const storage = Object.defineProperty(memoryStorage(), "describe", {
    value: () => ({ kind: "elsewhere", root: "x" }),
  });
  const { session } = await smallSession(storage);
  return { session, storage };
}

test("what it answers is merged", async () => {
  const { session, storage } = await hintedSession();

  const report = await write(session, { worker: fillWorker(), storage });

  expect(report.merge).toMatchObject({ forks: 2, chunks: 2 });
  expect(await filled(session)).toEqual([0, 1]);
});

test("a function makes the storage from the hint, once for all jobs", async () => {
  const { session, storage } = await hintedSession();
  const hints: unknown[] = [];

  await write(session, {
    worker: fillWorker(),
    storage: (hint) => {
      hints.push(hint);
      return storage;
    },
  });

  expect(hints).toEqual([{ kind: "elsewhere", root: "x" }]);
  expect(await filled(session)).toEqual([0, 1]);
});

test("its storage goes before that of the worker", async () => {
  const { session, storage } = await hintedSession();
  const worker = defineWorker<number>(fillWorker().work as never, {
    storage: () => {
      throw new Error("not this one");
    },
  });

  await write(session, { worker, storage });

  expect(await filled(session)).toEqual([0, 1]);
});

test("what a worker reports goes to `report`", async () => {
  const { session, storage } = await hintedSession();
  const reported: unknown[] = [];
  const worker = defineWorker<number>(({ task, report }) => report({ task }));

  await write(session, { worker, storage, report: (data) => reported.push(data) });

  expect(reported).toEqual([{ task: 0 }, { task: 1 }]);
});

test("its signal is the worker's, and ends it", async () => {
  const { session, storage } = await hintedSession();
  const reason = new Error("enough");

  const run = write(session, { worker: fillWorker(), storage, signal: AbortSignal.abort(reason) });

  await expect(run).rejects.toMatchObject({ kind: "task-failed", cause: reason });
});

describe("refused are", () => {
  test.each<[string, (bytes: Uint8Array) => number]>([
    ["a header of another length", () => 0],
    ["a changed header", () => 20],
    ["a changed fork", (bytes) => bytes.length - 9],
  ])("%s", async (_what, positionIn) => {
    const { session, storage } = await hintedSession();
    const damage = (bytes: Uint8Array): void => {
      const position = positionIn(bytes);
      bytes[position] = (bytes[position] as number) ^ 1;
    };

    const run = write(session, { worker: fillWorker(), storage }, damage);

    await expect(run).rejects.toMatchObject({ cause: { kind: "invalid-fork-bytes" } });
  });

  test.each([
    ["no worker", {}, /worker/],
    ["a plain function as worker", { worker: () => undefined }, /worker/],
    ["a path as worker", { worker: "./worker.js" }, /worker/],
    ["a storage that is a text", { worker: fillWorker(), storage: "file:///x" }, /storage/],
    ["an unknown option", { worker: fillWorker(), retries: 1 }, /retries/],
  ])("%s", async (_what, options, message) => {
    await expect(runJob(new Uint8Array(16), options as never)).rejects.toMatchObject({
      kind: "invalid-option",
      message: expect.stringMatching(message),
    });
  });

  test("bytes that are no job", async () => {
    for (const bytes of [new Uint8Array(0), new Uint8Array(8), "a text" as never]) {
      await expect(runJob(bytes, { worker: fillWorker() })).rejects.toMatchObject({
        kind: "invalid-fork-bytes",
      });
    }
  });

  test("jobs of another version", async () => {
    const json = new TextEncoder().encode('{"version":2}');
    const { crc32c } = await import("../../../src/codec/crc32c.ts");
    const bytes = new Uint8Array(8 + json.length);
    new DataView(bytes.buffer).setUint32(0, json.length, true);
    new DataView(bytes.buffer).setUint32(4, crc32c(json), true);
    bytes.set(json, 8);

    await expect(runJob(bytes, { worker: fillWorker() })).rejects.toMatchObject({
      kind: "invalid-fork-bytes",
      details: { version: 2, expected: 1 },
    });
  });
});
