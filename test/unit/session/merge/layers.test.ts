/** Merging into a fork that has itself overwritten what its parent had changed before the fork. */
import { expect, test } from "vitest";
import { decodeForkBytes } from "../../../../src/session/fork/read-bytes.ts";
import { array, chunk, GROUP, kindOf, repositoryWithArray } from "../fixture.ts";

async function groupAndSession() {
  const { repository, session } = await repositoryWithArray();
  await session.store.set("g/zarr.json", GROUP);
  await session.commit("group");
  return repository.writableSession("main");
}

test("a child that the parent made and the receiver deleted is in nobody's way", async () => {
  const session = await groupAndSession();
  const deleting = session.fork();
  await deleting.store.delete("g/zarr.json");
  await session.store.set("g/h/zarr.json", GROUP);
  const receiver = session.fork();
  await receiver.store.delete("g/h/zarr.json");

  await receiver.merge(deleting);

  expect(await receiver.store.listDir("").toArray()).not.toContain("g");
});

test("a child that the parent made and the receiver kept is", async () => {
  const session = await groupAndSession();
  const deleting = session.fork();
  await deleting.store.delete("g/zarr.json");
  await session.store.set("g/h/zarr.json", GROUP);
  const receiver = session.fork();

  expect(await kindOf(receiver.merge(deleting))).toBe("merge-failed");
});

test("chunks of the parent that a fork's have replaced do not keep that fork from deleting the array", async () => {
  const session = await groupAndSession();
  const writing = session.fork();
  await writing.store.set("a/c/0", chunk(4, 1));
  await session.store.set("a/c/0", chunk(4, 2));
  const receiver = session.fork();
  await receiver.merge(writing, { onOverlap: "theirs" });
  await writing.store.delete("a/zarr.json");

  await receiver.merge(writing);

  expect(await receiver.store.has("a/zarr.json")).toBe(false);
});

test("nor do they have to fit the metadata that the fork brings", async () => {
  const session = await groupAndSession();
  const writing = session.fork();
  await writing.store.set("a/c/7", chunk(4, 1));
  await session.store.set("a/c/7", chunk(4, 2));
  const receiver = session.fork();
  await receiver.merge(writing, { onOverlap: "theirs" });
  await writing.store.set("a/zarr.json", array([4], [1]));

  await receiver.merge(writing);

  expect(await receiver.store.get("a/c/7")).toBeUndefined();
});

test("a fork that deletes an array forgets the chunks that its parent wrote to it", async () => {
  const { session } = await repositoryWithArray();
  await session.store.set("a/c/0", chunk(4, 1));
  const fork = session.fork();
  await fork.store.delete("a/zarr.json");

  const status = await fork.status();

  expect(status.deletedArrays).toEqual(["/a"]);
  expect([...status.updatedChunks.keys()]).toEqual([]);
  const { overlay } = decodeForkBytes(fork.fork().toBytes());
  expect([...overlay.chunks.keys()]).toEqual([]);
});
