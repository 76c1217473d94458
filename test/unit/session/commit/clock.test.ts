/** Times rise whatever clocks do. Spec: docs/semantics.md "Times". */
import { expect, test } from "vitest";
import { memoryStorage, Repository, type Runtime, systemRuntime } from "../../../../src/index.ts";
import { runsOf } from "../../../runs.ts";
import { array, chunk, GROUP } from "../fixture.ts";

const COMMITS = runsOf("CLOCK_COMMITS", 300, 2000);

function stoppedClock(atMicros: number): Runtime {
  return { ...systemRuntime(), nowMicros: () => atMicros };
}

test("2,000 commits in one virtual millisecond keep strictly rising times", async () => {
  const startMicros = 1_800_000_000_000_000;
  const repository = await Repository.create(memoryStorage(), {
    runtime: stoppedClock(startMicros),
  });
  for (let i = 0; i < COMMITS; i++) {
    const session = await repository.writableSession("main");
    if (i === 0) await session.store.set("a/zarr.json", array([1], [1]));
    await session.store.set("a/c/0", chunk(1, i % 251));
    await session.commit(String(i));
  }

  const times = (await repository.ancestry("main").toArray()).map((one) => one.writtenAtMicros);

  expect(times).toHaveLength(COMMITS + 1);
  expect(times.every((time, i) => i === 0 || time < (times[i - 1] ?? 0))).toBe(true);
  expect((times[0] ?? 0) - (times.at(-1) ?? 0)).toBeLessThan(COMMITS * 10);
});

test("two repositories in one process live an hour apart", async () => {
  const hourMicros = 3_600_000_000;
  const now = 1_800_000_000_000_000;
  const early = await Repository.create(memoryStorage(), { runtime: stoppedClock(now) });
  const late = await Repository.create(memoryStorage(), {
    runtime: stoppedClock(now + hourMicros),
  });
  for (const repository of [early, late]) {
    const session = await repository.writableSession("main");
    await session.store.set("zarr.json", GROUP);
    await session.commit("root");
  }

  const [earlyTip] = await early.ancestry("main").toArray();
  const [lateTip] = await late.ancestry("main").toArray();

  expect((lateTip?.writtenAtMicros ?? 0) - (earlyTip?.writtenAtMicros ?? 0)).toBe(hourMicros);
});

test("a parent more than 600 s ahead of the clock is refused, and nothing is lost", async () => {
  const storage = memoryStorage();
  const now = 1_800_000_000_000_000;
  await Repository.create(storage, { runtime: stoppedClock(now) });
  const behind = await Repository.open(storage, { runtime: stoppedClock(now - 601_000_000) });
  const session = await behind.writableSession("main");
  await session.store.set("zarr.json", GROUP);

  await expect(session.commit("from the past")).rejects.toMatchObject({
    kind: "snapshot-timestamp",
    message: expect.stringContaining("is of 2027-01-15T08:00:00.000000Z, ahead of this clock"),
    details: { now: "2027-01-15T07:49:59.000000Z" },
  });
  expect(session.hasUncommittedChanges).toBe(true);
});
