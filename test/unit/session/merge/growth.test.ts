/** What forks and merges cost must grow with what was written, not with what is there already. */
import { afterEach, describe, expect, test, vi } from "vitest";
import { OrderedMap } from "../../../../src/base/ordered-map.ts";
import {
  ForkSession,
  memoryStorage,
  Repository,
  type Session,
  type Storage,
} from "../../../../src/index.ts";
import { ChunkColumns } from "../../../../src/session/changes/chunk-columns.ts";
import { ChunkTable } from "../../../../src/session/changes/chunk-table.ts";
import { array, chunk, GROUP } from "../fixture.ts";

const ROWS = 400;

afterEach(() => {
  vi.restoreAllMocks();
});

async function start(arrayCount = 0, storage: Storage = memoryStorage()): Promise<Session> {
  const repository = await Repository.create(storage);
  const session = await repository.writableSession("main");
  await session.store.set("zarr.json", GROUP);
  await session.store.set("a/zarr.json", array([ROWS], [1]));
  for (let i = 0; i < arrayCount; i++) {
    await session.store.set(`m${i}/zarr.json`, array([8], [1]));
    await session.store.set(`m${i}/c/0`, chunk(1));
  }
  return session;
}

/** Counts rows that are copied because their table is shared. */
function countCopiedRows(): { rows: number } {
  const count = { rows: 0 };
  const { clone: cloneColumns } = ChunkColumns.prototype;
  const { clone: cloneTable } = ChunkTable.prototype;
  vi.spyOn(ChunkColumns.prototype, "clone").mockImplementation(function (this: ChunkColumns) {
    count.rows += this.index.length;
    return cloneColumns.call(this);
  });
  vi.spyOn(ChunkTable.prototype, "clone").mockImplementation(function (this: ChunkTable) {
    count.rows += this.length;
    return cloneTable.call(this);
  });
  return count;
}

/** Counts the entries of sorted maps that anything walks through. */
function countVisits(): { entries: number } {
  const count = { entries: 0 };
  const { entries, from } = OrderedMap.prototype;
  function* counted<T>(walk: Iterable<T>): Generator<T, undefined> {
    for (const entry of walk) {
      count.entries++;
      yield entry;
    }
  }
  type AnyMap = OrderedMap<unknown, unknown>;
  vi.spyOn(OrderedMap.prototype, "entries").mockImplementation(function (this: AnyMap) {
    return counted(entries.call(this)) as MapIterator<[unknown, unknown]>;
  } as never);
  vi.spyOn(OrderedMap.prototype, "from").mockImplementation(function (this: AnyMap, key: unknown) {
    return counted(from.call(this, key));
  } as never);
  return count;
}

describe("no row is copied again", () => {
  test("when forks are merged one by one", async () => {
    const session = await start();
    const copied = countCopiedRows();
    for (let i = 0; i < ROWS; i++) {
      const fork = session.fork();
      await fork.store.set(`a/c/${(i * 7) % ROWS}`, chunk(1));
      await session.merge(fork);
    }

    expect(copied.rows).toBe(0);
  });

  test("when a session is forked between its writes", async () => {
    const session = await start();
    const copied = countCopiedRows();
    for (let i = 0; i < ROWS; i++) {
      await session.store.set(`a/c/${i}`, chunk(1));
      session.fork();
    }

    expect(copied.rows).toBe(0);
  });

  test("when merges are refused and the session goes on", async () => {
    const session = await start();
    const early = session.fork();
    await early.store.set("a/c/0", chunk(1, 7));
    await early.store.set("a/c/1", chunk(1, 7));
    await session.store.set("a/c/0", chunk(1));
    const copied = countCopiedRows();
    for (let i = 2; i < ROWS; i++) {
      await expect(session.merge(early)).rejects.toMatchObject({ kind: "merge-overlap" });
      await session.store.set(`a/c/${i}`, chunk(1));
    }

    expect(copied.rows).toBe(0);
  });
});

test("overwriting between forks copies a few rows per write, and every fork sees its own time", async () => {
  const session = await start();
  for (let i = 0; i < ROWS; i++) await session.store.set(`a/c/${i}`, chunk(1, 0));
  const copied = countCopiedRows();
  const forks = [];
  for (let write = 1; write <= 250; write++) {
    await session.store.set(`a/c/${write % 3}`, chunk(1, write));
    forks.push(session.fork());
  }
  const copiedRows = copied.rows;

  expect(copiedRows).toBeLessThanOrEqual(250 * 8);
  for (const [at, fork] of forks.entries()) {
    expect(await fork.store.get(`a/c/${(at + 1) % 3}`)).toEqual(chunk(1, at + 1));
  }
});

/** A session into which forks were merged that came as bytes, and the size of those bytes. */
async function mergeAsBytes(count: number, isOneByOne: boolean) {
  const session = await start();
  await session.store.set("a/c/0", chunk(1));
  const sizes: number[] = [];
  const results: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const fork = session.fork();
    await fork.store.set("a/c/1", chunk(1));
    const bytes = fork.toBytes({ overlay: "omit" });
    sizes.push(bytes.length);
    if (isOneByOne) await session.merge(bytes);
    else results.push(bytes);
  }
  if (!isOneByOne) await session.merge(results, { onOverlap: "theirs" });
  return { session, sizes };
}

test("a result as bytes has the size of the first one after 1,000 merges", async () => {
  const { sizes } = await mergeAsBytes(1000, true);

  expect((sizes.at(-1) as number) - (sizes[0] as number)).toBeLessThanOrEqual(4);
});

test("a result as bytes has the size of the first one after a merge of 1,000 forks", async () => {
  const { session, sizes } = await mergeAsBytes(1000, false);
  const fork = session.fork();
  await fork.store.set("a/c/1", chunk(1));
  const bytes = fork.toBytes({ overlay: "omit" });

  expect(bytes.length - (sizes[0] as number)).toBeLessThanOrEqual(4);
});

test("a fork with its overlay as bytes hardly grows with the forks that were merged", async () => {
  const session = await start();
  const sizeAfter = async (count: number): Promise<number> => {
    for (let i = 0; i < count; i++) {
      const fork = session.fork();
      await fork.store.set("a/c/1", chunk(1));
      await session.merge(fork);
    }
    return session.fork().toBytes().length;
  };
  const first = await sizeAfter(1);

  expect((await sizeAfter(1000)) - first).toBeLessThan(40);
});

test("a fork as bytes grows by an id for each one opened from bytes that was merged", async () => {
  const storage = memoryStorage();
  const session = await start(0, storage);
  const sizeAfter = async (count: number): Promise<number> => {
    for (let i = 0; i < count; i++) {
      const fork = await ForkSession.fromBytes(session.fork().toBytes(), { storage });
      await fork.store.set("a/c/1", chunk(1));
      await session.merge(fork.toBytes({ overlay: "omit" }));
    }
    return session.fork().toBytes().length;
  };
  const first = await sizeAfter(1);

  expect((await sizeAfter(200)) - first).toBeLessThan(200 * 16);
});

test("a fork as bytes is merged without a look at what was merged before", async () => {
  const visitsAfter = async (count: number): Promise<number> => {
    const { session } = await mergeAsBytes(count, true);
    const visits = countVisits();
    const fork = session.fork();
    await fork.store.set("a/c/1", chunk(1));
    await session.merge(fork.toBytes({ overlay: "omit" }));
    vi.restoreAllMocks();
    return visits.entries;
  };

  expect(await visitsAfter(1000)).toBe(await visitsAfter(10));
});

test("a fork that writes chunks is merged without a look at the other uncommitted arrays", async () => {
  const visitsWith = async (arrayCount: number): Promise<number> => {
    const session = await start(arrayCount);
    const visits = countVisits();
    for (let i = 0; i < 10; i++) {
      const fork = session.fork();
      await fork.store.set(`m${i}/c/1`, chunk(1));
      await fork.store.set(`n${i}/zarr.json`, array([8], [1]));
      await fork.store.set(`n${i}/c/1`, chunk(1));
      await session.merge(fork);
    }
    vi.restoreAllMocks();
    return visits.entries;
  };

  expect(await visitsWith(200)).toBe(await visitsWith(20));
});
