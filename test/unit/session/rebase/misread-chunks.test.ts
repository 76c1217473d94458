/** Our metadata under which chunks of theirs would mean something else is a conflict, unlike in the official engine. */
import { describe, expect, test } from "vitest";
import type { Conflict, Session } from "../../../../src/index.ts";
import { array, chunk, rejection, repositoryWithArray } from "../fixture.ts";

/** They wrote chunk 5; we changed zarr.json and wrote chunk 1. */
async function raced(
  document: Uint8Array,
): Promise<{ session: Session; reader: () => Promise<Session> }> {
  const { repository, session } = await repositoryWithArray();
  const other = await repository.writableSession("main");
  await other.store.set("a/c/5", chunk(2, 5));
  await other.commit("theirs");
  await session.store.set("a/zarr.json", document);
  await session.store.set("a/c/1", chunk(2, 1));
  return { session, reader: () => repository.readonlySession("main") };
}

describe("chunks that they wrote while we changed the array", () => {
  test.each<[string, Uint8Array]>([
    ["data type", array([8], [1], { data_type: "int8" })],
    ["fill value", array([8], [1], { fill_value: 7 })],
    ["codecs", array([8], [1], { codecs: [{ name: "bytes" }, { name: "zstd" }] })],
    ["chunk shape", array([8], [2])],
    ["shape, so that they lie outside", array([3], [1])],
  ])("are in the way of another %s", async (_, document) => {
    const { session, reader } = await raced(document);
    const error = await rejection(session.rebase());
    expect(error.kind).toBe("rebase-failed");
    expect(error.details?.["conflicts"]).toEqual([
      expect.objectContaining({
        type: "chunks-updated-in-updated-array",
        path: "/a",
        updatedBy: "ours",
      }),
    ]);
    // Ours can't stay: their chunks would be misread.
    expect((await rejection(session.rebase(() => "ours"))).kind).toBe("rebase-failed");
    expect(await session.store.get("a/zarr.json")).toEqual(document);
    await session.rebase(() => "theirs");
    await session.commit("ours", { allowEmpty: true });
    const { store } = await reader();
    expect(await store.get("a/zarr.json")).toEqual(array([8], [1]));
    expect(await store.get("a/c/5")).toEqual(chunk(2, 5));
    // Our chunk stays where it means the same as before.
    const isKept = JSON.parse(new TextDecoder().decode(document)).shape[0] === 3;
    expect(await store.has("a/c/1")).toBe(isKept);
  });

  test.each<[string, Uint8Array]>([
    ["attributes", array([8], [1], { attributes: { x: 1 } })],
    ["a longer shape", array([80], [1])],
    ["a shorter shape that holds them", array([6], [1])],
  ])("are not in the way of %s", async (_, document) => {
    const { session, reader } = await raced(document);
    await session.rebase();
    await session.commit("ours");
    const { store } = await reader();
    expect(await store.get("a/zarr.json")).toEqual(document);
    expect(await store.get("a/c/5")).toEqual(chunk(2, 5));
    expect(await store.get("a/c/1")).toEqual(chunk(2, 1));
  });

  test("are reported beside two updates of the metadata, and decided apart", async () => {
    const { repository, session } = await repositoryWithArray();
    const other = await repository.writableSession("main");
    await other.store.set("a/zarr.json", array([8], [1], { attributes: { by: "them" } }));
    await other.store.set("a/c/5", chunk(2, 5));
    await other.commit("theirs");
    await session.store.set("a/zarr.json", array([8], [1], { fill_value: 9 }));
    const asked: Conflict[] = [];
    await session.rebase((conflict) => {
      asked.push(conflict);
      return "theirs";
    });
    expect(asked.map(({ type }) => type)).toEqual([
      "zarr-metadata-double-update",
      "chunks-updated-in-updated-array",
    ]);
    expect(session.hasUncommittedChanges).toBe(false);
  });
});
