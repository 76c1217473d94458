/** Commits that lose races or fail on the way, what a later try may use, and what the log says. */
import { expect, test } from "vitest";
import { decodeEnvelope } from "../../../../src/format/envelope.ts";
import {
  parseTransactionLog,
  type TransactionLog,
} from "../../../../src/format/transaction-log/read.ts";
import {
  basicConflictSolver,
  memoryStorage,
  Repository,
  type Storage,
} from "../../../../src/index.ts";
import { interceptStorage } from "../../../../src/storage/intercept.ts";
import { faultyStorage } from "../../../../src/testing/faulty-storage.ts";
import { array, chunk, kindOf, repositoryWithArray } from "../fixture.ts";

/** `storage`, on which `first` runs before every put of `repo`. */
function withBefore(storage: Storage, first: () => Promise<void>): Storage {
  return interceptStorage(storage, {
    async request(request, run) {
      if (request.operation === "put" && request.path === "repo") await first();
      return run();
    },
    list: (_, run) => run(),
  });
}

test.each([1, 2, 5])(
  "a commit that loses every race tries %d times, as told",
  async (attemptsMax) => {
    const storage = memoryStorage();
    const { repository: other } = await repositoryWithArray(storage);
    let commits = 0;
    const racing = withBefore(storage, async () => {
      const theirs = await other.writableSession("main");
      await theirs.store.set("a/c/7", chunk(1, ++commits));
      await theirs.commit("faster");
    });
    const repository = await Repository.open(racing);
    const session = await repository.writableSession("main");
    await session.store.set("a/c/0", chunk(1));
    let publishes = 0;

    const kind = await kindOf(
      session.commit("ours", {
        solver: basicConflictSolver(),
        attemptsMax,
        onProgress: ({ phase }) => {
          if (phase === "publish") publishes++;
        },
      }),
    );

    expect(kind).toBe("commit-conflict");
    expect(publishes).toBe(attemptsMax);
    expect(session.hasUncommittedChanges).toBe(true);
  },
);

test("a solver may commit to the same branch itself", async () => {
  const { repository } = await repositoryWithArray();
  const [first, second, third] = await Promise.all(
    [0, 1, 2].map(() => repository.writableSession("main")),
  );
  if (first === undefined || second === undefined || third === undefined) throw new Error("none");
  await first.store.set("a/c/0", chunk(1, 1));
  await second.store.set("a/c/0", chunk(1, 2));
  await third.store.set("a/c/5", chunk(1, 3));
  await first.commit("first");

  await second.commit("second", {
    solver: async (): Promise<"ours"> => {
      if (third.hasUncommittedChanges) await third.commit("third", { solver: () => "ours" });
      return "ours";
    },
  });

  const { store } = await repository.readonlySession("main");
  expect(await store.get("a/c/0")).toEqual(chunk(1, 2));
  expect(await store.get("a/c/5")).toEqual(chunk(1, 3));
});

test("what a failed commit wrote for a rebase that was taken back is not used again", async () => {
  const storage = memoryStorage();
  const { repository: other } = await repositoryWithArray(storage);
  let isBroken = false;
  const faulty = faultyStorage(storage, {
    faults: [
      { effect: "fail-before", operations: ["put"], path: (path) => isBroken && path === "repo" },
    ],
  });
  const repository = await Repository.open(faulty);
  const session = await repository.writableSession("main");
  await session.store.set("a/c/0", chunk(2, 1));
  await session.store.set("a/c/1", chunk(2, 1));
  const theirs = await other.writableSession("main");
  await theirs.store.set("a/c/0", chunk(2, 9));
  await theirs.commit("theirs");
  isBroken = true;
  const theirsStays = basicConflictSolver({ onChunkConflict: "theirs" });
  expect(await kindOf(session.commit("fails", { solver: theirsStays }))).toBe("object-store");
  isBroken = false;

  await session.commit("ours", { solver: basicConflictSolver({ onChunkConflict: "ours" }) });

  const reader = await (await Repository.open(storage)).readonlySession("main");
  expect(await reader.store.get("a/c/0")).toEqual(chunk(2, 1));
  expect(await reader.store.get("a/c/1")).toEqual(chunk(2, 1));
});

async function logOf(storage: Storage, id: string): Promise<TransactionLog> {
  const path = `transactions/${id}`;
  const file = (await storage.get(path))?.bytes as Uint8Array;
  const options = { object: path, fileType: "transaction-log" as const, bytesMax: 1 << 20 };
  return parseTransactionLog((await decodeEnvelope(file, options)).payload, path);
}

test("chunks that a resize put outside are not in the log", async () => {
  const { session, storage } = await repositoryWithArray();
  for (const at of [1, 3, 4, 7]) await session.store.set(`a/c/${at}`, chunk(2, at));
  await session.store.set("a/zarr.json", array([4], [1]));

  const { updatedChunks } = await logOf(storage, await session.commit("smaller"));

  expect(updatedChunks.map(({ data }) => [...data])).toEqual([[1, 3]]);
});

test("an array made anew is logged as deleted and as new, not as updated", async () => {
  const { repository, session, storage } = await repositoryWithArray();
  const before = await session.getNodeId("/a");
  await session.store.delete("a/zarr.json");
  await session.store.set("a/zarr.json", array([4], [1]));
  const after = await session.getNodeId("/a");

  const id = await session.commit("anew");

  expect(await logOf(storage, id)).toMatchObject({
    newArrays: [after],
    deletedArrays: [before],
    updatedArrays: [],
  });
  const parent = (await repository.lookupSnapshot(id)).parentId as string;
  const diff = await repository.diff({ snapshotId: parent }, "main");
  expect(diff).toMatchObject({ newArrays: ["/a"], deletedArrays: ["/a"], updatedArrays: [] });
});
