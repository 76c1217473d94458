/** Rebasing over histories that several commits, amends, resets, deletions and expiry have made. */
import { describe, expect, test } from "vitest";
import {
  basicConflictSolver,
  memoryStorage,
  type RebaseFailedError,
  Repository,
  type Session,
} from "../../../../src/index.ts";
import { mustGetState } from "../../../../src/session/state/access.ts";
import { countingStorage } from "../../../../src/testing/index.ts";
import { array, chunk, GROUP, kindOf, rejection, repositoryWithArray } from "../fixture.ts";

/** Commits each of the writes on main, oldest first; their ids. */
async function commitEach(
  repository: Repository,
  writes: readonly ((session: Session) => Promise<unknown>)[],
): Promise<string[]> {
  const ids: string[] = [];
  for (const write of writes) {
    const session = await repository.writableSession("main");
    await write(session);
    ids.push(await session.commit("theirs", { allowEmpty: true }));
  }
  return ids;
}
const put = (at: number, value: number) => (session: Session) =>
  session.store.set(`a/c/${at}`, chunk(2, value));

describe("a rebase over several commits", () => {
  test("that fails on one in between stays at its base, with all its changes", async () => {
    const { repository, session } = await repositoryWithArray();
    const base = session.snapshotId;
    await session.store.set("a/c/0", chunk(2, 9));
    await session.store.set("a/c/1", chunk(2, 9));
    const ids = await commitEach(repository, [put(0, 1), put(1, 1), put(2, 1)]);
    const solver = basicConflictSolver({ onChunkConflict: "theirs" });
    const asked: string[] = [];
    const error = (await rejection(
      session.rebase((conflict, context) => {
        asked.push(context.snapshotId);
        return context.snapshotId === ids[1] ? "fail" : solver(conflict, context);
      }),
    )) as RebaseFailedError;
    expect(asked).toEqual(ids.slice(0, 2));
    expect(error.snapshotId).toBe(ids[1]);
    expect(error.message).toContain("the first: chunk-double-update at [1] of /a");
    expect(session.snapshotId).toBe(base);
    expect((await session.status()).updatedChunks.get("/a")?.toJSON()).toEqual([[0], [1]]);
    expect(await session.store.get("a/c/0")).toEqual(chunk(2, 9));
    await session.rebase(solver);
    expect(session.snapshotId).toBe(ids[2]);
    expect(session.hasUncommittedChanges).toBe(false);
  });

  test("that a throwing solver interrupts stays at its base, with all its changes", async () => {
    const { repository, session } = await repositoryWithArray();
    await session.store.set("a/c/0", chunk(2, 9));
    await commitEach(repository, [put(0, 1)]);
    const mine = new Error("mine");
    const solver = () => {
      throw mine;
    };
    expect(await rejection(session.rebase(solver))).toBe(mine);
    expect(await rejection(session.commit("ours", { solver }))).toBe(mine);
    expect(await session.store.get("a/c/0")).toEqual(chunk(2, 9));
    await session.commit("ours", { solver: basicConflictSolver() });
  });

  test.each([
    ["a log per commit and the tip, if it has changed other chunks", "a/c/0", 1],
    ["a snapshot per commit too, if it has changed nodes", "b/zarr.json", 3],
  ])("reads %s, and no manifest", async (_, key, snapshots) => {
    const inner = memoryStorage();
    const { repository } = await repositoryWithArray(inner);
    const storage = countingStorage(inner);
    const session = await (await Repository.open(storage)).writableSession("main");
    await session.store.set(key, key === "a/c/0" ? chunk(2, 9) : array([1], [1]));
    await commitEach(repository, [put(1, 1), put(2, 1), put(3, 1)]);
    storage.reset();
    await session.rebase();
    const paths = storage.log.map(({ path }) => path.split("/")[0]).sort();
    expect(paths).toEqual([
      "repo",
      ...new Array<string>(snapshots).fill("snapshots"),
      ...["transactions", "transactions", "transactions"],
    ]);
  });

  test("can be done again and again, and forks of before are refused", async () => {
    const { repository, session } = await repositoryWithArray();
    await session.store.set("a/c/0", chunk(2, 9));
    const fork = session.fork();
    await commitEach(repository, [put(1, 1)]);
    await session.rebase();
    expect(await kindOf(session.merge(fork))).toBe("fork-base-mismatch");
    const younger = session.fork();
    await younger.store.set("a/c/3", chunk(2, 3));
    await session.merge(younger);
    await commitEach(repository, [put(2, 1)]);
    await session.rebase();
    await session.rebase();
    await session.commit("ours");
    const { store } = await repository.readonlySession("main");
    for (const [at, value] of [
      [0, 9],
      [1, 1],
      [2, 1],
      [3, 3],
    ] as const) {
      expect(await store.get(`a/c/${at}`)).toEqual(chunk(2, value));
    }
  });

  test("carries large chunks over without writing them again", async () => {
    const inner = memoryStorage();
    const { repository } = await repositoryWithArray(inner);
    const storage = countingStorage(inner);
    const session = await (await Repository.open(storage)).writableSession("main");
    await session.store.set("a/c/0", chunk(900, 9));
    await commitEach(repository, [put(1, 1)]);
    storage.reset();
    await session.commit("ours", { solver: basicConflictSolver() });
    expect(storage.byObjectKind.chunk).toBeUndefined();
    const requests = storage.total.requests;
    expect(session.lastCommit).toMatchObject({ attempts: 2, requests });
  });
});

describe("a base that left the branch", () => {
  test("by an amend of somebody else is refused, and the changes stay", async () => {
    const { repository, session } = await repositoryWithArray();
    await session.store.set("a/c/0", chunk(2, 9));
    const other = await repository.writableSession("main");
    await other.store.set("a/c/1", chunk(2, 1));
    await other.amend("amended");
    for (const call of [
      () => session.rebase(basicConflictSolver()),
      () => session.commit("ours", { solver: basicConflictSolver() }),
    ]) {
      expect(await kindOf(call())).toBe("base-not-in-ancestry");
      expect(await session.store.get("a/c/0")).toEqual(chunk(2, 9));
    }
    expect(await kindOf(session.commit("ours"))).toBe("commit-conflict");
    expect(await kindOf(session.amend("ours"))).toBe("commit-conflict");
    // Nothing keeps the changes from being saved aside.
    const id = await session.flush("rescued");
    expect(await (await repository.readonlySession({ snapshotId: id })).store.get("a/c/0")).toEqual(
      chunk(2, 9),
    );
  });

  test("by a reset to its parent, and came back, is as if it had never left", async () => {
    const { repository, session } = await repositoryWithArray();
    await session.store.set("a/c/0", chunk(2, 9));
    const tip = session.snapshotId;
    await repository.resetBranch("main", "1CECHNKREP0F1RSTCMT0");
    expect(await kindOf(session.commit("ours"))).toBe("commit-conflict");
    expect(await kindOf(session.rebase())).toBe("base-not-in-ancestry");
    await repository.resetBranch("main", tip);
    await session.rebase();
    await session.commit("ours");
  });

  test("with its branch: rebasing does nothing, committing says so, flushing works", async () => {
    const { repository } = await repositoryWithArray();
    await repository.createBranch("dev", await repository.lookupBranch("main"));
    const session = await repository.writableSession("dev");
    await session.store.set("a/c/0", chunk(2, 9));
    await repository.deleteBranch("dev");
    await session.rebase();
    for (const solver of [undefined, basicConflictSolver()]) {
      expect(await kindOf(session.commit("ours", { solver }))).toBe("branch-not-found");
      expect(session.hasUncommittedChanges).toBe(true);
    }
    expect(await kindOf(session.amend("ours"))).toBe("branch-not-found");
    const id = await session.flush("rescued");
    await repository.createBranch("dev", id);
    expect(await (await repository.readonlySession("dev")).store.has("a/c/0")).toBe(true);
  });
});

describe("commits that replaced expired ones", () => {
  /** The newest commit takes over the log of the one before it, as expiry does. */
  async function expireMiddle(repository: Repository): Promise<{ expired: string; tip: string }> {
    const session = await repository.readonlySession("main");
    const { repoState } = mustGetState(session).engine;
    const [tip, expired] = await repository.ancestry("main").toArray();
    await repoState.update((repo) => {
      const snapshots = new Map(repo.snapshots);
      const newest = snapshots.get(tip?.id as string);
      const middle = snapshots.get(expired?.id as string);
      if (newest === undefined || middle === undefined) throw new Error("no history");
      snapshots.delete(middle.id);
      snapshots.set(newest.id, {
        ...newest,
        parentId: middle.parentId,
        prunedAncestorTransactionLogs: [middle.id],
      });
      return { repo: { ...repo, snapshots }, updates: [{ kind: "expiration-ran" }] };
    });
    return { expired: expired?.id as string, tip: tip?.id as string };
  }

  test("conflict by what either of them did", async () => {
    const { repository, session } = await repositoryWithArray();
    await session.store.set("a/c/0", chunk(2, 9));
    await session.store.set("a/c/1", chunk(2, 9));
    await session.store.set("a/c/3", chunk(2, 9));
    await commitEach(repository, [put(0, 1), put(1, 1)]);
    const { tip } = await expireMiddle(repository);
    const asked: unknown[] = [];
    await session.rebase((conflict) => {
      asked.push(conflict.chunkCoordinates?.toJSON());
      return "theirs";
    });
    expect(asked).toEqual([[[0]], [[1]]]);
    expect(session.snapshotId).toBe(tip);
    expect((await session.status()).updatedChunks.get("/a")?.toJSON()).toEqual([[3]]);
    await session.commit("ours");
    const { store } = await repository.readonlySession("main");
    expect(await store.get("a/c/0")).toEqual(chunk(2, 1));
  });

  test("whose log is gone refuse a rebase, and the changes stay", async () => {
    const { repository, session } = await repositoryWithArray();
    await session.store.set("a/c/3", chunk(2, 9));
    await commitEach(repository, [put(0, 1), put(1, 1)]);
    const { expired } = await expireMiddle(repository);
    await repository.storage.delete([`transactions/${expired}`]);
    const fresh = await Repository.open(repository.storage);
    const late = await fresh.writableSession("main", { base: session.snapshotId });
    await late.store.set("a/c/3", chunk(2, 9));
    expect(await kindOf(late.rebase())).toBe("rebase-tx-log-pruned");
    expect(await late.store.get("a/c/3")).toEqual(chunk(2, 9));
    expect(late.snapshotId).toBe(session.snapshotId);
  });
});

test("amending carries on the commit: what both changed is what its log says", async () => {
  const { repository } = await repositoryWithArray();
  const first = await repository.writableSession("main");
  await first.store.set("a/c/0", chunk(2, 1));
  await first.store.set("n/zarr.json", array([1], [1]));
  await first.store.set("n/c/0", chunk(2, 1));
  await first.store.set("g/zarr.json", GROUP);
  await first.commit("first");
  const racing = await repository.writableSession("main", {
    base: (await repository.ancestry("main").toArray())[1]?.id,
  });
  await racing.store.set("a/c/0", chunk(2, 7));
  const second = await repository.writableSession("main");
  await second.store.set("a/c/1", chunk(2, 2));
  await second.store.delete("n/zarr.json");
  await second.store.set("g/k/zarr.json", GROUP);
  const id = await second.amend("second");
  const [tip, parent] = await repository.ancestry("main").toArray();
  expect([tip?.id, tip?.message, parent?.message]).toEqual([id, "second", "array"]);
  const diff = await repository.diff({ snapshotId: parent?.id as string }, "main");
  expect(diff).toMatchObject({ newGroups: ["/g", "/g/k"], newArrays: [], deletedArrays: [] });
  expect(diff.updatedChunks.get("/a")?.toJSON()).toEqual([[0], [1]]);
  expect(diff.updatedChunks.has("/n")).toBe(false);
  // Who was based on the parent meets the amended commit as one.
  expect(await kindOf(racing.rebase())).toBe("rebase-failed");
  await racing.commit("racing", { solver: basicConflictSolver() });
  expect(await (await repository.readonlySession("main")).store.get("a/c/0")).toEqual(chunk(2, 7));
});

describe("a node that the session made and deleted again", () => {
  test("is no deletion of the one that another commit made there", async () => {
    const { repository, session } = await repositoryWithArray();
    await session.store.set("n/zarr.json", GROUP);
    await session.store.delete("n/zarr.json");
    await commitEach(repository, [
      (other) => other.store.set("n/zarr.json", array([1], [1])),
      (other) => other.store.set("n/c/0", chunk(2, 1)),
    ]);
    await session.rebase();
    expect(await session.store.get("n/c/0")).toEqual(chunk(2, 1));
    expect(session.hasUncommittedChanges).toBe(false);
  });

  test("even if both came from the same fork", async () => {
    const { repository, session } = await repositoryWithArray();
    const fork = session.fork();
    await fork.store.set("n/zarr.json", GROUP);
    const other = await repository.writableSession("main");
    await other.merge(fork.toBytes());
    await session.merge(fork.toBytes());
    await session.store.delete("n/zarr.json");
    await other.commit("theirs");
    await session.rebase();
    expect(await session.store.get("n/zarr.json")).toEqual(GROUP);
    expect(session.hasUncommittedChanges).toBe(false);
  });
});

test("what a failed commit wrote of changes that a rebase then drops is not used again", async () => {
  const { repository, session } = await repositoryWithArray();
  await session.store.set("a/c/0", chunk(2, 9));
  await session.store.set("a/c/1", chunk(2, 9));
  // Nothing is there: their commit leaves the array's manifests as they were.
  await commitEach(repository, [(other) => other.store.delete("a/c/0")]);
  expect(await kindOf(session.commit("ours"))).toBe("commit-conflict");
  await session.rebase(basicConflictSolver({ onChunkConflict: "theirs" }));
  await session.commit("ours");
  const { store } = await repository.readonlySession("main");
  expect(await store.get("a/c/0")).toBeUndefined();
  expect(await store.get("a/c/1")).toEqual(chunk(2, 9));
});

test("a session that a rebase left without changes makes forks for any session of its base", async () => {
  const { repository, session } = await repositoryWithArray();
  await session.store.set("a/c/0", chunk(2, 9));
  session.fork();
  await commitEach(repository, [put(0, 1)]);
  await session.rebase(basicConflictSolver({ onChunkConflict: "theirs" }));
  expect(session.hasUncommittedChanges).toBe(false);
  const fork = session.fork();
  await fork.store.set("a/c/1", chunk(2, 2));
  const other = await repository.writableSession("main");
  await other.merge(fork.toBytes());
  expect(await other.store.get("a/c/1")).toEqual(chunk(2, 2));
});
