/** What `delete`, `deleteDir` and `clear` take away; the interop lane asks the official engine the same. */
import { describe, expect, test } from "vitest";
import { memoryStorage, Repository, type Session } from "../../../../src/index.ts";
import {
  COMMITTED_SHARES,
  DELETION_TABLES,
  type DeletionTable,
  keysLeft,
  runDeletion,
  titleOf,
  writesOf,
} from "../../../deletion-cases.ts";
import { text } from "../fixture.ts";

async function sessionOf(table: DeletionTable, share: number): Promise<Session> {
  const repository = await Repository.create(memoryStorage());
  const { committed, pending } = writesOf(table, share);
  const setup = await repository.writableSession("main");
  for (const [key, value] of committed) await setup.store.set(key, text(value));
  if (committed.length > 0) await setup.commit("before");
  const session = await repository.writableSession("main");
  for (const [key, value] of pending) await session.store.set(key, text(value));
  return session;
}

describe.each(COMMITTED_SHARES)("with %s", (_, share) => {
  describe.each(DELETION_TABLES)("from $name", (table) => {
    test.each(table.cases.map((one) => [titleOf(one), one] as const))("%s", async (__, one) => {
      const session = await sessionOf(table, share);

      await runDeletion(session.store, one);

      const left = keysLeft(table, one);
      expect((await session.store.list().toArray()).sort()).toEqual(left);
      await session.commit("after", { allowEmpty: true });
      expect((await session.store.list().toArray()).sort()).toEqual(left);
    });

    test.each(table.cases.map((one) => [titleOf(one), one] as const))(
      "%s in a fork, and by merging it",
      async (__, one) => {
        const session = await sessionOf(table, share);
        const fork = session.fork();

        await runDeletion(fork.store, one);

        const left = keysLeft(table, one);
        expect((await fork.store.list().toArray()).sort()).toEqual(left);
        await session.merge(fork.toBytes({ overlay: "omit" }));
        expect((await session.store.list().toArray()).sort()).toEqual(left);
      },
    );
  });
});
