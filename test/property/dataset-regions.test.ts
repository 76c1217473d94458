/**
 * Random labelled datasets written region by region: attempts that die, forks that cross as bytes,
 * results that arrive twice and in any order, merged one by one, in lists and through a fork
 * between. What is committed is what writing the whole dataset in one go commits, or the merge is
 * refused with exactly the chunks that two regions wrote differently.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { Dataset, type ToZarrOptions } from "../../src/dataset/index.ts";
import {
  ForkSession,
  isIcefloeError,
  memoryStorage,
  Repository,
  type Session,
  type Storage,
} from "../../src/index.ts";
import { defineWorker, type Executor, parallelWrite } from "../../src/parallel/index.ts";
import { HAS_FIXED_SEED, runsOf } from "../runs.ts";
import { chunksOf, invariantsOf, type Plan, planOf, type Region } from "./dataset-regions.ts";

const RUNS = runsOf("DATASET_RUNS", 30, 60);

/** A store that a dataset is written to. */
type Target = Parameters<Dataset["toZarr"]>[0];

type Content = Record<string, string>;

async function contentOf(session: Session | ForkSession): Promise<Content> {
  const content: Content = {};
  for (const key of await session.store.list().toArray()) {
    content[key] = String((await session.store.get(key))?.join());
  }
  return content;
}

/** What one task writes: a region, or the variables that belong to all regions. */
interface Task {
  readonly region: Region | undefined;
  /** Attempts that are lost, each before or after it has written. */
  readonly deaths: readonly boolean[];
}

type G = fc.GeneratorValue;

function tasksOf(g: G, plan: Plan): Task[] {
  const regions: (Region | undefined)[] = [...plan.regions];
  if (invariantsOf(plan).length > 0) regions.push(undefined);
  // Now and then two tasks are given the same region.
  if (g(fc.nat, { max: 9 }) === 0) regions.push(plan.regions[0]);
  return regions.map((region) => ({
    region,
    deaths: g(fc.constantFrom, [], [], [], [true], [false, true]),
  }));
}

/** Writes what a task stands for into a session or fork. */
async function write(g: G, plan: Plan, { region }: Task, store: Target): Promise<void> {
  const { dataset } = plan;
  const safety: ToZarrOptions = plan.isAligned ? {} : { safeChunks: false };
  if (region === undefined) {
    const names = invariantsOf(plan);
    const variables = Object.fromEntries(names.map((name) => [name, dataset.variables[name]]));
    await new Dataset({ variables: variables as never }).toZarr(store, { ...safety, region: {} });
    return;
  }
  const isLabelled = plan.cutDims.every((dim) => dataset.coordinates[dim] !== undefined);
  const part = Object.fromEntries(
    plan.cutDims.map((dim) => {
      const isAuto = dataset.coordinates[dim] !== undefined && g(fc.boolean);
      return [dim, isAuto ? ("auto" as const) : (region[dim] as { start: number; end: number })];
    }),
  );
  const isAuto = isLabelled && g(fc.boolean);
  await dataset.isel(region).toZarr(store, { ...safety, region: isAuto ? "auto" : part });
}

/** A result, with what it holds of each chunk: `undefined` where it says that there is none. */
interface Result {
  readonly bytes: Uint8Array;
  readonly chunks: ReadonlyMap<string, string | undefined>;
}

/** Runs a task from the bytes of a fork: attempts that die, then the one that counts. */
async function runTask(
  g: G,
  plan: Plan,
  task: Task,
  forkBytes: Uint8Array,
  storage: Storage,
): Promise<Result> {
  for (const hasWritten of task.deaths) {
    const dying = await ForkSession.fromBytes(forkBytes, { storage });
    if (hasWritten) await write(g, plan, task, dying.store);
  }
  const fork = await ForkSession.fromBytes(forkBytes, { storage });
  await write(g, plan, task, fork.store);
  const keys = task.region === undefined ? invariantChunksOf(plan) : chunksOf(plan, task.region);
  const chunks = new Map<string, string | undefined>();
  for (const key of keys) chunks.set(key, (await fork.store.get(key as `/${string}`))?.join());
  return { bytes: fork.toBytes(), chunks };
}

function invariantChunksOf(plan: Plan): Set<string> {
  const names = invariantsOf(plan);
  const variables = Object.fromEntries(names.map((name) => [name, plan.variables[name]]));
  return chunksOf({ ...plan, variables: variables as Plan["variables"] }, {});
}

/** What a receiver holds of each chunk, and whose result it came with. */
type Held = Map<string, { readonly by: Result; readonly text: string | undefined }>;

/** Takes a result in, or gives the chunks that it and another wrote differently, sorted. */
function take(held: Held, result: Result, inlineMax: number): string[] {
  const shared: string[] = [];
  for (const [key, text] of result.chunks) {
    const mine = held.get(key);
    if (mine === undefined || mine.by === result) continue;
    const byteCount = text === undefined ? 0 : text.split(",").length;
    const isEqual = mine.text === text && (text === undefined || byteCount <= inlineMax);
    if (!isEqual) shared.push(key);
  }
  if (shared.length > 0) return shared.sort();
  for (const [key, text] of result.chunks) if (!held.has(key)) held.set(key, { by: result, text });
  return [];
}

/** The chunks that the error lists, as keys. */
function overlapsOf(error: unknown): string[] {
  expect(isIcefloeError(error, "merge-overlap"), String(error)).toBe(true);
  const { overlaps } = JSON.parse(JSON.stringify(error)).details as {
    overlaps: { path: string; chunkCoordinates: number[][]; total: number }[];
  };
  const keys = overlaps.flatMap(({ path, chunkCoordinates, total }) => {
    expect(total).toBe(chunkCoordinates.length);
    return chunkCoordinates.map((at) => [path, "c", ...at].join("/"));
  });
  return keys.sort();
}

async function sequential(plan: Plan): Promise<Content> {
  const repository = await Repository.create(memoryStorage());
  const session = await repository.writableSession("main");
  await plan.dataset.toZarr(session.store);
  await session.commit("in one go");
  return contentOf(await repository.readonlySession("main"));
}

/** A session with the empty arrays in it, committed or not. */
async function initialised(g: G, plan: Plan, inlineMax: number) {
  const storage = memoryStorage();
  const config = { inlineChunkThresholdBytes: inlineMax };
  const repository = await Repository.create(storage, { config });
  let session = await repository.writableSession("main");
  await plan.dataset.toZarr(session.store, { compute: false });
  if (g(fc.boolean)) {
    await session.commit("empty");
    session = await repository.writableSession("main");
  }
  return { storage, repository, session };
}

/** Merges the results in random groups; the overlaps that ended it, by the engine and by the rule. */
async function mergeAll(
  g: G,
  session: Session,
  deliveries: readonly Result[],
  inlineMax: number,
): Promise<{ found: string[]; expected: string[] }> {
  let held: Held = new Map();
  for (let at = 0; at < deliveries.length; ) {
    const group = deliveries.slice(at, at + g(fc.integer, { min: 1, max: 5 }));
    at += group.length;
    const trial: Held = new Map(held);
    let expected: string[] = [];
    for (const result of group) {
      expected = take(trial, result, inlineMax);
      if (expected.length > 0) break;
    }
    const before = await contentOf(session);
    const way = g(fc.constantFrom, "list", "list", "between");
    const receiver = way === "list" ? session : session.fork();
    const error: unknown = await receiver.merge(group.map(({ bytes }) => bytes)).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (expected.length > 0 || error !== undefined) {
      expect(await contentOf(session)).toEqual(before);
      return { found: overlapsOf(error), expected };
    }
    if (receiver !== session) await session.merge((receiver as ForkSession).toBytes());
    held = trial;
  }
  return { found: [], expected: [] };
}

function report(counts: ReadonlyMap<string, number>): void {
  console.log(`dataset regions: ${RUNS} runs, ${JSON.stringify(Object.fromEntries(counts))}`);
}

test("regions of a dataset, merged in any order, commit what writing it in one go commits, or name what they share", async () => {
  const counts = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(fc.gen(), async (g) => {
      const plan = planOf(g);
      const inlineMax = g(fc.constantFrom, 0, 40, 512);
      const { storage, repository, session } = await initialised(g, plan, inlineMax);
      const forkBytes = session.fork().toBytes();
      const results: Result[] = [];
      for (const task of tasksOf(g, plan)) {
        results.push(await runTask(g, plan, task, forkBytes, storage));
      }
      const twice = g(fc.subarray, results);
      const deliveries = g(fc.shuffledSubarray, [...results, ...twice], {
        minLength: results.length + twice.length,
      });
      const { found, expected } = await mergeAll(g, session, deliveries, inlineMax);
      expect(found).toEqual(expected);
      const outcome = expected.length > 0 ? "refused" : "merged";
      const name = `${outcome}, ${plan.isAligned ? "aligned" : "across chunks"}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
      if (outcome === "refused") return;
      if (session.hasUncommittedChanges) await session.commit("by regions");
      const committed = await contentOf(await repository.readonlySession("main"));
      expect(committed).toEqual(await sequential(plan));
    }),
    { numRuns: RUNS },
  );
  report(counts);
  if (!HAS_FIXED_SEED) return;
  for (const name of ["merged, aligned", "refused, aligned", "refused, across chunks"]) {
    expect(counts.get(name), name).toBeGreaterThan(0);
  }
});

test("so do the workers of parallelWrite, whatever dies and arrives late", async () => {
  const counts = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(fc.gen(), async (g) => {
      const plan = planOf(g);
      const tasks = tasksOf(g, plan);
      const inlineMax = g(fc.constantFrom, 0, 512);
      const { repository, session } = await initialised(g, plan, inlineMax);
      const before = await contentOf(session);
      const worker = defineWorker<number>(({ fork, task }) =>
        write(g, plan, tasks[task] as Task, fork.store),
      );
      const outcome: unknown = await parallelWrite(session, {
        worker,
        tasks: tasks.keys(),
        executor: unreliable(g, tasks),
      }).catch((error: unknown) => error);
      const writers = new Map<string, number>();
      for (const { region } of tasks) {
        const keys = region === undefined ? invariantChunksOf(plan) : chunksOf(plan, region);
        for (const key of keys) writers.set(key, (writers.get(key) ?? 0) + 1);
      }
      const isShared = (key: string): boolean => (writers.get(key) ?? 0) > 1;
      const name = isIcefloeError(outcome) ? "refused" : "merged";
      counts.set(name, (counts.get(name) ?? 0) + 1);
      if (name === "refused") {
        const overlaps = overlapsOf(outcome);
        expect(overlaps.length).toBeGreaterThan(0);
        expect(overlaps.filter((key) => !isShared(key))).toEqual([]);
        expect(await contentOf(session)).toEqual(before);
        return;
      }
      if (session.hasUncommittedChanges) await session.commit("by workers");
      const committed = await contentOf(await repository.readonlySession("main"));
      expect(committed).toEqual(await sequential(plan));
    }),
    { numRuns: RUNS },
  );
  report(counts);
});

/** Fails attempts as the tasks say, gives some results late, some twice. */
function unreliable(g: G, tasks: readonly Task[]): Executor {
  return {
    sharesMemory: true,
    async *run(jobs, { runHere }) {
      for await (const job of jobs) {
        const { deaths } = tasks[Number(job.id)] as Task;
        const death = deaths[job.attempt - 1];
        if (death !== false) {
          const result = await runHere(job);
          if (death === undefined) {
            yield result;
            if (g(fc.boolean)) yield result;
            continue;
          }
        }
        yield { id: job.id, attempt: job.attempt, error: new Error("died") };
      }
    },
    close: async () => undefined,
  };
}
