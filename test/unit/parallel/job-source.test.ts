/** The queue of attempts by itself: how far it goes for an executor that takes all jobs first. */
import { expect, test } from "vitest";
import { JobSource, type OpenTask } from "../../../src/parallel/job-source.ts";
import { simulatedRuntime } from "../../../src/testing/index.ts";

function* endless(): Generator<number> {
  for (let task = 0; ; task++) yield task;
}

/** A source of jobs without bytes, and the tasks whose attempt was handed out. */
function sourceOf(tasks: Iterable<unknown> | AsyncIterable<unknown>) {
  const out: OpenTask[] = [];
  const source = new JobSource({
    tasks,
    runtime: simulatedRuntime(),
    signal: new AbortController().signal,
    check: () => undefined,
    encode: () => new Uint8Array(),
    onStart: (open) => out.push(open),
  });
  return { source, out };
}

async function countOf(jobs: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of jobs) count++;
  return count;
}

test("a round of an endless source ends with 10,000 jobs, and goes on when they have results", async () => {
  const { source, out } = sourceOf(endless());

  expect(await countOf(source.startRound(false))).toBe(10_000);
  for (const open of out.splice(0, 9_999)) source.settle(open);
  source.retry(out.pop() as OpenTask);

  expect(await source.endRound()).toBe(true);
  const first = await source.startRound(false)[Symbol.asyncIterator]().next();
  expect(first.value).toMatchObject({ id: "9999", attempt: 2 });
});

test("a source is read only as fast as jobs are taken", async () => {
  let read = 0;
  const { source } = sourceOf(
    (function* () {
      for (const task of endless()) {
        read++;
        yield task;
      }
    })(),
  );
  const jobs = source.startRound(true)[Symbol.asyncIterator]();

  for (let count = 0; count < 3; count++) await jobs.next();

  expect(read).toBe(3);
});

test("jobs that are asked for at once come in the order of the tasks", async () => {
  const { source } = sourceOf([Promise.resolve("a"), "b", "c"]);
  const jobs = source.startRound(true)[Symbol.asyncIterator]();

  const three = await Promise.all([jobs.next(), jobs.next(), jobs.next()]);

  expect(three.map(({ value }) => value.id)).toEqual(["0", "1", "2"]);
});

test("an iteration that is left over from an earlier round gives nothing", async () => {
  const { source, out } = sourceOf([0]);
  const old = source.startRound(false)[Symbol.asyncIterator]();
  await old.next();
  expect(await old.next()).toEqual({ done: true, value: undefined });
  source.retry(out[0] as OpenTask);
  expect(await source.endRound()).toBe(true);
  const next = source.startRound(false)[Symbol.asyncIterator]();

  expect(await old.next()).toEqual({ done: true, value: undefined });
  expect((await next.next()).value).toMatchObject({ id: "0", attempt: 2 });
});
