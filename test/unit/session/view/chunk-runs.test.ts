/** Chunks whose coordinates begin alike: which ones there are, and what finding them costs. */
import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { RefVectorRows } from "../../../../src/format/manifest/rows.ts";
import {
  type ForkSession,
  memoryStorage,
  Repository,
  type Session,
} from "../../../../src/index.ts";
import { ChunkTable } from "../../../../src/session/changes/chunk-table.ts";
import { countingStorage } from "../../../../src/testing/index.ts";
import { array, chunk, GROUP } from "../fixture.ts";

const GRID = [3, 4, 3];
const PREFIXES = [[], [0], [1], [2], [1, 0], [1, 3], [2, 2], [0, 1, 2], [0, 1, 2, 0]];
/** A manifest for each two positions along the first dimension. */
const SPLIT = {
  config: {
    manifest: {
      splitting: {
        split_sizes: [
          [{ path_matches: { regex: ".*" } }, [{ condition: { Axis: 0 }, num_chunks: 2 }]],
        ],
      },
    },
  },
} as const;

const edit = fc.record({
  at: fc.tuple(fc.nat(2), fc.nat(3), fc.nat(2)),
  isDelete: fc.boolean(),
});
const edits = fc.array(edit, { maxLength: 20 });
type Edits = typeof edits extends fc.Arbitrary<infer T> ? T : never;

async function apply({ store }: Session | ForkSession, list: Edits) {
  for (const { at, isDelete } of list) {
    const key = `a/c/${at.join("/")}`;
    if (isDelete) await store.delete(key);
    else await store.set(key, chunk(2));
  }
}

async function coordinates(session: Session | ForkSession): Promise<number[][]> {
  const found = await session.chunkCoordinates("/a").toArray();
  return found.sort((a, b) => (a.join() < b.join() ? -1 : 1));
}

test("a prefix lists and deletes what a walk over all chunks finds, through all layers", async () => {
  await fc.assert(
    fc.asyncProperty(
      edits,
      edits,
      edits,
      fc.constantFrom(...PREFIXES),
      async (base, overlay, own, leading) => {
        const repository = await Repository.create(await memoryStorage(), SPLIT);
        const first = await repository.writableSession("main");
        await first.store.set("zarr.json", GROUP);
        await first.store.set("a/zarr.json", array(GRID, [1, 1, 1]));
        await apply(first, base);
        await first.commit("base");
        const session = await repository.writableSession("main");
        await apply(session, overlay);
        const fork = session.fork();
        await apply(fork, own);
        const all = await coordinates(fork);
        const isMeant = (at: readonly number[]): boolean =>
          leading.every((value, d) => at[d] === value);
        const prefix = ["a", "c", ...leading].join("/");

        const names = all.filter((at) => leading.length < at.length && isMeant(at));
        expect(await fork.store.listDir(prefix).toArray()).toEqual(
          [...new Set(names.map((at) => String(at[leading.length])))].sort(),
        );

        await fork.store.deleteDir(prefix);
        expect(await coordinates(fork)).toEqual(all.filter((at) => !isMeant(at)));
      },
    ),
    { numRuns: 60 },
  );
});

afterEach(() => vi.restoreAllMocks());

/** An array of `length` rows of two chunks, written forwards or backwards, committed or not. */
async function longArray(length: number, order: "ascending" | "descending", isCommitted: boolean) {
  const repository = await Repository.create(await memoryStorage());
  const session = await repository.writableSession("main");
  await session.store.set("a/zarr.json", array([length, 2], [1, 1]));
  for (let at = 0; at < length; at++) {
    const row = order === "ascending" ? at : length - 1 - at;
    for (const column of [1, 0]) await session.store.set(`a/c/${row}/${column}`, chunk(2));
  }
  if (!isCommitted) return session;
  await session.commit("written");
  return repository.writableSession("main");
}

/** How many coordinates and rows `work` has looked at. */
async function lookedAt(work: () => Promise<unknown>): Promise<number> {
  const spies = [
    vi.spyOn(ChunkTable.prototype, "coordinate"),
    vi.spyOn(ChunkTable.prototype, "find"),
    vi.spyOn(RefVectorRows.prototype, "coordinate"),
  ];
  await work();
  const count = spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0);
  for (const spy of spies) spy.mockRestore();
  return count;
}

test.each([
  ["ascending", false],
  ["descending", false],
  ["ascending", true],
] as const)(
  "listing and deleting one row of an array costs the same however long it is (%s, committed: %s)",
  async (order, isCommitted) => {
    for (const work of ["listDir", "deleteDir"] as const) {
      const counts = [];
      for (const length of [64, 1024]) {
        const { store } = await longArray(length, order, isCommitted);
        counts.push(
          await lookedAt(async () => {
            if (work === "listDir") await store.listDir("a/c/40").toArray();
            else await store.deleteDir("a/c/40");
          }),
        );
      }
      const [short, long] = counts as [number, number];
      expect(long).toBeGreaterThan(0);
      expect(long).toBeLessThanOrEqual(short + 24); // Four more steps of each bisection.
    }
  },
);

test("deletions one by one in a table that is out of order never sort it", async () => {
  const session = await longArray(64, "descending", false);
  const sorted = vi.spyOn(ChunkTable.prototype, "sortedOrder");

  for (let row = 0; row < 64; row++) await session.store.deleteDir(`a/c/${row}`);

  expect(sorted).not.toHaveBeenCalled();
  expect(await session.chunkCoordinates("/a").toArray()).toEqual([]);
});

test("names that many chunks have in common are found without looking at each chunk", async () => {
  const repository = await Repository.create(await memoryStorage());
  const session = await repository.writableSession("main");
  await session.store.set("a/zarr.json", array([2, 2048], [1, 1]));
  for (const row of [0, 1]) {
    for (let at = 0; at < 2048; at++) await session.store.set(`a/c/${row}/${at}`, chunk(2));
  }

  const count = await lookedAt(() => session.store.listDir("a/c").toArray());

  expect(count).toBeLessThan(100);
});

test("manifests that hold no chunk of the prefix are not read", async () => {
  const storage = countingStorage(await memoryStorage());
  const first = await Repository.create(storage, SPLIT);
  const writer = await first.writableSession("main");
  await writer.store.set("a/zarr.json", array([16, 2], [1, 1]));
  for (let row = 0; row < 16; row++) await writer.store.set(`a/c/${row}/0`, chunk(2));
  await writer.commit("eight manifests");
  const repository = await Repository.open(storage);
  const session = await repository.writableSession("main");
  await session.store.has("a/zarr.json");
  storage.reset();

  expect(await session.store.listDir("a/c/5").toArray()).toEqual(["0"]);
  await session.store.deleteDir("a/c/5");

  expect(storage.total.requests).toBe(1);
});
