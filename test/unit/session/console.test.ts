/** What a console shows of repositories, sessions, forks and stores, and what an ended session says. */
import { inspect } from "node:util";
import { expect, test } from "vitest";
import { GROUP, rejection, repositoryWithArray } from "./fixture.ts";

test("a repository shows its storage and its format", async () => {
  const { repository, storage } = await repositoryWithArray();

  expect(inspect(repository)).toBe(`<icefloe.Repository ${storage.id}, spec 2>`);
});

test("a session shows mode, branch, snapshot and whether there are changes", async () => {
  const { repository, session } = await repositoryWithArray();
  const base = session.snapshotId;

  expect(inspect(session)).toBe(
    `<icefloe.Session writable, branch "main", snapshot ${base}, no changes>`,
  );
  await session.store.set("g/zarr.json", GROUP);
  expect(`${session}`).toMatch(/uncommitted changes>$/);
  const id = await session.commit("group");
  expect(inspect(session)).toBe(`<icefloe.Session committed, snapshot ${id}>`);
  expect(inspect(await repository.readonlySession("main"))).toBe(
    `<icefloe.Session readonly, snapshot ${id}>`,
  );
});

test("a fork and a store show what they belong to", async () => {
  const { session } = await repositoryWithArray();
  const fork = session.fork();

  expect(inspect(fork)).toBe(
    `<icefloe.ForkSession writable, snapshot ${session.snapshotId}, no changes>`,
  );
  expect(inspect(fork.store)).toBe(`<icefloe.Store of ${fork}>`);
});

test("a committed session refuses everything with the id of its commit", async () => {
  const { session } = await repositoryWithArray();
  await session.store.set("g/zarr.json", GROUP);
  const fork = session.fork();
  const id = await session.commit("group");
  const calls = [
    () => session.store.set("h/zarr.json", GROUP),
    () => session.commit("again"),
    () => session.rebase(),
    () => session.merge(fork),
    async () => session.fork(),
    async () => session.discardChanges(),
  ];

  for (const call of calls) {
    const { message } = await rejection(call());
    expect(message).toContain(`the session has been committed as ${id}`);
  }
});
