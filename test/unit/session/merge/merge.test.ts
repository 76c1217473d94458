/**
 * What a merge takes, skips and refuses, beyond the chunk model. Spec: docs/semantics.md
 * "Forks and merges".
 */
import { describe, expect, test } from "vitest";
import {
  ForkSession,
  MergeOverlapError,
  memoryStorage,
  Repository,
} from "../../../../src/index.ts";
import { array, chunk, GROUP, kindOf, rejection, repositoryWithArray } from "../fixture.ts";

describe("forks of one session", () => {
  test("with disjoint chunks merge into one commit, in any order", async () => {
    const { repository, session } = await repositoryWithArray();
    const forks = [0, 1, 2].map(() => session.fork());
    for (const [i, fork] of forks.entries()) await fork.store.set(`a/c/${i}`, chunk(4, i + 1));

    const report = await session.merge(forks.reverse());
    await session.commit("three forks");

    expect(report).toMatchObject({ forks: 3, chunks: 3, overlaps: 0, bytes: 12 });
    for (let i = 0; i < 3; i++)
      expect(await session.store.get(`a/c/${i}`)).toEqual(chunk(4, i + 1));
    expect(await repository.ancestry("main").toArray()).toHaveLength(3);
  });

  test("that wrote the same chunk are refused by name and leave the receiver as it was", async () => {
    const { session } = await repositoryWithArray();
    const [first, second] = [session.fork(), session.fork()];
    await first.store.set("a/c/0", chunk(4, 1));
    await first.store.set("a/c/1", chunk(4, 1));
    await second.store.set("a/c/0", chunk(4, 2));

    const error = (await rejection(session.merge([first, second]))) as MergeOverlapError;

    expect(error).toBeInstanceOf(MergeOverlapError);
    expect(error.overlaps).toMatchObject([{ path: "/a", total: 1 }]);
    expect(JSON.parse(JSON.stringify(error.overlaps[0]?.chunkCoordinates))).toEqual([[0]]);
    expect(session.hasUncommittedChanges).toBe(false);
  });

  test.each([
    ["ours", 1],
    ["theirs", 2],
  ] as const)("that overlap, with onOverlap %s", async (onOverlap, value) => {
    const { session } = await repositoryWithArray();
    const [first, second] = [session.fork(), session.fork()];
    await first.store.set("a/c/0", chunk(4, 1));
    await second.store.set("a/c/0", chunk(4, 2));

    const report = await session.merge([first, second], { onOverlap });

    expect(report.overlaps).toBe(1);
    expect(await session.store.get("a/c/0")).toEqual(chunk(4, value));
  });

  test("see the parent's uncommitted changes and not each other's", async () => {
    const { session } = await repositoryWithArray();
    await session.store.set("n/zarr.json", array([4], [1]));
    await session.store.set("n/c/0", chunk(3, 7));

    const [first, second] = [session.fork(), session.fork()];
    await first.store.set("n/c/1", chunk(3, 8));

    expect(await first.store.get("n/c/0")).toEqual(chunk(3, 7));
    expect(await second.store.get("n/c/1")).toBeUndefined();
    expect(await session.store.get("n/c/1")).toBeUndefined();
    expect(second.hasUncommittedChanges).toBe(false);
  });

  test("may update and delete what the parent had made before", async () => {
    const { session } = await repositoryWithArray();
    await session.store.set("n/zarr.json", array([4], [1]));
    await session.store.set("m/zarr.json", array([4], [1]));
    await session.store.set("m/c/0", chunk(3));
    const fork = session.fork();
    const updated = array([4], [1], { attributes: { by: "fork" } });
    await fork.store.set("n/zarr.json", updated);
    await fork.store.delete("m/zarr.json");

    await session.merge(fork);

    expect(await session.store.get("n/zarr.json")).toEqual(updated);
    expect(await session.store.has("m/zarr.json")).toBe(false);
    await session.commit("merged");
    expect(await session.store.get("n/zarr.json")).toEqual(updated);
  });

  test("delivered twice, or grown since, are harmless", async () => {
    const { session } = await repositoryWithArray();
    const fork = session.fork();
    await fork.store.set("a/c/0", chunk(4, 1));
    const early = fork.toBytes();
    await session.merge([early, early]);
    await fork.store.set("a/c/0", chunk(4, 2));
    await fork.store.set("a/c/1", chunk(4, 2));

    const grown = await session.merge(fork);
    const again = await session.merge([early, fork.toBytes()]);

    expect(grown).toMatchObject({ chunks: 2, overlaps: 0 });
    expect(again).toMatchObject({ chunks: 0, overlaps: 0, skipped: 3 });
    expect(await session.store.get("a/c/0")).toEqual(chunk(4, 2));
  });

  test("a grandchild merges into its parent fork, or after it", async () => {
    const { session } = await repositoryWithArray();
    const fork = session.fork();
    await fork.store.set("a/c/0", chunk(4, 1));
    const grandchild = fork.fork();
    await grandchild.store.set("a/c/1", chunk(4, 2));

    expect(await kindOf(session.merge(grandchild))).toBe("fork-base-mismatch");
    await session.merge([fork, grandchild]);

    expect(await session.store.get("a/c/1")).toEqual(chunk(4, 2));
  });

  test("that are clean merge into any session at their base", async () => {
    const { repository, session } = await repositoryWithArray();
    const other = await repository.writableSession("main");
    const fork = session.fork();
    await fork.store.set("a/c/0", chunk(4, 1));

    await other.merge(fork);

    expect(await other.store.get("a/c/0")).toEqual(chunk(4, 1));
  });
});

test("what is not built yet is refused by name", async () => {
  const { session } = await repositoryWithArray();

  expect(await kindOf(session.merge({ saved: "x" }))).toBe("unimplemented");

  await expect(session.merge([], { withOverlay: true })).rejects.toMatchObject({
    kind: "unimplemented",
    details: { option: "withOverlay" },
  });
});

describe("nodes", () => {
  test("two creations at one path are refused with the path", async () => {
    const { session } = await repositoryWithArray();
    const [first, second] = [session.fork(), session.fork()];
    await first.store.set("n/zarr.json", GROUP);
    await second.store.set("n/zarr.json", GROUP);

    const error = await rejection(session.merge([first, second]));

    expect(error).toMatchObject({ kind: "merge-failed", details: { paths: ["/n"] } });
    expect(session.hasUncommittedChanges).toBe(false);
  });

  test("equal updates are no conflict, different ones are", async () => {
    const { session } = await repositoryWithArray();
    const forks = [session.fork(), session.fork(), session.fork()] as const;
    const same = array([8], [1], { attributes: { x: 1 } });
    await forks[0].store.set("a/zarr.json", same);
    await forks[1].store.set("a/zarr.json", same);
    await forks[2].store.set("a/zarr.json", array([8], [1], { attributes: { x: 2 } }));

    await session.merge([forks[0], forks[1]]);

    expect(await kindOf(session.merge(forks[2]))).toBe("merge-failed");
  });

  test("chunks of an array that the other side deleted are refused, either way", async () => {
    for (const deleterFirst of [true, false]) {
      const { session } = await repositoryWithArray();
      const [deleter, writer] = [session.fork(), session.fork()];
      await deleter.store.delete("a/zarr.json");
      await writer.store.set("a/c/0", chunk(4));

      const order = deleterFirst ? [deleter, writer] : [writer, deleter];

      expect(await kindOf(session.merge(order))).toBe("merge-failed");
      expect(session.hasUncommittedChanges).toBe(false);
    }
  });

  test("a child under a node that the other side deleted is refused, either way", async () => {
    for (const deleterFirst of [true, false]) {
      const { session } = await repositoryWithArray();
      await session.store.set("g/zarr.json", GROUP);
      const [deleter, creator] = [session.fork(), session.fork()];
      await deleter.store.delete("g/zarr.json");
      await creator.store.set("g/k/zarr.json", GROUP);

      const order = deleterFirst ? [deleter, creator] : [creator, deleter];

      expect(await kindOf(session.merge(order))).toBe("merge-failed");
    }
  });

  test("both sides deleting is fine", async () => {
    const { session } = await repositoryWithArray();
    const forks = [session.fork(), session.fork()];
    for (const fork of forks) await fork.store.delete("a/zarr.json");

    await session.merge(forks);

    expect(await session.store.has("a/zarr.json")).toBe(false);
  });

  test("attributes on one side and chunks on the other go together, either way", async () => {
    for (const updaterFirst of [true, false]) {
      const { session } = await repositoryWithArray();
      const [updater, writer] = [session.fork(), session.fork()];
      const updated = array([8], [1], { attributes: { units: "K" } });
      await updater.store.set("a/zarr.json", updated);
      await writer.store.set("a/c/3", chunk(4));

      await session.merge(updaterFirst ? [updater, writer] : [writer, updater]);

      expect(await session.store.get("a/zarr.json")).toEqual(updated);
      expect(await session.store.get("a/c/3")).toEqual(chunk(4));
    }
  });

  test.each([
    ["another dtype", array([8], [1], { data_type: "int8" }), 0],
    ["a smaller grid", array([2], [1]), 1],
  ])("%s on one side and chunks on the other are refused", async (_what, updated, count) => {
    for (const updaterFirst of [true, false]) {
      const { session } = await repositoryWithArray();
      const [updater, writer] = [session.fork(), session.fork()];
      await updater.store.set("a/zarr.json", updated);
      await writer.store.set("a/c/3", chunk(4));

      const error = await rejection(
        session.merge(updaterFirst ? [updater, writer] : [writer, updater]),
      );

      expect(error).toMatchObject({ kind: "merge-failed", details: { paths: ["/a"] } });
      if (count > 0) {
        const json = JSON.parse(JSON.stringify(error.details?.["chunkCoordinates"]));
        expect(json).toEqual([[3]]);
      }
    }
  });
});

describe("bytes", () => {
  test("carry a fork anywhere and back", async () => {
    const { session, storage } = await repositoryWithArray();
    await session.store.set("n/zarr.json", array([4], [1]));
    await session.store.set("n/c/0", chunk(3, 7));

    const bytes = session.fork().toBytes();
    const worker = await ForkSession.fromBytes(bytes, { storage });
    expect(await worker.store.get("n/c/0")).toEqual(chunk(3, 7));
    await worker.store.set("n/c/1", chunk(3, 8));
    await worker.store.set("n/c/2", chunk(3000, 9));
    await session.merge(worker.toBytes());

    expect(await session.store.get("n/c/1")).toEqual(chunk(3, 8));
    expect(await session.store.get("n/c/2")).toEqual(chunk(3000, 9));
  });

  test("without the overlay can be merged but not opened", async () => {
    const { session, storage } = await repositoryWithArray();
    await session.store.set("a/c/0", chunk(500));
    const worker = await ForkSession.fromBytes(session.fork().toBytes(), { storage });
    await worker.store.set("a/c/1", chunk(3));

    const result = worker.toBytes({ overlay: "omit" });

    expect(result.length).toBeLessThan(400);
    expect(await kindOf(ForkSession.fromBytes(result, { storage }))).toBe("invalid-fork-bytes");
    expect(await session.merge(result)).toMatchObject({ chunks: 1 });
  });

  test("damaged anywhere are refused", async () => {
    const { session } = await repositoryWithArray();
    const fork = session.fork();
    await fork.store.set("a/c/1", chunk(30));
    const bytes = fork.toBytes();

    for (let at = 0; at < bytes.length; at++) {
      const damaged = bytes.slice();
      damaged[at] = (damaged[at] ?? 0) ^ 0x10;
      expect(await kindOf(session.merge(damaged)), `byte ${at}`).toBe("invalid-fork-bytes");
    }
    expect(await kindOf(session.merge(bytes.slice(0, -1)))).toBe("invalid-fork-bytes");
  });

  test("from a copy of the repository are found by one HEAD", async () => {
    const { session } = await repositoryWithArray();
    const elsewhere = await repositoryWithArray();
    const fork = elsewhere.session.fork();
    await fork.store.set("a/c/1", chunk(3000));

    const bytes = fork.toBytes();
    const error = await kindOf(session.merge(bytes));

    expect(error).toBe("fork-base-mismatch");
  });

  test("of the same initial snapshot in a foreign repository are found too", async () => {
    const here = await Repository.create(memoryStorage());
    const there = await Repository.create(memoryStorage());
    const receiver = await here.writableSession("main");
    const source = await there.writableSession("main");
    const fork = source.fork();
    await fork.store.set("a/zarr.json", array([8], [1]));
    await fork.store.set("a/c/1", chunk(3000));

    expect(await kindOf(receiver.merge(fork))).toBe("fork-base-mismatch");
    expect(receiver.hasUncommittedChanges).toBe(false);
  });
});

describe("a fork", () => {
  test("can't commit, amend, flush or rebase", async () => {
    const { session } = await repositoryWithArray();
    const fork = session.fork();

    for (const act of ["commit", "amend", "flush", "rebase"] as const) {
      expect(await kindOf(fork[act]())).toBe("commit-not-allowed");
    }
  });

  test("of a read-only session is refused", async () => {
    const { repository } = await repositoryWithArray();
    const reader = await repository.readonlySession("main");

    expect(() => reader.fork()).toThrow(
      expect.objectContaining({ kind: "cannot-fork-read-only-session" }),
    );
  });

  test("made before a rebase is refused after it", async () => {
    const { repository, session } = await repositoryWithArray();
    const fork = session.fork();
    await fork.store.set("a/c/0", chunk(4));
    const other = await repository.writableSession("main");
    await other.store.set("g/zarr.json", GROUP);
    await other.commit("other");
    await session.store.set("a/c/1", chunk(4));

    await session.rebase();

    expect(await kindOf(session.merge(fork))).toBe("fork-base-mismatch");
  });

  test("discards its own changes and keeps its parent's", async () => {
    const { session } = await repositoryWithArray();
    await session.store.set("a/c/0", chunk(4, 1));
    const fork = session.fork();
    await fork.store.set("a/c/0", chunk(4, 2));

    fork.discardChanges();

    expect(await fork.store.get("a/c/0")).toEqual(chunk(4, 1));
  });
});

test("merge takes async iterables, refuses what is no fork, and applies all or none", async () => {
  const { session } = await repositoryWithArray();
  const fork = session.fork();
  await fork.store.set("a/c/0", chunk(4));
  async function* stream(): AsyncGenerator<ForkSession | Uint8Array> {
    yield fork;
    yield Uint8Array.of(1, 2, 3);
  }

  expect(await kindOf(session.merge(stream()))).toBe("invalid-fork-bytes");
  expect(session.hasUncommittedChanges).toBe(false);
  expect(await kindOf(session.merge(7 as never))).toBe("invalid-option");
  expect(await kindOf(session.merge(fork, { overlap: "ours" } as never))).toBe("invalid-option");
});
