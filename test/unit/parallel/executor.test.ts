/** The contract between `parallelWrite` and executors: who hands out what, and who has to end. */
import { describe, expect, test } from "vitest";
import {
  defineWorker,
  type Executor,
  type Job,
  type ParallelEvent,
  parallelWrite,
  tasks,
} from "../../../src/parallel/index.ts";
import {
  executorOf,
  filled,
  fillWorker,
  never,
  sequential,
  smallSession,
  type Task,
} from "./fixture.ts";

/** Takes all jobs before it runs the first. */
const collecting = executorOf(async function* (jobs, { runHere }) {
  const all: Job[] = [];
  for await (const job of jobs) all.push(job);
  for (const job of all) yield await runHere(job);
});
const EXECUTORS: [string, Executor][] = [
  ["that takes all jobs first", collecting],
  ["that runs one job after the other", sequential],
  ["that streams", tasks({ concurrency: 3 })],
];

/** Tasks that come only when at most `width` of those before are without result. */
function windowed(list: readonly Task[], width: number) {
  let done = 0;
  let wake: () => void = () => undefined;
  async function* source(): AsyncGenerator<Task> {
    for (const [index, task] of list.entries()) {
      while (index - done >= width) await new Promise<void>((resolve) => (wake = resolve));
      yield task;
    }
  }
  const onProgress = ({ type }: ParallelEvent): void => {
    if (type !== "done") return;
    done++;
    wake();
  };
  return { tasks: source(), onProgress };
}

describe.each(EXECUTORS)("with an executor %s", (_name, executor) => {
  test("every task is done", async () => {
    const { session } = await smallSession();

    const report = await parallelWrite(session, {
      worker: fillWorker(),
      tasks: [0, 1, 2, 3, 4],
      executor,
    });

    expect(report).toMatchObject({ tasks: 5, attempts: 5, warnings: [] });
    expect(await filled(session)).toEqual([0, 1, 2, 3, 4]);
  });

  test("there may be no tasks", async () => {
    const { session } = await smallSession();

    const report = await parallelWrite(session, { worker: fillWorker(), tasks: [], executor });

    expect(report).toMatchObject({ tasks: 0, attempts: 0 });
  });

  test("failed attempts are made again, those of the last task too", async () => {
    const { session } = await smallSession();

    const report = await parallelWrite(session, {
      worker: fillWorker(),
      tasks: [{ at: 0, fails: 2 }, 1, { at: 2, fails: 1 }],
      executor,
    });

    expect(report).toMatchObject({ tasks: 3, attempts: 6, retries: 3 });
    expect(await filled(session)).toEqual([0, 1, 2]);
  });

  test.each([1, 2])(
    "a source works that waits until at most %i are without result",
    async (width) => {
      const { session } = await smallSession();

      const report = await parallelWrite(session, {
        worker: fillWorker(),
        ...windowed([0, 1, 2, 3, 4], width),
        executor,
      });

      expect(report).toMatchObject({ tasks: 5, attempts: 5 });
      expect(await filled(session)).toEqual([0, 1, 2, 3, 4]);
    },
  );

  test("a retry does not wait for the task source", async () => {
    const { session } = await smallSession();

    const report = await parallelWrite(session, {
      worker: fillWorker(),
      ...windowed([{ at: 0, fails: 1 }, 1, { at: 2, fails: 2 }], 1),
      executor,
    });

    expect(report).toMatchObject({ tasks: 3, attempts: 6, retries: 3 });
    expect(await filled(session)).toEqual([0, 1, 2]);
  });

  test("a task source that throws ends the run with its error", async () => {
    const { session } = await smallSession();
    const reason = new Error("no more tasks");
    async function* source(): AsyncGenerator<Task> {
      yield 0;
      throw reason;
    }

    const run = parallelWrite(session, { worker: fillWorker(), tasks: source(), executor });

    await expect(run).rejects.toBe(reason);
    expect(session.hasUncommittedChanges).toBe(false);
  });
});

test("a streaming executor gets a late retry while other jobs still run", async () => {
  const { session } = await smallSession();
  const order: string[] = [];
  let finishSlow: () => void = () => undefined;
  const slow = new Promise<void>((resolve) => (finishSlow = resolve));
  let isFirst = true;
  const worker = defineWorker<number>(async ({ task }) => {
    order.push(`task ${task}`);
    if (task === 0) return slow;
    if (isFirst) {
      isFirst = false;
      throw new Error("first attempt");
    }
    finishSlow();
  });

  const report = await parallelWrite(session, {
    worker,
    tasks: [0, 1],
    executor: tasks({ concurrency: 2 }),
  });

  expect(order).toEqual(["task 0", "task 1", "task 1"]);
  expect(report).toMatchObject({ attempts: 3, retries: 1 });
});

describe("an executor that breaks its contract", () => {
  const leaves: [string, Executor, RegExp][] = [
    [
      "ends after two of five tasks",
      executorOf(async function* (jobs, { runHere }) {
        let count = 0;
        for await (const job of jobs) {
          yield await runHere(job);
          if (++count === 2) return;
        }
      }),
      /ended after 2 task\(s\)/,
    ],
    ["takes no job", executorOf(async function* () {}), /ended after 0 task\(s\)/],
    [
      "yields no result for a job",
      executorOf(async function* (jobs, { runHere }) {
        for await (const job of jobs) if (job.id !== "3") yield await runHere(job);
      }),
      /without a result for 1 job\(s\), of task\(s\) 3/,
    ],
    [
      "yields a report, but no result",
      executorOf(async function* (jobs) {
        for await (const { id, attempt } of jobs) yield { id, attempt, progress: 1 };
      }),
      /without a result for 5 job\(s\), of task\(s\) 0, 1, 2, 3, 4/,
    ],
    [
      "yields nothing that is a result",
      executorOf(async function* (jobs) {
        for await (const _ of jobs) yield undefined as never;
      }),
      /yielded no result/,
    ],
    ["answers no iterable", executorOf(() => undefined as never), /no async iterable/],
  ];

  test.each(leaves)(
    "and %s is refused, with an untouched session",
    async (_what, executor, message) => {
      const { session } = await smallSession();

      const run = parallelWrite(session, {
        worker: fillWorker(),
        tasks: [0, 1, 2, 3, 4],
        executor,
      });

      await expect(run).rejects.toMatchObject({
        kind: "executor-failed",
        message: expect.stringMatching(message),
      });
      expect(session.hasUncommittedChanges).toBe(false);
    },
  );

  test.each([
    ["no bytes", () => undefined],
    ["a list", (bytes: Uint8Array) => [...bytes]],
  ])("and yields %s as a result is named", async (_, spoil) => {
    const { session } = await smallSession();
    const executor = executorOf(async function* (jobs, { runHere }) {
      for await (const job of jobs) {
        const result = (await runHere(job)) as { bytes: Uint8Array };
        yield { id: job.id, attempt: job.attempt, bytes: spoil(result.bytes) as never };
      }
    });

    const run = parallelWrite(session, { worker: fillWorker(), tasks: [0], executor });

    await expect(run).rejects.toMatchObject({
      kind: "executor-failed",
      message: expect.stringContaining("a result without bytes"),
    });
  });

  test("and gives one result for two tasks is refused, naming both", async () => {
    const { session } = await smallSession();
    let first: Uint8Array | undefined;
    const executor = executorOf(async function* (jobs, { runHere }) {
      for await (const job of jobs) {
        const result = (await runHere(job)) as { bytes: Uint8Array };
        first ??= result.bytes;
        yield { id: job.id, attempt: job.attempt, bytes: first };
      }
    });

    const run = parallelWrite(session, { worker: fillWorker(), tasks: [0, 1], executor });

    await expect(run).rejects.toMatchObject({
      kind: "executor-failed",
      details: { tasks: [0, 1] },
    });
    expect(session.hasUncommittedChanges).toBe(false);
  });

  test("and ignores its signal holds an abort up for 10 seconds at most", async () => {
    const { session, runtime } = await smallSession();
    const controller = new AbortController();
    const reason = new Error("enough");
    const deaf = executorOf(async function* (jobs) {
      for await (const _ of jobs) {
        controller.abort(reason);
        yield await never;
      }
    });
    const beganMicros = runtime.nowMicros();

    const run = parallelWrite(session, {
      worker: fillWorker(),
      tasks: [0],
      executor: deaf,
      signal: controller.signal,
    });

    await expect(run).rejects.toMatchObject({
      kind: "executor-failed",
      message: expect.stringContaining("the executor's run() did not end within 10 s"),
      cause: reason,
    });
    expect(runtime.nowMicros() - beganMicros).toBeLessThan(12e6);
    expect(session.hasUncommittedChanges).toBe(false);
  });

  test("and whose close() never ends does not hold a success up", async () => {
    const { session } = await smallSession();
    const executor: Executor = { ...tasks(), close: () => never };

    const report = await parallelWrite(session, { worker: fillWorker(), tasks: [0], executor });

    expect(report.warnings).toMatchObject([{ kind: "executor-failed" }]);
    expect(await filled(session)).toEqual([0]);
  });
});

test("every attempt has a signal of its own", async () => {
  const { session } = await smallSession();
  const signals = new Set<AbortSignal>();

  await parallelWrite(session, {
    worker: defineWorker<number>(({ signal }) => void signals.add(signal)),
    tasks: [0, 1, 2],
  });

  expect(signals.size).toBe(3);
});

test.each([
  ["an object without prototype", Object.create(null)],
  ["nothing", undefined],
  ["a symbol", Symbol("why")],
])("a worker that throws %s fails its task", async (_, thrown) => {
  const { session } = await smallSession();
  const worker = defineWorker(() => {
    throw thrown;
  });

  const run = parallelWrite(session, { worker, tasks: [0], retriesPerTask: 1 });

  await expect(run).rejects.toMatchObject({ kind: "task-failed", details: { attempts: 2 } });
});
