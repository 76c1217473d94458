/** A session in memory with one small array, and a worker that fills it. */
import { memoryStorage, Repository, type Session, type Storage } from "../../../src/index.ts";
import {
  defineWorker,
  type Executor,
  type ExecutorRun,
  type Job,
  type JobResult,
  type WorkerDefinition,
} from "../../../src/parallel/index.ts";
import { type SimulatedRuntime, simulatedRuntime } from "../../../src/testing/index.ts";
import { createArray, writeRegion } from "../../../src/zarr/index.ts";

const LENGTH = 8;

/** What the worker does: writes `task + 1` at `task`; `fails` throws that many times first. */
export type Task = number | { readonly at: number; readonly fails: number };

/** A session on memory with /a, int32 [LENGTH], a chunk per value. Its time is simulated. */
export async function smallSession(
  storage: Storage = memoryStorage(),
): Promise<{ session: Session; runtime: SimulatedRuntime }> {
  const runtime = simulatedRuntime();
  const repository = await Repository.create(storage, { runtime });
  const setup = await repository.writableSession("main");
  await createArray(setup.store, "/a", { shape: [LENGTH], chunkShape: [1], dtype: "int32" });
  await setup.commit("array");
  return { session: await repository.writableSession("main"), runtime };
}

/** A worker that fails as its tasks say. Each has its own memory of failures. */
export function fillWorker(): WorkerDefinition<Task> {
  const failed = new Map<number, number>();
  return defineWorker<Task>(async ({ fork, task }) => {
    const { at, fails } = typeof task === "number" ? { at: task, fails: 0 } : task;
    await writeRegion(fork.store, "/a", {
      region: [{ start: at, end: at + 1 }],
      data: Int32Array.of(at + 1),
    });
    const count = failed.get(at) ?? 0;
    failed.set(at, count + 1);
    if (count < fails) throw new Error(`task ${at} fails`);
  });
}

/** Indexes of the chunks that the session has. */
export async function filled(session: Session): Promise<number[]> {
  const keys = await session.store.list().toArray();
  return keys
    .filter((key) => key.startsWith("a/c/"))
    .map((key) => Number(key.split("/").at(-1)))
    .sort((a, b) => a - b);
}

export const never = new Promise<never>(() => undefined);

/** An executor in this thread around a `run`. */
export function executorOf(
  run: (jobs: AsyncIterable<Job>, run: ExecutorRun) => AsyncIterable<JobResult>,
  more: Partial<Executor> = {},
): Executor {
  return { sharesMemory: true, run, close: async () => undefined, ...more };
}

/** Runs one job after the other. */
export const sequential = executorOf(async function* (jobs, { runHere }) {
  for await (const job of jobs) yield await runHere(job);
});
