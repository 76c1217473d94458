/** `toZarr` under way while the session commits, or its arrays change under it. */
import { describe, expect, test } from "vitest";
import { assertIdentical, Dataset, openZarr } from "../../../../src/dataset/index.ts";
import { memoryStorage, Repository, type Session } from "../../../../src/index.ts";
import { createArray, resize, updateAttributes } from "../../../../src/zarr/index.ts";
import { heldStorage } from "../../session/held-storage.ts";

const COLUMNS = 300; // Chunks of more than 512 bytes are stored as objects.

const days = (first: number, count: number, value = 0): Dataset =>
  new Dataset({
    variables: {
      air: {
        dims: ["time", "x"],
        shape: [count, COLUMNS],
        data: Float32Array.from({ length: count * COLUMNS }, (_, at) => value + at * 0.5),
        encoding: { chunks: [1, COLUMNS], compressors: [] },
      },
    },
    coordinates: {
      time: { dims: ["time"], data: Int32Array.from({ length: count }, (_, at) => first + at) },
    },
    attributes: { title: "days" },
  });

async function scene() {
  const gate = heldStorage(memoryStorage());
  const repository = await Repository.create(gate.storage);
  return { gate, repository, session: await repository.writableSession("main") };
}
const isChunkPut = ({ path, operation }: { path: string; operation: string }): boolean =>
  operation === "put" && path.startsWith("chunks/");
const outcomeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "done",
    (error: { kind: string }) => error.kind,
  );

describe("a commit called while toZarr runs", () => {
  async function fourDays() {
    const { repository, session } = await scene();
    await days(0, 4).toZarr(session.store);
    await session.commit("four days");
    return { repository, session: await repository.writableSession("main") };
  }

  test.each<[string, (session: Session) => Promise<void>]>([
    ["writes a dataset", (s) => days(0, 3, 9).toZarr(s.store, { mode: "w" })],
    [
      "writes a region",
      (s) => days(2, 2, 9).toZarr(s.store, { region: { time: { start: 2, end: 4 } } }),
    ],
    ["appends", (s) => days(4, 2).toZarr(s.store, { appendDim: "time" })],
  ])("that %s has all of it", async (_, write) => {
    const { session: awaited } = await fourDays();
    await write(awaited);
    for (let steps = 0; steps < 100; steps += 10) {
      const { repository, session } = await fourDays();
      const writing = write(session);
      for (let step = 0; step < steps; step++) await undefined;

      const snapshotId = await session.commit("all", { allowEmpty: true });

      await writing;
      const { store } = await repository.readonlySession({ snapshotId });
      await assertIdentical(await openZarr(store), await openZarr(awaited.store));
    }
  });
});

describe("an array that changes while toZarr writes it", () => {
  const CHANGES: Record<string, (session: Session) => Promise<unknown>> = {
    "made anew": (s) =>
      createArray(s.store, "/air", { shape: [4, 1], dtype: "float64", overwrite: true }),
    deleted: (s) => s.store.deleteDir("air"),
    "made smaller": (s) => resize(s.store, "/air", [1, COLUMNS]),
    "of another type": async (s) => {
      const bytes = await s.store.get("air/zarr.json");
      const document = JSON.parse(new TextDecoder().decode(bytes));
      const changed = JSON.stringify({ ...document, data_type: "uint32", fill_value: 0 });
      await s.store.set("air/zarr.json", new TextEncoder().encode(changed));
    },
  };

  test.each(Object.keys(CHANGES))("%s: toZarr is refused", async (name) => {
    const { gate, session } = await scene();
    gate.holds = isChunkPut;
    const writing = outcomeOf(days(0, 4).toZarr(session.store));
    await gate.next();
    await CHANGES[name]?.(session);
    gate.releaseAll();

    expect(["node-not-found", "node-changed", "invalid-chunk-index"]).toContain(await writing);
    const keys = (await session.store.list().toArray()).filter((key) => key.startsWith("air/c/"));
    expect(keys.length).toBeLessThanOrEqual(1);
  });
});

test("two appends at once: one is refused, or both are there", async () => {
  for (let steps = 0; steps < 100; steps += 10) {
    const { session } = await scene();
    await days(0, 4).toZarr(session.store);
    const first = outcomeOf(days(4, 1).toZarr(session.store, { appendDim: "time" }));
    for (let step = 0; step < steps; step++) await undefined;
    const second = outcomeOf(days(5, 1).toZarr(session.store, { appendDim: "time" }));

    const outcomes = await Promise.all([first, second]);

    const { sizes } = await openZarr(session.store);
    const done = outcomes.filter((outcome) => outcome === "done").length;
    expect(outcomes.every((one) => one === "done" || one === "node-changed")).toBe(true);
    expect(done).toBeGreaterThanOrEqual(1);
    expect(sizes["time"]).toBe(4 + done);
  }
});

test("attributes set meanwhile are not lost", async () => {
  for (let steps = 0; steps < 60; steps += 3) {
    const { session } = await scene();
    await days(0, 4).toZarr(session.store);
    const writing = outcomeOf(days(0, 4, 1).toZarr(session.store, { mode: "a" }));
    for (let step = 0; step < steps; step++) await undefined;
    await updateAttributes(session.store, "/air", { seen: true });
    const outcome = await writing;
    const { attributes } = (await openZarr(session.store)).get("air") ?? {};
    expect(["done", "node-changed"]).toContain(outcome);
    expect(attributes).toMatchObject({ seen: true });
  }
});

test("datasets written at once into groups of one session are all there", async () => {
  const { session } = await scene();

  await Promise.all(
    ["a/b", "a/c", "d"].map((group, at) => days(at, 2).toZarr(session.store, { group })),
  );

  for (const [at, group] of ["a/b", "a/c", "d"].entries()) {
    await assertIdentical(await openZarr(session.store, { group }), days(at, 2));
  }
});
