/**
 * Random regions, failures, deaths, duplicate and late deliveries, and orders of arrival: what
 * `parallelWrite` commits equals the sequential program, or it refuses with exactly the chunks
 * that several tasks wrote.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { isIcefloeError, memoryStorage, Repository, type Session } from "../../src/index.ts";
import {
  defineWorker,
  type Executor,
  type JobResult,
  parallelWrite,
} from "../../src/parallel/index.ts";
import { createArray } from "../../src/zarr/index.ts";
import { runsOf } from "../runs.ts";

const CHUNKS = 12;
const RUNS = runsOf("PARALLEL_RUNS", 60, 150);

interface Task {
  readonly chunks: readonly number[];
  readonly deletes: boolean;
  /** How many attempts fail before one works. */
  readonly failures: number;
}

const task: fc.Arbitrary<Task> = fc.record({
  chunks: fc.uniqueArray(fc.nat(CHUNKS - 1), { minLength: 1, maxLength: 3 }),
  deletes: fc.boolean(),
  failures: fc.constantFrom(0, 0, 0, 1, 2),
});
/** Tasks whose chunks do not meet. */
const disjointTasks = fc
  .shuffledSubarray(
    Array.from({ length: CHUNKS }, (_, i) => i),
    { minLength: 1 },
  )
  .chain((order) =>
    fc
      .array(
        fc.record({
          take: fc.integer({ min: 1, max: 3 }),
          deletes: fc.boolean(),
          failures: fc.constantFrom(0, 0, 1),
        }),
        { minLength: 1, maxLength: CHUNKS },
      )
      .map((cuts) => {
        let at = 0;
        return cuts.flatMap(({ take, deletes, failures }) => {
          const chunks = order.slice(at, at + take);
          at += take;
          return chunks.length === 0 ? [] : [{ chunks, deletes, failures }];
        });
      }),
  );

async function newSession(): Promise<Session> {
  const repository = await Repository.create(memoryStorage());
  const setup = await repository.writableSession("main");
  await createArray(setup.store, "/a", { shape: [CHUNKS], chunkShape: [1], dtype: "uint8" });
  for (let chunk = 0; chunk < CHUNKS; chunk += 2) {
    await setup.store.set(`a/c/${chunk}`, Uint8Array.of(200, chunk));
  }
  await setup.commit("even chunks");
  return repository.writableSession("main");
}

async function content(session: Session): Promise<(number[] | undefined)[]> {
  const chunks = [];
  for (let chunk = 0; chunk < CHUNKS; chunk++) {
    const bytes = await session.store.get(`a/c/${chunk}`);
    chunks.push(bytes === undefined ? undefined : [...bytes]);
  }
  return chunks;
}

async function write(
  store: Session["store"],
  index: number,
  { chunks, deletes }: Task,
): Promise<void> {
  for (const chunk of chunks) {
    if (deletes) await store.delete(`a/c/${chunk}`);
    else await store.set(`a/c/${chunk}`, Uint8Array.of(index, chunk));
  }
}

/** Runs attempts at once, fails them as the tasks say, delivers in a scrambled order and some twice. */
function scrambled(tasks: readonly Task[], order: readonly number[]): Executor {
  return {
    sharesMemory: true,
    async *run(jobs, { runHere }) {
      const late: JobResult[] = [];
      let turn = 0;
      for await (const job of jobs) {
        const result = await runHere(job);
        const { failures } = tasks[Number(job.id)] as Task;
        const pick = order[turn++ % order.length] as number;
        if (job.attempt <= failures) {
          // Died after it had done its work: the result may still turn up later.
          if (pick % 2 === 0) late.push(result);
          yield { id: job.id, attempt: job.attempt, error: new Error("died") };
          continue;
        }
        if (pick % 3 === 0) yield* late.splice(0);
        yield result;
        if (pick % 5 === 0) yield result;
      }
    },
    close: async () => undefined,
  };
}

const worker = defineWorker<{ index: number; task: Task }>(({ fork, task: { index, task } }) =>
  write(fork.store as never, index, task),
);

async function run(
  session: Session,
  tasks: readonly Task[],
  order: readonly number[],
): Promise<unknown> {
  return parallelWrite(session, {
    worker,
    tasks: tasks.map((one, index) => ({ index, task: { ...one, chunks: [...one.chunks] } })),
    executor: scrambled(tasks, order),
  });
}

test("disjoint tasks commit what the sequential program commits, whatever fails and arrives when", async () => {
  const order = fc.array(fc.nat(29), { minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(disjointTasks, order, async (tasks, arrivals) => {
      const sequential = await newSession();
      for (const [index, one] of tasks.entries()) await write(sequential.store, index, one);
      const parallel = await newSession();

      await run(parallel, tasks, arrivals);
      await parallel.commit("parallel");

      expect(await content(parallel)).toEqual(await content(sequential));
    }),
    { numRuns: RUNS },
  );
});

test("tasks that meet are refused with exactly a chunk that two of them wrote, and nothing is changed", async () => {
  const tasks = fc.array(task, { minLength: 2, maxLength: 8 });
  const order = fc.array(fc.nat(29), { minLength: 1, maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(tasks, order, async (list, arrivals) => {
      const writers = Array.from({ length: CHUNKS }, (_, chunk) =>
        list.filter((one) => one.chunks.includes(chunk)),
      );
      // Two deletes of one chunk are the same write.
      const shared = writers.flatMap((those, chunk) =>
        those.length > 1 && !those.every((one) => one.deletes) ? [chunk] : [],
      );
      const session = await newSession();

      const outcome = await run(session, list, arrivals).catch((error: unknown) => error);

      if (shared.length === 0) {
        expect(isIcefloeError(outcome)).toBe(false);
        return;
      }
      expect(isIcefloeError(outcome, "merge-overlap")).toBe(true);
      const [overlap] = JSON.parse(JSON.stringify(outcome)).details.overlaps;
      expect(overlap.path).toBe("/a");
      for (const [chunk] of overlap.chunkCoordinates) expect(shared).toContain(chunk);
      expect(session.hasUncommittedChanges).toBe(false);
    }),
    { numRuns: RUNS },
  );
});
