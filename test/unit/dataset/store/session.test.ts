import { beforeEach, describe, expect, test } from "vitest";
import {
  assertIdentical,
  type DataArray,
  Dataset,
  openZarr,
  TimeArray,
} from "../../../../src/dataset/index.ts";
import { ForkSession, memoryStorage, Repository, type Storage } from "../../../../src/index.ts";

const TIMES = 12;
const SHAPE = [TIMES, 10, 15];

/** Of rasm's shape, made up: float with NaN, 2-D coordinates, a time axis with a calendar. */
function synthetic(): Dataset {
  const plane = (factor: number) => Float64Array.from({ length: 150 }, (_, i) => i * factor);
  return new Dataset({
    variables: {
      Tair: {
        dims: ["time", "y", "x"],
        shape: SHAPE,
        data: Float64Array.from({ length: TIMES * 150 }, (_, i) =>
          i % 11 === 0 ? Number.NaN : Math.sin(i),
        ),
        attributes: { units: "C" },
      },
    },
    coordinates: {
      time: {
        dims: ["time"],
        data: new TimeArray(
          Float64Array.from({ length: TIMES }, (_, i) => 722_608.5 + i * 30.5),
          "days since 0001-01-01",
          "noleap",
        ),
      },
      xc: { dims: ["y", "x"], shape: [10, 15], data: plane(0.5) },
      yc: { dims: ["y", "x"], shape: [10, 15], data: plane(-0.25) },
    },
    attributes: { title: "synthetic" },
  });
}

let storage: Storage;
let repository: Repository;
beforeEach(async () => {
  storage = memoryStorage();
  repository = await Repository.create(storage);
});

const open = async (): Promise<Dataset> =>
  openZarr((await (await Repository.open(storage)).readonlySession("main")).store);

const initialise = async (chunkTimes: number) => {
  const session = await repository.writableSession("main");
  const encoding = { Tair: { chunks: [chunkTimes, 10, 15] } };
  await synthetic().toZarr(session.store, { mode: "w", compute: false, encoding });
  return session;
};

describe("a dataset in a session", () => {
  test("is filled by forks that never overlap, and read back identical", async () => {
    const session = await initialise(1);
    const forks = await Promise.all(
      Array.from({ length: TIMES }, async (_, i) => {
        const fork = await ForkSession.fromBytes(session.fork().toBytes(), { storage });
        await synthetic()
          .isel({ time: [i] })
          .toZarr(fork.store, { region: "auto" });
        return fork.toBytes();
      }),
    );

    const report = await session.merge(forks);
    await session.commit("filled by forks");

    expect(report).toMatchObject({ forks: TIMES, chunks: TIMES, overlaps: 0 });
    await assertIdentical(synthetic(), await open());
  });

  test("is filled by tasks that share the session", async () => {
    const session = await initialise(1);
    await session.commit("metadata");
    const filling = await repository.writableSession("main");

    await Promise.all(
      Array.from({ length: TIMES }, (_, i) =>
        synthetic()
          .isel({ time: [i] })
          .toZarr(filling.store, { region: "auto" }),
      ),
    );
    await filling.commit("filled by tasks");

    await assertIdentical(synthetic(), await open());
  });

  test("is not written where two forks would share a chunk, which the error names", async () => {
    const session = await initialise(5);
    const fork = session.fork();

    await expect(
      synthetic()
        .isel({ time: { start: 0, end: 6 } })
        .toZarr(fork.store, { region: "auto" }),
    ).rejects.toMatchObject({
      kind: "region-not-aligned",
      details: { path: "/Tair", coordinates: [1, 0, 0], chunkShape: [5, 10, 15] },
    });
    expect(fork.hasUncommittedChanges).toBe(false);
  });

  test("grows commit by commit", async () => {
    for (let i = 0; i < TIMES; i += 4) {
      const session = await repository.writableSession("main");
      const part = synthetic().isel({ time: { start: i, end: i + 4 } });
      await part.toZarr(session.store, i === 0 ? {} : { appendDim: "time" });
      await session.commit(`times from ${i}`);
    }

    await assertIdentical(synthetic(), await open());
  });

  test("replaces what was there before with mode w", async () => {
    const first = await repository.writableSession("main");
    await new Dataset({ variables: { old: { dims: ["q"], data: [1, 2] } } }).toZarr(first.store);
    await first.commit("old");
    const second = await repository.writableSession("main");

    await synthetic().toZarr(second.store, { mode: "w" });
    await second.commit("new");

    await assertIdentical(synthetic(), await open());
  });

  test("a region of nothing but fill values is a change that can be committed", async () => {
    const session = await repository.writableSession("main");
    const dataset = new Dataset({
      variables: { v: { dims: ["x"], data: [Number.NaN, 1], encoding: { chunks: [1] } } },
      coordinates: { x: { dims: ["x"], data: [1, 2] } },
    });
    await dataset.toZarr(session.store);
    await session.commit("written");
    const again = await repository.writableSession("main");

    await dataset.isel({ x: [0] }).toZarr(again.store, { region: "auto" });

    expect(again.hasUncommittedChanges).toBe(true);
    await again.commit("a cloudy day");
    expect(await again.store.has("v/c/0")).toBe(false);
  });

  test("reads one chunk of an array, not all of it", async () => {
    const session = await initialise(1);
    await synthetic().toZarr(session.store, { region: "auto" });
    await session.commit("filled");

    const part = (await open()).isel({ time: 3 }).variables["Tair"] as DataArray;

    expect(part.shape).toEqual([10, 15]);
    expect((await part.load()).values).toEqual(
      (synthetic().isel({ time: 3 }).variables["Tair"] as DataArray).values,
    );
  });
});
