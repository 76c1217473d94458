/** Every sentence about nodes in the rules of merging: three-way, by node id, against stale and new writes. */
import { describe, expect, test } from "vitest";
import type { ForkSession, Session } from "../../../../src/index.ts";
import {
  array,
  chunk,
  GROUP,
  kindOf,
  rejection,
  repositoryWithArray,
  text,
  textOf,
} from "../fixture.ts";

type Writer = Session | ForkSession;

async function session(): Promise<Session> {
  return (await repositoryWithArray()).session;
}
const attributes = (value: number): Uint8Array => array([8], [1], { attributes: { value } });

describe("merging nodes", () => {
  test("a fork updates what its parent had changed before", async () => {
    const parent = await session();
    await parent.store.set("a/zarr.json", attributes(1));
    const fork = parent.fork();
    await fork.store.set("a/zarr.json", attributes(2));
    await parent.merge(fork);
    expect(await parent.store.get("a/zarr.json")).toEqual(attributes(2));
  });

  test("a fork deletes what its parent had made before, which leaves no trace", async () => {
    const parent = await session();
    await parent.store.set("n/zarr.json", array([2], [1]));
    await parent.store.set("n/c/0", chunk(3));
    const fork = parent.fork();
    await fork.store.delete("n/zarr.json");
    expect(fork.hasUncommittedChanges).toBe(true);
    await parent.merge(fork.toBytes());
    expect(await parent.store.get("n/c/0")).toBeUndefined();
    expect(parent.hasUncommittedChanges).toBe(false);
    expect((await parent.status()).isEmpty).toBe(true);
  });

  test.each<[string, (writer: Writer) => Promise<void>, (writer: Writer) => Promise<void>]>([
    [
      "different updates of one node",
      (w) => w.store.set("a/zarr.json", attributes(1)),
      (w) => w.store.set("a/zarr.json", attributes(2)),
    ],
    [
      "an update and a deletion",
      (w) => w.store.set("a/zarr.json", attributes(1)),
      (w) => w.store.delete("a/zarr.json"),
    ],
    [
      "two creations at one path, even of the same bytes",
      (w) => w.store.set("n/zarr.json", GROUP),
      (w) => w.store.set("n/zarr.json", GROUP),
    ],
    [
      "an array here and a group there",
      (w) => w.store.set("n/zarr.json", array([1], [1])),
      (w) => w.store.set("n/zarr.json", GROUP),
    ],
    [
      "chunks of an array that was deleted",
      (w) => w.store.set("a/c/0", chunk(1)),
      (w) => w.store.delete("a/zarr.json"),
    ],
    [
      "a deleted chunk of an array that was deleted",
      (w) => w.store.delete("a/c/0"),
      (w) => w.store.delete("a/zarr.json"),
    ],
    [
      "chunks of an array that was deleted and made anew",
      (w) => w.store.set("a/c/0", chunk(1)),
      async (w) => {
        await w.store.delete("a/zarr.json");
        await w.store.set("a/zarr.json", array([8], [1]));
      },
    ],
    [
      "an update of an array that was deleted and made anew",
      (w) => w.store.set("a/zarr.json", attributes(1)),
      async (w) => {
        await w.store.delete("a/zarr.json");
        await w.store.set("a/zarr.json", array([8], [1]));
      },
    ],
    [
      "an array deleted and made anew by both",
      async (w) => {
        await w.store.delete("a/zarr.json");
        await w.store.set("a/zarr.json", array([8], [1]));
      },
      async (w) => {
        await w.store.delete("a/zarr.json");
        await w.store.set("a/zarr.json", array([8], [1]));
      },
    ],
    [
      "a new child of a group that was deleted",
      (w) => w.store.set("g/k/zarr.json", GROUP),
      (w) => w.store.delete("g/zarr.json"),
    ],
    [
      "a new grandchild of a group that was deleted",
      async (w) => {
        await w.store.set("g/k/zarr.json", GROUP);
        await w.store.set("g/k/l/zarr.json", GROUP);
        await w.store.delete("g/k/zarr.json");
        await w.store.set("g/k/zarr.json", GROUP);
      },
      (w) => w.store.delete("g/zarr.json"),
    ],
    [
      "a new child of a group that became an array",
      (w) => w.store.set("g/k/zarr.json", GROUP),
      async (w) => {
        await w.store.delete("g/zarr.json");
        await w.store.set("g/zarr.json", array([1], [1]));
      },
    ],
    [
      "chunks outside the grid that the other side made smaller",
      (w) => w.store.set("a/c/7", chunk(1)),
      (w) => w.store.set("a/zarr.json", array([4], [1])),
    ],
    [
      "chunks of an array whose data type changed",
      (w) => w.store.set("a/c/0", chunk(1)),
      (w) => w.store.set("a/zarr.json", array([8], [1], { data_type: "int8" })),
    ],
    [
      "chunks of an array whose fill value changed",
      (w) => w.store.set("a/c/0", chunk(1)),
      (w) => w.store.set("a/zarr.json", array([8], [1], { fill_value: 1 })),
    ],
    [
      "chunks of an array whose codecs changed",
      (w) => w.store.set("a/c/0", chunk(1)),
      (w) => w.store.set("a/zarr.json", array([8], [1], { codecs: [] })),
    ],
    [
      "chunks of an array whose chunk shape changed",
      (w) => w.store.set("a/c/0", chunk(1)),
      (w) => w.store.set("a/zarr.json", array([8], [2])),
    ],
  ])("%s are refused, whichever side merges, and change nothing", async (_, one, other) => {
    for (const [first, second] of [
      [one, other],
      [other, one],
    ] as const) {
      const parent = await session();
      await parent.store.set("g/zarr.json", GROUP);
      const [a, b] = [parent.fork(), parent.fork()];
      await first(a);
      await second(b);
      await parent.merge(a.toBytes());
      const before = await parent.status();
      const error = await rejection(parent.merge(b.toBytes(), { onOverlap: "theirs" }));
      expect(error.kind).toBe("merge-failed");
      expect(error.details?.["paths"]).toHaveLength(1);
      expect(await parent.status()).toEqual(before);
      await parent.commit("still usable", { allowEmpty: true });
    }
  });

  test.each<[string, (writer: Writer) => Promise<void>, (writer: Writer) => Promise<void>]>([
    [
      "both delete a node",
      (w) => w.store.delete("a/zarr.json"),
      (w) => w.store.delete("a/zarr.json"),
    ],
    [
      "both make the same update",
      (w) => w.store.set("a/zarr.json", attributes(1)),
      (w) => w.store.set("a/zarr.json", attributes(1)),
    ],
    [
      "new attributes and chunks",
      (w) => w.store.set("a/zarr.json", attributes(1)),
      (w) => w.store.set("a/c/0", chunk(1)),
    ],
    [
      "new dimension names and chunks",
      (w) => w.store.set("a/zarr.json", array([8], [1], { dimension_names: ["x"] })),
      (w) => w.store.set("a/c/0", chunk(1)),
    ],
    [
      "a larger grid and chunks",
      (w) => w.store.set("a/zarr.json", array([16], [1])),
      (w) => w.store.set("a/c/7", chunk(1)),
    ],
    [
      "a smaller grid and chunks inside it",
      (w) => w.store.set("a/zarr.json", array([4], [1])),
      (w) => w.store.set("a/c/3", chunk(1)),
    ],
    [
      "an attribute of a group and a new child of it",
      (w) =>
        w.store.set(
          "g/zarr.json",
          text('{"zarr_format":3,"node_type":"group","attributes":{"x":1}}'),
        ),
      (w) => w.store.set("g/k/zarr.json", GROUP),
    ],
    [
      "the same inline bytes",
      (w) => w.store.set("a/c/0", chunk(2)),
      (w) => w.store.set("a/c/0", chunk(2)),
    ],
    ["the same deletion", (w) => w.store.delete("a/c/0"), (w) => w.store.delete("a/c/0")],
  ])("%s go together, in both orders", async (_, one, other) => {
    const results: unknown[] = [];
    for (const [first, second] of [
      [one, other],
      [other, one],
    ] as const) {
      const parent = await session();
      await parent.store.set("g/zarr.json", GROUP);
      const [a, b] = [parent.fork(), parent.fork()];
      await first(a);
      await second(b);
      await parent.merge([a, b]);
      const status = await parent.status();
      results.push({ ...status, updatedChunks: JSON.stringify([...status.updatedChunks]) });
      await parent.commit("merged");
    }
    expect(results[0]).toEqual(results[1]);
  });

  test("a tombstone in an array that is new in the session lives until the commit", async () => {
    const parent = await session();
    await parent.store.set("n/zarr.json", array([2], [1]));
    await parent.store.set("n/c/0", chunk(2));
    const [a, b] = [parent.fork(), parent.fork()];
    await a.store.delete("n/c/0");
    await b.store.set("n/c/1", chunk(2));
    await parent.merge([a, b]);
    expect(await parent.store.get("n/c/0")).toBeUndefined();
    // The tombstone is a write like any other: a fork that overwrites it unseen overlaps.
    const late = await rejection(parent.merge(await overwrite(await session(), parent)));
    expect(late.kind).toBe("fork-base-mismatch");
    const c = parent.fork();
    await c.store.set("n/c/0", chunk(2, 9));
    await parent.merge(c);
    expect(await parent.store.get("n/c/0")).toEqual(chunk(2, 9));
    const id = await parent.commit("merged");
    expect(parent.snapshotId).toBe(id);
    expect(await parent.store.list().toArray()).toEqual([
      "zarr.json",
      "a/zarr.json",
      "n/zarr.json",
      "n/c/0",
      "n/c/1",
    ]);
  });

  async function overwrite(stranger: Session, _: Session): Promise<Uint8Array> {
    await stranger.store.set("a/c/0", chunk(1));
    const fork = stranger.fork();
    await fork.store.set("a/c/1", chunk(1));
    return fork.toBytes();
  }

  test("a deletion and an overwrite of one chunk of a new array overlap", async () => {
    const parent = await session();
    await parent.store.set("n/zarr.json", array([2], [1]));
    await parent.store.set("n/c/0", chunk(2));
    const [a, b] = [parent.fork(), parent.fork()];
    await a.store.delete("n/c/0");
    await b.store.set("n/c/0", chunk(2, 7));
    await parent.merge(a);
    expect(await kindOf(parent.merge(b))).toBe("merge-overlap");
    await parent.merge(b, { onOverlap: "ours" });
    expect(await parent.store.get("n/c/0")).toBeUndefined();
  });

  test("chunks follow their array through deletion and creation of forks of forks", async () => {
    const parent = await session();
    const child = parent.fork();
    await child.store.delete("a/zarr.json");
    await child.store.set("a/zarr.json", array([2, 2], [1, 1]));
    await child.store.set("a/c/0/1", text("child"));
    const grandchild = child.fork();
    await grandchild.store.set("a/c/1/0", text("grandchild"));
    await grandchild.store.delete("a/c/0/1");
    await parent.merge([child, grandchild]);
    expect(textOf(await parent.store.get("a/c/1/0"))).toBe("grandchild");
    expect(await parent.store.get("a/c/0/1")).toBeUndefined();
    const id = await parent.commit("rank 2 now");
    expect(id).toHaveLength(20);
    expect(await parent.store.list().toArray()).toEqual(["zarr.json", "a/zarr.json", "a/c/1/0"]);
  });

  test("a grandchild alone is refused by its grandparent, whose child it rests on", async () => {
    const parent = await session();
    const child = parent.fork();
    await child.store.set("a/c/0", chunk(1));
    const grandchild = child.fork();
    await grandchild.store.set("a/c/1", chunk(1));
    expect(await kindOf(parent.merge(grandchild))).toBe("fork-base-mismatch");
    expect(parent.hasUncommittedChanges).toBe(false);
  });

  test("results that rest on what only a session that ended held are refused with the ways out", async () => {
    const { repository, session: ended } = await repositoryWithArray();
    await ended.store.set("n/zarr.json", array([2], [1]));
    const worker = ended.fork();
    await worker.store.set("n/c/0", chunk(1));
    const takenUp = await repository.writableSession("main");

    const error = await rejection(takenUp.merge(worker.toBytes({ overlay: "omit" })));

    expect(error.kind).toBe("fork-base-mismatch");
    expect(error.details).toMatchObject({ reason: "overlay-missing" });
    expect(error.message).toContain("merge it into the session that was forked");
    expect(error.message).toContain("committed before the fork");
    expect(takenUp.hasUncommittedChanges).toBe(false);
  });

  test("after discardChanges the session is somebody else: forks of before are refused", async () => {
    const parent = await session();
    await parent.store.set("a/c/0", chunk(1));
    const fork = parent.fork();
    await fork.store.set("a/c/1", chunk(1));
    parent.discardChanges();
    expect(await kindOf(parent.merge(fork))).toBe("fork-base-mismatch");
    await parent.store.set("a/c/0", chunk(1, 2));
    expect(await kindOf(parent.merge(fork))).toBe("fork-base-mismatch");
    // One that rests on nothing is welcome still, and meets the new write as a stranger.
    const clean = (await session()).fork();
    expect(clean.hasUncommittedChanges).toBe(false);
  });

  test("a clean fork from before a discard overlaps with what was written after it", async () => {
    const parent = await session();
    const fork = parent.fork();
    await fork.store.set("a/c/0", chunk(1, 1));
    await parent.store.set("a/c/1", chunk(1));
    parent.discardChanges();
    await parent.store.set("a/c/0", chunk(1, 2));
    expect(await kindOf(parent.merge(fork))).toBe("merge-overlap");
    await parent.merge(fork, { onOverlap: "theirs" });
    expect(await parent.store.get("a/c/0")).toEqual(chunk(1, 1));
    expect(await parent.store.get("a/c/1")).toBeUndefined();
  });

  test("a fork cannot be merged into itself, nor a session into a fork", async () => {
    const parent = await session();
    const fork = parent.fork();
    await fork.store.set("a/c/0", chunk(1));
    expect(await kindOf(fork.merge(fork))).toBe("merge-not-allowed");
    expect(await kindOf(fork.merge(parent as never))).toBe("merge-not-allowed");
    expect(await kindOf(parent.merge(parent as never))).toBe("merge-not-allowed");
    await parent.merge(fork);
  });
});
