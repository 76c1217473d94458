/** The core of streaming executors: how far runners go ahead of who takes their results. */
import { expect, test } from "vitest";
import type { Job, JobResult } from "../../../src/parallel/index.ts";
import { runJobs } from "../../../src/parallel/run-jobs.ts";

async function* manyJobs(count: number): AsyncGenerator<Job> {
  for (let id = 0; id < count; id++) yield { id: String(id), attempt: 1, bytes: new Uint8Array() };
}

test("runners rest while their results wait to be taken, and go on when they are", async () => {
  let begun = 0;
  const runner = async ({ id, attempt, bytes }: Job): Promise<JobResult> => {
    begun++;
    return { id, attempt, bytes };
  };
  const results = runJobs(manyJobs(100), [runner, runner], new AbortController().signal);

  await results.next();
  for (let turn = 0; turn < 1000; turn++) await undefined;
  expect(begun).toBeLessThanOrEqual(6);

  let taken = 1;
  for await (const _ of results) taken++;
  expect({ begun, taken }).toEqual({ begun: 100, taken: 100 });
});

test("runners begin no job once nobody takes results any more", async () => {
  const begun: string[] = [];
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const runner = async ({ id, attempt, bytes }: Job): Promise<JobResult> => {
    begun.push(id);
    if (id !== "0") await ended;
    return { id, attempt, bytes };
  };

  for await (const _ of runJobs(manyJobs(100), [runner], new AbortController().signal)) break;
  end();
  for (let turn = 0; turn < 1000; turn++) await undefined;

  expect(begun.length).toBeLessThanOrEqual(2);
});
