import { describe, expect, test } from "vitest";
import * as zarr from "zarrita";
import { Repository } from "../../../src/repository/repository.ts";
import { memoryStorage } from "../../../src/storage/memory.ts";
import {
  append,
  createArray,
  createGroup,
  resize,
  updateAttributes,
  writeRegion,
  type ZarrStore,
} from "../../../src/zarr/index.ts";

const openSession = async () => {
  const repository = await Repository.create(memoryStorage());
  return { repository, session: await repository.writableSession("main") };
};
const readAll = async (store: ZarrStore, path: `/${string}`): Promise<unknown[]> => {
  const array = await zarr.open.v3(zarr.root(store as never).resolve(path), { kind: "array" });
  return [...((await zarr.get(array)) as { data: Iterable<unknown> }).data];
};

describe("zarr on a session", () => {
  test("what tasks write together is committed and read back", async () => {
    const { repository, session } = await openSession();
    const { store } = session;
    await createArray(store, "/g/a", { shape: [6, 4], chunkShape: [2, 4], dtype: "int32" });

    await Promise.all(
      [0, 1, 2, 3, 4, 5].map((row) =>
        writeRegion(store, "/g/a", { region: [row, null], data: new Int32Array(4).fill(row + 1) }),
      ),
    );
    const snapshotId = await session.commit("rows");

    const readonly = await repository.readonlySession({ snapshotId });
    const expected = [1, 2, 3, 4, 5, 6].flatMap((value) => [value, value, value, value]);
    expect(await readAll(readonly.store, "/g/a")).toEqual(expected);
  });

  test("forks write whole chunks and are merged; a part of a chunk is refused", async () => {
    const { session } = await openSession();
    await createArray(session.store, "/a", { shape: [5], chunkShape: [2], dtype: "int8" });
    const forks = [0, 2, 4].map((start) => ({ start, fork: session.fork() }));

    for (const { start, fork } of forks) {
      const region = [{ start, end: Math.min(start + 2, 5) }];
      await writeRegion(fork.store, "/a", { region, data: start + 1 });
    }
    const cut = writeRegion(session.fork().store, "/a", { region: [1], data: 1 });
    await expect(cut).rejects.toMatchObject({ kind: "region-not-aligned" });
    await session.merge(forks.map(({ fork }) => fork));

    expect(await readAll(session.store, "/a")).toEqual([1, 1, 3, 3, 5]);
  });

  test("shrinking deletes chunks, so that growing again does not bring them back", async () => {
    const { repository, session } = await openSession();
    await createArray(session.store, "/a", { shape: [6], chunkShape: [2], dtype: "int8" });
    await writeRegion(session.store, "/a", { data: 1 });
    await session.commit("full");
    const next = await repository.writableSession("main");

    await resize(next.store, "/a", [2]);
    await resize(next.store, "/a", [6]);

    expect(await readAll(next.store, "/a")).toEqual([1, 1, 0, 0, 0, 0]);
  });

  test("a chunk of fill values is a change that can be committed, and is not stored", async () => {
    const { repository, session } = await openSession();
    await createArray(session.store, "/a", { shape: [4], chunkShape: [2], dtype: "int8" });
    await session.commit("empty array");
    const next = await repository.writableSession("main");

    await writeRegion(next.store, "/a", { data: 0 });

    await next.commit("a dry hour");
    expect(await next.store.has("a/c/0")).toBe(false);
  });

  test("overwriting makes a new node without the old chunks", async () => {
    const { session } = await openSession();
    const { store } = session;
    await createArray(store, "/a", { shape: [2], dtype: "int8" });
    await writeRegion(store, "/a", { data: 1 });
    const before = await session.getNodeId("/a");

    await createArray(store, "/a", { shape: [2], dtype: "int8", overwrite: true });

    expect(await session.getNodeId("/a")).not.toBe(before);
    expect(await readAll(store, "/a")).toEqual([0, 0]);
  });

  test("attributes and appends of one session run one after the other", async () => {
    const { session } = await openSession();
    const { store } = session;
    await createGroup(store, "/", { attributes: { done: [] } });
    await createArray(store, "/a", { shape: [0], chunkShape: [2], dtype: "int16" });

    await Promise.all(
      [1, 2, 3, 4, 5].flatMap((n) => [
        updateAttributes(store, "/", ({ done }) => ({ done: [...(done as number[]), n] })),
        append(store, "/a", { data: [n] }),
      ]),
    );

    const root = JSON.parse(new TextDecoder().decode(await store.get("zarr.json")));
    expect(root.attributes.done).toEqual([1, 2, 3, 4, 5]);
    expect(await readAll(store, "/a")).toEqual([1, 2, 3, 4, 5]);
  });

  test("a read-only session refuses", async () => {
    const { repository } = await openSession();
    const { store } = await repository.readonlySession("main");

    await expect(createGroup(store, "/")).rejects.toMatchObject({ kind: "read-only-session" });
  });
});
