/**
 * The store's operations. Spec: docs/semantics.md "Store keys", "Nodes", "Chunks" and "Listing".
 */
import { describe, expect, test } from "vitest";
import { array, chunk, GROUP, kindOf, repositoryWithArray, text, textOf } from "./fixture.ts";

describe("get", () => {
  test("returns a node's zarr.json byte for byte", async () => {
    const { session } = await repositoryWithArray();
    const document = text('{ "zarr_format" : 3,\n "node_type":"group" }');

    await session.store.set("g/zarr.json", document);

    expect(await session.store.get("/g/zarr.json")).toEqual(document);
  });

  test("answers undefined for what is absent, also under a missing node", async () => {
    const { session } = await repositoryWithArray();

    const keys = ["a/c/0", "missing/zarr.json", "missing/c/0", "a/c/99", ".zgroup", "a/c/0/0"];
    for (const key of keys) expect(await session.store.get(key), key).toBeUndefined();
  });

  test("refuses what is no Zarr key", async () => {
    const { session } = await repositoryWithArray();

    for (const key of ["a", "a/b", "../zarr.json", "a/c/x", "a/c/-1", "a/c/4294967296", ""]) {
      expect(await kindOf(session.store.get(key)), key).toBe("invalid-key");
    }
  });

  test("gives bytes that the caller may change, of every kind of value", async () => {
    const { repository, session } = await repositoryWithArray();
    await session.store.set("a/c/0", chunk(10));
    await session.store.set("a/c/1", chunk(1000));
    const id = await session.commit("chunks");
    const { store } = await repository.readonlySession({ snapshotId: id });

    for (const key of ["a/c/0", "a/c/1", "a/zarr.json"]) {
      const first = await store.get(key);
      const before = first?.slice();
      first?.fill(77);
      expect(await store.get(key), key).toEqual(before);
    }
  });
});

describe("getRange", () => {
  test("reads offsets, lengths and suffixes of inline, native and metadata values", async () => {
    const { session } = await repositoryWithArray();
    const inline = Uint8Array.from({ length: 10 }, (_, i) => i);
    const native = Uint8Array.from({ length: 600 }, (_, i) => i % 251);
    await session.store.set("a/c/0", inline);
    await session.store.set("a/c/1", native);

    for (const [key, value] of [
      ["a/c/0", inline],
      ["a/c/1", native],
      ["zarr.json", GROUP],
    ] as const) {
      const { store } = session;
      expect(await store.getRange(key, { offset: 2, length: 3 })).toEqual(value.slice(2, 5));
      expect(await store.getRange(key, { offset: 4 })).toEqual(value.slice(4));
      expect(await store.getRange(key, { suffixLength: 4 })).toEqual(value.slice(-4));
    }
  });

  test("is strict about bounds and numbers", async () => {
    const { session } = await repositoryWithArray();
    await session.store.set("a/c/0", chunk(10));

    for (const range of [
      { offset: 5, length: 6 },
      { offset: 10, length: 1 },
      { offset: -1, length: 2 },
      { offset: 0.5, length: 2 },
      { offset: 0, length: -1 },
      { suffixLength: 11 },
      { offset: Number.MAX_SAFE_INTEGER, length: 10 },
    ]) {
      const kind = await kindOf(session.store.getRange("a/c/0", range));
      expect(kind, JSON.stringify(range)).toBe("invalid-byte-range");
    }
  });
});

describe("set", () => {
  test("keeps no reference to the bytes it was given", async () => {
    const { session } = await repositoryWithArray();
    for (const [key, byteCount] of [
      ["a/c/0", 10],
      ["a/c/1", 1000],
    ] as const) {
      const bytes = chunk(byteCount, 5);
      await session.store.set(key, bytes);
      bytes.fill(9);
      expect(await session.store.get(key)).toEqual(chunk(byteCount, 5));
    }
  });

  test("inlines up to the threshold and stores objects above it", async () => {
    const { session } = await repositoryWithArray();

    await session.store.set("a/c/0", chunk(512));
    await session.store.set("a/c/1", chunk(513));

    expect(await session.chunkType("/a", [0])).toBe("inline");
    expect(await session.chunkType("/a", [1])).toBe("native");
    expect(await session.chunkType("/a", [2])).toBe("uninitialized");
  });

  test.each([
    ["missing/c/0", 4, "node-not-found"],
    ["a/c/8", 4, "invalid-chunk-index"],
    ["a/c/0/0", 4, "invalid-chunk-index"],
    ["a/c", 4, "invalid-chunk-index"],
    ["a/c/0", 0, "zero-length-chunk"],
    ["c/0", 4, "not-an-array"],
  ])("refuses chunk %s of %i bytes with %s and stores nothing", async (key, byteCount, kind) => {
    const { session } = await repositoryWithArray();

    expect(await kindOf(session.store.set(key, chunk(byteCount)))).toBe(kind);
    expect(session.hasUncommittedChanges).toBe(false);
  });

  test("refuses a native chunk before it uploads it", async () => {
    const { session, storage } = await repositoryWithArray();

    await kindOf(session.store.set("a/c/8", chunk(5000)));

    const chunks = [];
    for await (const entry of storage.list("chunks/")) chunks.push(entry.path);
    expect(chunks).toEqual([]);
  });

  test("refuses a group where an array is", async () => {
    const { session } = await repositoryWithArray();

    expect(await kindOf(session.store.set("a/zarr.json", GROUP))).toBe("node-already-exists");
  });

  test("changes nothing when the metadata is the same", async () => {
    const { session } = await repositoryWithArray();

    await session.store.set("a/zarr.json", array([8], [1]));

    expect(session.hasUncommittedChanges).toBe(false);
  });

  test("is refused by read-only sessions and read-only stores", async () => {
    const { repository, session } = await repositoryWithArray();
    const readonly = await repository.readonlySession("main");

    expect(await kindOf(readonly.store.set("a/c/0", chunk(4)))).toBe("read-only-session");
    const store = session.store.withReadOnly();
    expect(await kindOf(store.set("a/c/0", chunk(4)))).toBe("read-only-store");
  });
});

describe("delete", () => {
  test("of a group takes everything below it", async () => {
    const { session } = await repositoryWithArray();
    await session.store.set("g/zarr.json", GROUP);
    await session.store.set("g/x/zarr.json", array([2], [1]));
    await session.store.set("g-x/zarr.json", GROUP);

    await session.store.delete("g/zarr.json");

    expect(await session.store.has("g/x/zarr.json")).toBe(false);
    expect(await session.store.has("g-x/zarr.json")).toBe(true);
  });

  test("of an absent chunk inside the grid is a change, outside it is none", async () => {
    const { session } = await repositoryWithArray();

    await session.store.delete("a/c/99");
    expect(session.hasUncommittedChanges).toBe(false);
    await session.store.delete("a/c/3");
    expect(session.hasUncommittedChanges).toBe(true);
  });

  test("of what is missing does nothing", async () => {
    const { session } = await repositoryWithArray();

    for (const key of ["missing/zarr.json", "missing/c/0", "c/0", "a/.zattrs"]) {
      await session.store.delete(key);
    }
    expect(session.hasUncommittedChanges).toBe(false);
  });

  test("of a new array leaves the session clean", async () => {
    const { session } = await repositoryWithArray();
    await session.store.set("n/zarr.json", array([2], [1]));
    await session.store.set("n/c/0", chunk(3));

    await session.store.delete("n/zarr.json");

    expect(session.hasUncommittedChanges).toBe(false);
    expect(await kindOf(session.commit("nothing"))).toBe("no-changes-to-commit");
  });

  test("of a node and a new one in its place hides the old chunks", async () => {
    const { repository, session } = await repositoryWithArray();
    await session.store.set("a/c/0", chunk(4));
    await session.commit("chunk");
    const next = await repository.writableSession("main");
    const oldId = await next.getNodeId("/a");

    await next.store.delete("a/zarr.json");
    await next.store.set("a/zarr.json", array([8], [1]));

    expect(await next.store.get("a/c/0")).toBeUndefined();
    expect(await next.getNodeId("/a")).not.toBe(oldId);
    await next.commit("again");
    expect(await next.store.get("a/c/0")).toBeUndefined();
  });

  test("deleteDir removes the chunks under a prefix", async () => {
    const { session } = await repositoryWithArray();
    await session.store.set("m/zarr.json", array([2, 2], [1, 1]));
    for (const key of ["m/c/0/0", "m/c/0/1", "m/c/1/0"]) await session.store.set(key, chunk(2));

    await session.store.deleteDir("m/c/0");

    expect(await session.store.listPrefix("m").toArray()).toEqual(["m/zarr.json", "m/c/1/0"]);
  });

  test("clear removes every node, the root too", async () => {
    const { session } = await repositoryWithArray();

    await session.store.clear();

    expect(await session.store.list().toArray()).toEqual([]);
    await session.commit("cleared");
    expect(await session.store.listDir("").toArray()).toEqual([]);
  });
});

describe("listing", () => {
  test("shows metadata first, then chunks of all kinds", async () => {
    const { session } = await repositoryWithArray();
    await session.store.set("a/c/3", chunk(4));
    await session.store.set("a/c/1", chunk(4000));

    expect(await session.store.list().toArray()).toEqual([
      "zarr.json",
      "a/zarr.json",
      "a/c/1",
      "a/c/3",
    ]);
  });

  test("listDir shows children, and zarr.json and c for arrays", async () => {
    const { session } = await repositoryWithArray();
    await session.store.set("g/zarr.json", GROUP);
    await session.store.set("g/x/zarr.json", array([2], [1]));
    await session.store.set("a/c/3", chunk(4));

    expect((await session.store.listDir("").toArray()).sort()).toEqual(["a", "g", "zarr.json"]);
    expect(await session.store.listDir("/a/").toArray()).toEqual(["zarr.json", "c"]);
    expect(await session.store.listDir("a/c").toArray()).toEqual(["3"]);
    expect(await session.store.listDir("nowhere").toArray()).toEqual([]);
    expect(await session.store.isEmpty("nowhere")).toBe(true);
  });

  test("listPrefix matches by path component and refuses what is no node", async () => {
    const { session } = await repositoryWithArray();
    await session.store.set("g/zarr.json", GROUP);
    await session.store.set("g-x/zarr.json", GROUP);

    expect(await session.store.listPrefix("g").toArray()).toEqual(["g/zarr.json"]);
    expect(await kindOf(session.store.listPrefix("nowhere").toArray())).toBe("bad-key-prefix");
  });

  test("sizes come from references", async () => {
    const { session } = await repositoryWithArray();
    await session.store.set("a/c/0", chunk(700));
    const metadataBytes = array([8], [1]).length;

    expect(await session.store.getSize("a/c/0")).toBe(700);
    expect(await session.store.getSize("a/c/1")).toBe(0);
    expect(await kindOf(session.store.getSize("missing/c/0"))).toBe("node-not-found");
    expect(await session.store.getSizePrefix("a")).toBe(700 + metadataBytes);
  });
});

describe("resize through zarr.json", () => {
  test("hides chunks outside the grid, and drops them at the commit", async () => {
    const { repository, session } = await repositoryWithArray();
    await session.store.set("a/c/1", chunk(4));
    await session.store.set("a/c/6", chunk(4));
    await session.commit("chunks");

    const shrink = await repository.writableSession("main");
    await shrink.store.set("a/zarr.json", array([4], [1]));
    expect(await shrink.store.get("a/c/6")).toBeUndefined();
    await shrink.commit("shrink");
    const grow = await repository.writableSession("main");
    await grow.store.set("a/zarr.json", array([8], [1]));
    await grow.commit("grow");

    expect(await grow.store.get("a/c/6")).toBeUndefined();
    expect(await grow.store.get("a/c/1")).toEqual(chunk(4));
  });

  test("shrinking and growing back in one session keeps chunks, deleted ones excepted", async () => {
    const { repository, session } = await repositoryWithArray();
    for (const key of ["a/c/5", "a/c/6"]) await session.store.set(key, chunk(4));
    await session.commit("chunks");

    const next = await repository.writableSession("main");
    await next.store.set("a/zarr.json", array([4], [1]));
    await next.store.delete("a/c/6");
    await next.store.set("a/zarr.json", array([8], [1], { attributes: { grown: true } }));
    await next.commit("and back");

    expect(await next.store.get("a/c/5")).toEqual(chunk(4));
    expect(await next.store.get("a/c/6")).toBeUndefined();
  });
});

test("getRanges and getPartialValues answer in order", async () => {
  const { session } = await repositoryWithArray();
  await session.store.set("a/c/0", Uint8Array.of(1, 2, 3, 4));

  const ranges = await session.store.getRanges("a/c/0", [{ offset: 2 }, { offset: 0, length: 1 }]);
  const values = await session.store.getPartialValues([["a/c/0", { suffixLength: 1 }], ["a/c/5"]]);

  expect(ranges).toEqual([Uint8Array.of(3, 4), Uint8Array.of(1)]);
  expect(values).toEqual([Uint8Array.of(4), undefined]);
});

test("setIfNotExists writes only where nothing is", async () => {
  const { session } = await repositoryWithArray();

  await session.store.setIfNotExists("a/c/0", text("first"));
  await session.store.setIfNotExists("a/c/0", text("second"));

  expect(textOf(await session.store.get("a/c/0"))).toBe("first");
});

test("an array keeps its rank: another one needs a new array", async () => {
  const { session } = await repositoryWithArray();

  const kind = await kindOf(session.store.set("a/zarr.json", array([8, 8], [1, 1])));

  expect(kind).toBe("invalid-array-metadata");
  await session.store.delete("a/zarr.json");
  await session.store.set("a/zarr.json", array([8, 8], [1, 1]));
  await session.store.set("a/c/7/7", chunk(3));
  await session.commit("two dimensions");
  expect(await session.store.get("a/c/7/7")).toEqual(chunk(3));
});
