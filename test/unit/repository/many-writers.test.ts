/** Many writers on one branch: nothing that was acknowledged is lost, and history says exactly what happened. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  basicConflictSolver,
  memoryStorage,
  Repository,
  type Storage,
} from "../../../src/index.ts";
import { localFilesystemStorage } from "../../../src/storage/local/index.ts";
import { runsOf } from "../../runs.ts";
import { array, GROUP, text, textOf } from "../session/fixture.ts";

const WRITERS = runsOf("MANY_WRITERS", 16, 32);
const COMMITS = 10;
const COMMITS_ON_DISK = 4;

interface Acknowledged {
  readonly id: string;
  readonly message: string;
  readonly chunk: number;
}

/** Each writer commits its chunks one by one, every second one through a repository of its own. */
async function race(storage: Storage, commits: number): Promise<void> {
  const shared = await Repository.create(storage);
  const setup = await shared.writableSession("main");
  await setup.store.set("zarr.json", GROUP);
  await setup.store.set("a/zarr.json", array([WRITERS * commits], [1]));
  await setup.store.set("log/zarr.json", array([1], [1]));
  await setup.commit("start");
  const old = await shared.readonlySession("main");
  const acknowledged: Acknowledged[] = [];
  const failures: unknown[] = [];
  const write = async (writer: number): Promise<void> => {
    const repository = writer % 2 === 0 ? shared : await Repository.open(storage);
    for (let round = 0; round < commits; round++) {
      const chunk = writer * commits + round;
      const session = await repository.writableSession("main");
      await session.store.set(`a/c/${chunk}`, text(`${writer}/${round}`));
      await session.store.set("log/c/0", text(`${writer}/${round}`)); // Everybody's.
      const message = `writer ${writer}, round ${round}`;
      const id = await session.commit(message, { solver: basicConflictSolver() });
      acknowledged.push({ id, message, chunk });
      expect(session.snapshotId).toBe(id);
    }
  };
  const writers = Array.from({ length: WRITERS }, (_, writer) => write(writer));
  // Readers see a version that never changes under them, while all that goes on.
  const watch = async (): Promise<void> => {
    for (let look = 0; look < 20; look++) {
      const reader = await shared.readonlySession("main");
      const count = (await reader.chunkCoordinates("/a").toArray()).length;
      for (let turn = 0; turn < 5; turn++) await shared.lookupBranch("main");
      expect((await reader.chunkCoordinates("/a").toArray()).length).toBe(count);
      expect(await old.chunkCoordinates("/a").toArray()).toEqual([]);
    }
  };
  for (const one of await Promise.allSettled([...writers, watch()])) {
    if (one.status === "rejected") failures.push(one.reason);
  }
  expect(failures).toEqual([]);

  const repository = await Repository.open(storage);
  const history = (await repository.ancestry("main").toArray()).reverse();
  expect(acknowledged).toHaveLength(WRITERS * commits);
  expect(history).toHaveLength(WRITERS * commits + 2);
  expect(
    history
      .slice(2)
      .map(({ id }) => id)
      .sort(),
  ).toEqual(acknowledged.map(({ id }) => id).sort());
  const messageOf = new Map(acknowledged.map(({ id, message }) => [id, message]));
  for (const { id, message } of history.slice(2)) expect(message).toBe(messageOf.get(id));
  for (const [at, { writtenAtMicros, parentId }] of history.entries()) {
    if (at === 0) continue;
    expect(parentId).toBe(history[at - 1]?.id);
    expect(writtenAtMicros).toBeGreaterThan(history[at - 1]?.writtenAtMicros ?? 0);
  }
  const reader = await repository.readonlySession("main");
  for (const { chunk, message } of acknowledged) {
    const [writer, round] = message.match(/\d+/g) as [string, string];
    expect(textOf(await reader.store.get(`a/c/${chunk}`))).toBe(`${writer}/${round}`);
  }
  // The last commit's word stands where all have written.
  const [writer, round] = (history.at(-1)?.message.match(/\d+/g) ?? []) as string[];
  expect(textOf(await reader.store.get("log/c/0"))).toBe(`${writer}/${round}`);
  // In between, every version holds exactly what had been committed until then.
  for (const at of [2, 50, WRITERS * commits]) {
    const version = await repository.readonlySession({ snapshotId: history[at]?.id as string });
    expect((await version.chunkCoordinates("/a").toArray()).length).toBe(at - 1);
  }
}

describe(`${WRITERS} writers that commit again and again`, () => {
  test("lose nothing in memory", async () => {
    await race(memoryStorage(), COMMITS);
  });

  test("lose nothing in a local folder", async () => {
    const folder = await mkdtemp(join(tmpdir(), "icefloe-many-"));
    try {
      await race(localFilesystemStorage(folder, { durability: "none" }), COMMITS_ON_DISK);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
