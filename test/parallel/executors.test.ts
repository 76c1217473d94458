/** `parallelWrite` with every executor: results, failures, deaths, aborts. */
import { join } from "node:path";
import { isIcefloeError, memoryStorage, Repository } from "icefloe";
import { type Executor, type ParallelEvent, parallelWrite, tasks } from "icefloe/parallel";
import { processes, threads } from "icefloe/parallel/node";
import { afterAll, describe, expect, onTestFinished, test } from "vitest";
import { COLUMNS, firstValues, folderWithArray, rowTasks, WORKER } from "./fixture.ts";
import { startPageWorkers } from "./page.ts";

const EXECUTORS: [string, () => Executor][] = [
  ["tasks", () => tasks({ concurrency: 3 })],
  ["threads", () => threads({ concurrency: 2 })],
  ["processes", () => processes({ concurrency: 2 })],
];
const WORKERS = EXECUTORS.filter(([, executor]) => executor().sharesMemory !== true);
const page = await startPageWorkers();
afterAll(() => page.stop());
EXECUTORS.push(["the executor of docs/workers.md", page.executor]);

describe.each(EXECUTORS)("with %s", (_name, executor) => {
  test("every task's chunks are in one commit", async () => {
    const { session, repository } = await folderWithArray(6);
    const events: ParallelEvent["type"][] = [];
    const done: number[] = [];

    const report = await parallelWrite(session, {
      worker: WORKER,
      tasks: rowTasks(6),
      executor: executor(),
      onProgress: (event) => {
        events.push(event.type);
        // Its type says that there is a task.
        if (event.type === "done") done.push(event.task);
      },
    });
    await session.commit("six rows");

    expect(report).toMatchObject({ tasks: 6, attempts: 6, retries: 0, failures: [] });
    expect(report.merge).toMatchObject({ forks: 6, chunks: 6 });
    const reader = await repository.readonlySession("main");
    expect(await firstValues(reader, 6)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(done.sort()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(events[0]).toBe("planned");
    expect(events.at(-1)).toBe("merged");
  });

  test("a worker that throws is tried again on a fresh fork", async () => {
    const { session, folder } = await folderWithArray(3);
    const list = rowTasks(3).map((task) =>
      task.row === 1 ? { ...task, fault: "throw", faultFile: join(folder, "fault") } : task,
    );

    const report = await parallelWrite(session, {
      worker: WORKER,
      tasks: list,
      executor: executor(),
    });

    expect(report).toMatchObject({ tasks: 3, attempts: 4, retries: 1 });
    expect(await firstValues(session, 3)).toEqual([1, 2, 3]);
  });

  test("a task that fails past its retries rejects and leaves the session untouched", async () => {
    const { session } = await folderWithArray(3);
    const list = rowTasks(3).map((task) => (task.row === 2 ? { ...task, fault: "throw" } : task));

    const run = parallelWrite(session, {
      worker: WORKER,
      tasks: list,
      executor: executor(),
      retriesPerTask: 1,
    });

    await expect(run).rejects.toMatchObject({
      kind: "task-failed",
      details: {
        task: 2,
        attempts: 2,
        errors: ["Error: row 2 fails", "Error: row 2 fails"],
      },
    });
    expect(session.hasUncommittedChanges).toBe(false);
  });

  test("with collect the failure is reported and the others are merged", async () => {
    const { session } = await folderWithArray(3);
    const list = rowTasks(3).map((task) => (task.row === 2 ? { ...task, fault: "throw" } : task));

    const report = await parallelWrite(session, {
      worker: WORKER,
      tasks: list,
      executor: executor(),
      retriesPerTask: 0,
      onTaskFailure: "collect",
    });

    expect(report.failures).toMatchObject([{ task: 2, errors: [{ message: "row 2 fails" }] }]);
    expect(await firstValues(session, 3)).toEqual([1, 2, 0]);
  });

  test("two tasks that share a chunk are refused, with the chunk named", async () => {
    const { session } = await folderWithArray(3);
    const list = [...rowTasks(3), { row: 1, columns: COLUMNS }];

    const run = parallelWrite(session, { worker: WORKER, tasks: list, executor: executor() });

    const error = await run.catch((reason: unknown) => reason);
    expect(isIcefloeError(error, "merge-overlap")).toBe(true);
    expect(JSON.parse(JSON.stringify(error)).details.overlaps).toMatchObject([
      { path: "/a", chunkCoordinates: [[1, 0]], total: 1 },
    ]);
    expect(session.hasUncommittedChanges).toBe(false);
  });

  test("abort rejects with its reason and leaves the session untouched", async () => {
    const { session } = await folderWithArray(4);
    const controller = new AbortController();
    const reason = new Error("enough");
    const list = rowTasks(2).map((task) => (task.row === 1 ? { ...task, fault: "hang" } : task));

    const run = parallelWrite(session, {
      worker: WORKER,
      tasks: list,
      executor: executor(),
      signal: controller.signal,
      onProgress: ({ type }) => {
        if (type === "done") controller.abort(reason); // While the other one hangs.
      },
    });

    await expect(run).rejects.toBe(reason);
    expect(session.hasUncommittedChanges).toBe(false);
  });
});

test.each([
  ["tasks", () => tasks({ concurrency: 16 })],
  ["threads", () => threads({ concurrency: 12 })],
])("many %s at once print no warning of listeners", async (_name, executor) => {
  const { session } = await folderWithArray(16);
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => {
    warnings.push(warning);
  };
  process.on("warning", onWarning);
  onTestFinished(() => void process.off("warning", onWarning));

  await parallelWrite(session, { worker: WORKER, tasks: rowTasks(16), executor: executor() });

  expect(warnings).toEqual([]);
});

describe.each(WORKERS)("with %s", (name, executor) => {
  test.each(name === "processes" ? ["exit", "kill"] : ["exit"])(
    "a worker that dies by %s fails its attempt and is replaced",
    async (fault) => {
      const { session, folder } = await folderWithArray(4);
      const list = rowTasks(4).map((task) =>
        task.row === 1 ? { ...task, fault, faultFile: join(folder, "fault") } : task,
      );
      const retried: unknown[] = [];

      const report = await parallelWrite(session, {
        worker: WORKER,
        tasks: list,
        executor: executor(),
        onProgress: ({ type, data }) => {
          if (type === "retried") retried.push(data);
        },
      });

      expect(report.retries).toBeGreaterThanOrEqual(1);
      expect(retried[0]).toMatchObject({ kind: "worker-crashed" });
      expect(await firstValues(session, 4)).toEqual([1, 2, 3, 4]);
    },
  );

  test("a storage that can't be shared is refused before anything starts", async () => {
    const repository = await Repository.create(memoryStorage());
    const session = await repository.writableSession("main");
    const events: unknown[] = [];

    const run = parallelWrite(session, {
      worker: WORKER,
      tasks: rowTasks(1),
      executor: executor(),
      onProgress: (event) => events.push(event),
    });

    await expect(run).rejects.toMatchObject({ kind: "storage-not-shareable" });
    expect(events).toEqual([]);
  });
});

test("processes leave none of their own behind, also when aborted", async () => {
  const { session } = await folderWithArray(4);
  const controller = new AbortController();
  const pids = new Set<number>();
  const list = rowTasks(4).map((task) => ({ ...task, fault: "hang" }));

  const run = parallelWrite(session, {
    worker: WORKER,
    tasks: list,
    executor: processes({ concurrency: 2 }),
    signal: controller.signal,
    onProgress: ({ type, data }) => {
      if (type !== "reported") return;
      pids.add((data as { pid: number }).pid);
      if (pids.size === 2) controller.abort();
    },
  });

  await expect(run).rejects.toMatchObject({ name: "AbortError" });
  for (const pid of pids) expect(() => process.kill(pid, 0), String(pid)).toThrow("ESRCH");
});
