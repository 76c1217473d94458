/** Reads of a session while it is written to, committed or rebased: old or new, never an error. */
import { describe, expect, test } from "vitest";
import {
  basicConflictSolver,
  memoryStorage,
  Repository,
  type Session,
} from "../../../../src/index.ts";
import { chunk, repositoryWithArray } from "../fixture.ts";

/** A session on array /a, opened anew: nothing is cached. */
async function place(): Promise<{ session: Session }> {
  const storage = memoryStorage();
  await repositoryWithArray(storage);
  return { session: await (await Repository.open(storage)).writableSession("main") };
}

describe("reads", () => {
  test("that meet a deletion see the chunk or nothing, never an error", async () => {
    for (let steps = 0; steps < 12; steps++) {
      const { session } = await place();
      await session.store.set("a/c/0", chunk(3));
      const reads = [session.store.get("a/c/0"), session.store.getRange("a/c/0", { offset: 1 })];
      const others = [session.chunkType("/a", [0]), session.store.getSize("a/c/0")] as const;
      for (let at = 0; at < steps; at++) await undefined;
      await session.store.delete("a/c/0");
      expect([undefined, 3]).toContain((await reads[0])?.length);
      expect([undefined, 2]).toContain((await reads[1])?.length);
      expect(["inline", "uninitialized"]).toContain(await others[0]);
      expect([0, 3]).toContain(await others[1]);
    }
  });

  test("that load the base while a commit ends see the committed state", async () => {
    for (let steps = 0; steps < 40; steps += 3) {
      const { session } = await place();
      await session.store.set("a/c/0", chunk(3));
      const commit = session.commit("one");
      for (let at = 0; at < steps; at++) await undefined;
      expect(await session.store.get("a/c/0")).toEqual(chunk(3));
      await commit;
      expect(await session.store.get("a/c/0")).toEqual(chunk(3));
    }
  });

  test("during a rebase see the changes over the old base or over the new one", async () => {
    const inner = memoryStorage();
    const { repository } = await repositoryWithArray(inner);
    for (let steps = 0; steps < 60; steps += 4) {
      const session = await repository.writableSession("main");
      await session.store.set("a/c/0", chunk(3));
      const other = await repository.writableSession("main");
      await other.store.set("a/c/0", chunk(5));
      await other.commit("theirs");
      const rebase = session.rebase(basicConflictSolver({ onChunkConflict: "theirs" }));
      for (let at = 0; at < steps; at++) await undefined;
      expect([3, 5]).toContain((await session.store.get("a/c/0"))?.length);
      await rebase;
      expect(await session.store.get("a/c/0")).toEqual(chunk(5));
    }
  });
});
