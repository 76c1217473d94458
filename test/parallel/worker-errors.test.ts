/** What workers throw, say and leave behind, over every executor: it arrives whole, and passes. */
import { isIcefloeError } from "icefloe";
import { type Executor, type ParallelWriteOptions, parallelWrite, tasks } from "icefloe/parallel";
import { processes, threads } from "icefloe/parallel/node";
import { describe, expect, test } from "vitest";
import { firstValues, folderWithArray, rowTasks, WORKER } from "./fixture.ts";

const workerUrl = (name: string): URL => new URL(`./workers/${name}.mjs`, import.meta.url);

const EXECUTORS: [string, () => Executor][] = [
  ["tasks", () => tasks({ concurrency: 2 })],
  ["threads", () => threads({ concurrency: 2 })],
  ["processes", () => processes({ concurrency: 2 })],
];
const WORKERS = EXECUTORS.filter(([name]) => name !== "tasks");

/** Why a run of one task failed, and how often its worker began. */
async function failureOf(options: Partial<ParallelWriteOptions<unknown>>) {
  const { session } = await folderWithArray(1);
  let runs = 0;
  const error = await parallelWrite(session, {
    worker: workerUrl("throw"),
    tasks: [{}],
    ...options,
    onProgress: ({ type }) => {
      if (type === "started") runs++;
    },
  }).catch((reason: unknown) => reason);
  expect(isIcefloeError(error, "task-failed")).toBe(true);
  return { cause: (error as Error).cause as Error, runs };
}

describe.each(EXECUTORS)("with %s", (_name, executor) => {
  test("an error arrives with its stack and all causes, after three attempts", async () => {
    const { cause, runs } = await failureOf({ tasks: [{ how: "chain" }], executor: executor() });

    expect(cause).toBeInstanceOf(TypeError);
    expect(cause.stack).toContain("throw.mjs");
    expect(cause).toMatchObject({
      message: "no data",
      cause: {
        message: "can't read",
        cause: { name: "HttpError", message: "unavailable", status: 503 },
      },
    });
    expect((cause.cause as Error).stack).toContain("throw.mjs");
    expect(runs).toBe(3);
  });

  test("an aggregate's errors arrive", async () => {
    const { cause } = await failureOf({
      tasks: [{ how: "aggregate" }],
      executor: executor(),
      retriesPerTask: 0,
    });

    expect(cause).toBeInstanceOf(AggregateError);
    expect((cause as AggregateError).errors).toMatchObject([
      { name: "RangeError", message: "a" },
      { name: "Error", message: "b" },
    ]);
  });

  test("what is no error arrives as it is", async () => {
    const { cause } = await failureOf({
      tasks: [{ how: "text" }],
      executor: executor(),
      retriesPerTask: 0,
    });

    expect(cause).toBe("a text");
  });

  test.each<[string, Partial<ParallelWriteOptions<unknown>>, string]>([
    ["misuse of icefloe", { tasks: [{ how: "commit" }] }, "commit-not-allowed"],
    ["a module that is not there", { worker: workerUrl("no-such-file") }, "invalid-option"],
    ["a module without a worker", { worker: workerUrl("no-worker") }, "invalid-option"],
  ])("%s is not tried again", async (_what, options, kind) => {
    const { cause, runs } = await failureOf({ ...options, executor: executor() });

    expect(cause).toMatchObject({ kind });
    expect(runs).toBe(1);
  });
});

describe.each(WORKERS)("with %s", (_name, executor) => {
  test("what a worker's program says on the channel is nobody's result", async () => {
    const { session } = await folderWithArray(6);

    const report = await parallelWrite(session, {
      worker: workerUrl("talkative"),
      tasks: rowTasks(6),
      executor: executor(),
    });

    expect(report).toMatchObject({ tasks: 6, attempts: 6, warnings: [] });
    expect(await firstValues(session, 6)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test("a report that can't be sent fails the worker that made it, once", async () => {
    const { cause, runs } = await failureOf({ tasks: [{ how: "report" }], executor: executor() });

    expect(cause).toMatchObject({ kind: "invalid-option" });
    expect(cause.message).toContain("report");
    expect(runs).toBe(1);
  });

  test("all that a worker reports arrives in order, before its task is done", async () => {
    const { session } = await folderWithArray(1);
    const told: unknown[] = [];

    await parallelWrite(session, {
      worker: workerUrl("throw"),
      tasks: [{ how: "talk" }],
      executor: executor(),
      onProgress: ({ type, data }) => told.push(type === "reported" ? data : type),
    });

    const parts = Array.from({ length: 5000 }, (_, part) => ({ part }));
    expect(told).toEqual(["planned", "started", { runs: 1 }, ...parts, "done", "merged"]);
  });

  test("a crash tells the error that nobody caught", async () => {
    const { cause } = await failureOf({
      tasks: [{ how: "stray" }],
      executor: executor(),
      retriesPerTask: 0,
    });

    expect(cause).toMatchObject({
      kind: "worker-crashed",
      message: expect.stringContaining("nobody waits for this"),
      cause: { name: "RangeError", message: "nobody waits for this" },
    });
    expect((cause.cause as Error).stack).toContain("throw.mjs");
  });

  test.each(["nothing, later", "message"])(
    "what nobody would throw fails its task, too (%s)",
    async (how) => {
      const { cause } = await failureOf({
        tasks: [{ how }],
        executor: executor(),
        retriesPerTask: 0,
      });

      expect(cause).toMatchObject({ message: expect.any(String) });
    },
  );
});

test("a worker may start a run of its own, inside of its work", async () => {
  const { session } = await folderWithArray(2);

  const report = await parallelWrite(session, {
    worker: workerUrl("nested"),
    tasks: [{ worker: WORKER.href }],
    executor: processes({ concurrency: 1 }),
  });

  expect(report).toMatchObject({ tasks: 1, attempts: 1 });
});
