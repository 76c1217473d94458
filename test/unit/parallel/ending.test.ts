/** How a run ends: what observers do wrong, and who closes the task source. */
import { describe, expect, test } from "vitest";
import type { Session } from "../../../src/index.ts";
import {
  type Executor,
  type ParallelEvent,
  type ParallelWriteOptions,
  parallelWrite,
  tasks,
} from "../../../src/parallel/index.ts";
import { filled, fillWorker, never, sequential, smallSession, type Task } from "./fixture.ts";

/** A source that remembers how it was left. */
function watchedSource(list: readonly Task[]) {
  const state = { closed: 0 };
  async function* source(): AsyncGenerator<Task> {
    try {
      yield* list;
      await never;
    } finally {
      state.closed++;
    }
  }
  return { source: source(), state };
}

describe("observers never decide the outcome:", () => {
  const broken: [string, object, unknown][] = [
    [
      "a close() that throws",
      {
        executor: {
          ...tasks(),
          close: () => Promise.reject(new Error("close fails")),
        },
      },
      [{ message: "close fails" }],
    ],
    [
      "an onProgress that throws",
      {
        onProgress: ({ type }: ParallelEvent) => {
          if (type === "merged") throw new Error("observer fails");
        },
      },
      [{ message: "observer fails" }],
    ],
    [
      "an onProgress that rejects",
      {
        onProgress: async ({ type }: ParallelEvent) => {
          if (type === "done") throw new Error("observer rejects");
        },
      },
      [{ message: "observer rejects" }],
    ],
  ];

  test.each(broken)("%s is a warning of the report", async (_what, options, warnings) => {
    const { session } = await smallSession();

    const report = await parallelWrite(session, { worker: fillWorker(), tasks: [0], ...options });

    expect(report.warnings).toMatchObject(warnings as unknown[]);
    expect(await filled(session)).toEqual([0]);
  });

  test("in a run that fails, a close() that throws is told, and the failure is thrown", async () => {
    const { session } = await smallSession();
    const told: unknown[] = [];
    const executor: Executor = {
      ...tasks(),
      close: () => Promise.reject(new Error("close fails")),
    };

    const run = parallelWrite(session, {
      worker: fillWorker(),
      tasks: [{ at: 0, fails: 9 }],
      executor,
      onProgress: ({ type, data }) => {
        if (type === "warned") told.push(data);
      },
    });

    await expect(run).rejects.toMatchObject({ kind: "task-failed" });
    expect(told).toMatchObject([{ message: "close fails" }]);
  });
});

describe("the task source is closed", () => {
  async function outcomeOf(
    session: Session,
    options: Partial<ParallelWriteOptions<Task>> & { tasks: AsyncIterable<Task> },
  ): Promise<unknown> {
    return parallelWrite(session, {
      worker: fillWorker(),
      executor: sequential,
      retriesPerTask: 0,
      ...options,
    }).catch((error: unknown) => error);
  }

  test("when a task fails", async () => {
    const { session } = await smallSession();
    const { source, state } = watchedSource([{ at: 0, fails: 1 }, 1]);

    const outcome = await outcomeOf(session, { tasks: source });

    expect(outcome).toMatchObject({ kind: "task-failed" });
    expect(state.closed).toBe(1);
  });

  test("when the run is aborted", async () => {
    const { session } = await smallSession();
    const { source, state } = watchedSource([0, 1]);
    const controller = new AbortController();

    const outcome = await outcomeOf(session, {
      tasks: source,
      signal: controller.signal,
      onProgress: ({ type }) => {
        if (type === "done") controller.abort("enough");
      },
    });

    expect(outcome).toBe("enough");
    expect(state.closed).toBe(1);
  });

  test("when it hands out what can't be sent", async () => {
    const { session } = await smallSession();
    const { source, state } = watchedSource([0, Number.NaN]);

    const outcome = await outcomeOf(session, { tasks: source });

    expect(outcome).toMatchObject({ kind: "invalid-option" });
    expect(state.closed).toBe(1);
  });

  test("without waiting for a task that never comes", async () => {
    const { session, runtime } = await smallSession();
    const { source } = watchedSource([0]);
    const controller = new AbortController();
    const beganMicros = runtime.nowMicros();

    const outcome = await outcomeOf(session, {
      tasks: source,
      executor: tasks(),
      signal: controller.signal,
      onProgress: ({ type }) => {
        if (type === "done") controller.abort("enough");
      },
    });

    expect(outcome).toBe("enough");
    expect(runtime.nowMicros() - beganMicros).toBeLessThan(5e6);
  });
});
