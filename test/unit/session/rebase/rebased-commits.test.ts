/** Rebases with deciding solvers through to the commit: what is stored is what the values said. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Repository } from "../../../../src/repository/repository.ts";
import type { ConflictSolver } from "../../../../src/session/rebase/conflict.ts";
import type { Store } from "../../../../src/session/store.ts";
import { memoryStorage } from "../../../../src/storage/memory.ts";
import { arrayBytes, groupBytes } from "./two-writers.ts";

type Edit = (store: Store, tag: string) => Promise<unknown>;

const EDITS: Record<string, Edit> = {
  "chunk a/0": (s, tag) => s.set("a/c/0", bytesOf(tag)),
  "chunk a/1": (s, tag) => s.set("a/c/1", bytesOf(tag)),
  "delete chunk a/0": (s) => s.delete("a/c/0"),
  "metadata a": (s, tag) => s.set("a/zarr.json", arrayBytes(5, tag)),
  "metadata g": (s, tag) => s.set("g/zarr.json", groupBytes(tag)),
  "delete a": (s) => s.delete("a/zarr.json"),
  "delete n": (s) => s.delete("n/zarr.json"),
  "delete g": (s) => s.delete("g/zarr.json"),
  "new n (group)": (s, tag) => s.set("n/zarr.json", groupBytes(tag)),
  "new n (array)": (s, tag) => s.set("n/zarr.json", arrayBytes(5, tag)),
  "new n/k": (s, tag) => s.set("n/k/zarr.json", arrayBytes(5, tag)),
  "chunk n/k/0": (s, tag) => s.set("n/k/c/0", bytesOf(tag)),
  "new g/k": (s, tag) => s.set("g/k/zarr.json", arrayBytes(5, tag)),
  "chunk g/k/0": (s, tag) => s.set("g/k/c/0", bytesOf(tag)),
};
const bytesOf = (tag: string): Uint8Array => new TextEncoder().encode(tag);

const seeded = async (): Promise<Repository> => {
  const repository = await Repository.create(memoryStorage());
  const { store, commit } = await session(repository);
  await store.set("zarr.json", groupBytes());
  await store.set("a/zarr.json", arrayBytes());
  await store.set("a/c/0", bytesOf("base"));
  await store.set("g/zarr.json", groupBytes());
  await store.set("g/old/zarr.json", arrayBytes());
  await commit("seed");
  return repository;
};
const session = async (repository: Repository) => {
  const writable = await repository.writableSession("main");
  return {
    store: writable.store as Store,
    commit: (message: string, solver?: ConflictSolver) =>
      writable.commit(message, { allowEmpty: true, ...(solver && { solver }) }),
  };
};
/** Every key with its bytes as text. */
const contents = async (store: Store): Promise<Map<string, string>> => {
  const found = new Map<string, string>();
  for await (const key of store.list()) {
    expect(found.has(key), `${key} once`).toBe(false);
    found.set(key, new TextDecoder().decode(await store.get(key)));
  }
  return found;
};
const apply = async (store: Store, names: readonly string[], tag: string): Promise<void> => {
  for (const name of names) {
    await EDITS[name]!(store, tag).catch((error: { kind: string }) => {
      // Edits that an earlier one made impossible.
      expect(["node-not-found", "node-already-exists", "not-an-array"]).toContain(error.kind);
    });
  }
};
const edits = fc.uniqueArray(fc.constantFrom(...Object.keys(EDITS)), {
  minLength: 1,
  maxLength: 5,
});

describe("a rebased commit", () => {
  test.each(["ours", "theirs"] as const)(
    "deciding for %s stores what the session showed",
    async (side) => {
      await fc.assert(
        fc.asyncProperty(edits, edits, async (theirEdits, ourEdits) => {
          const repository = await seeded();
          const theirs = await session(repository);
          const ours = await repository.writableSession("main");
          await apply(theirs.store, theirEdits, "theirs");
          await apply(ours.store as Store, ourEdits, "ours");
          await theirs.commit("theirs");

          const before = await contents(ours.store as Store);
          try {
            await ours.rebase(() => side);
          } catch (error) {
            expect(error).toMatchObject({ kind: "rebase-failed" });
            expect(side).toBe("ours");
            expect(await contents(ours.store as Store)).toEqual(before);
            return;
          }
          const shown = await contents(ours.store as Store);
          await ours.commit("ours", { allowEmpty: true });

          const readonly = await repository.readonlySession("main");
          expect(await contents(readonly.store as Store)).toEqual(shown);
        }),
        { numRuns: 60 },
      );
    },
  );

  test("two writers that both made the group share it, each with its child", async () => {
    const repository = await seeded();
    const [first, second] = [await session(repository), await session(repository)];
    for (const [{ store }, child] of [
      [first, "one"],
      [second, "two"],
    ] as const) {
      await store.set("shared/zarr.json", groupBytes());
      await store.set(`shared/${child}/zarr.json`, arrayBytes());
      await store.set(`shared/${child}/c/0`, bytesOf(child));
    }
    await first.commit("one");

    await second.commit("two", ({ type }) =>
      type === "new-node-conflicts-with-existing-node" ? "theirs" : "fail",
    );

    const { store } = await repository.readonlySession("main");
    const found = await contents(store as Store);
    expect([found.get("shared/one/c/0"), found.get("shared/two/c/0")]).toEqual(["one", "two"]);
  });
});
