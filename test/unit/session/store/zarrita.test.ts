/** A session's store under zarrita, the ecosystem's library. */
import { expect, test } from "vitest";
import * as zarr from "zarrita";
import { memoryStorage, Repository } from "../../../../src/index.ts";
import { createArray } from "../../../../src/zarr/index.ts";

async function repositoryWithNumbers(
  byteCount: number,
): Promise<{ repository: Repository; id: string }> {
  const repository = await Repository.create(memoryStorage());
  const session = await repository.writableSession("main");
  const codecs = [{ name: "bytes", configuration: { endian: "little" } }];
  await createArray(session.store, "/a", {
    shape: [byteCount],
    chunkShape: [byteCount],
    dtype: "uint8",
    codecs,
  });
  const array = await zarr.open(zarr.root(session.store).resolve("a"), { kind: "array" });
  await zarr.set(array, null, {
    data: new Uint8Array(byteCount).fill(7),
    shape: [byteCount],
    stride: [1],
  });
  return { repository, id: await session.commit("sevens") };
}

test.each([
  ["inline", 10],
  ["native", 2000],
])(
  "a partial set on a session never changes the committed version (%s chunk)",
  async (_kind, byteCount) => {
    const { repository, id } = await repositoryWithNumbers(byteCount);
    const session = await repository.writableSession("main");
    const array = await zarr.open(zarr.root(session.store).resolve("a"), { kind: "array" });

    await zarr.set(array, [1], 99);

    const reader = await repository.readonlySession({ snapshotId: id });
    const committed = await zarr.open(zarr.root(reader.store).resolve("a"), { kind: "array" });
    const before = await zarr.get(committed);
    expect(Array.from(before.data as Uint8Array)).toEqual(
      Array.from({ length: byteCount }, () => 7),
    );
    const after = await zarr.get(array);
    expect((after.data as Uint8Array)[1]).toBe(99);
  },
);

test("zarrita opens what icefloe/zarr creates and reads what a session holds", async () => {
  const { repository } = await repositoryWithNumbers(100);
  const { store } = await repository.readonlySession("main");

  const array = await zarr.open(zarr.root(store).resolve("a"), { kind: "array" });
  const part = await zarr.get(array, [zarr.slice(2, 5)]);

  expect(Array.from(part.data as Uint8Array)).toEqual([7, 7, 7]);
});
