import { describe, expect, test } from "vitest";
import {
  append,
  createArray,
  createGroup,
  resize,
  updateAttributes,
  writeRegion,
} from "../../../src/zarr/index.ts";
import { PlainStore } from "./plain-store.ts";

const FOREIGN =
  '{\n  "zarr_format": 3,\n  "node_type": "group",\n  "extra": {"must_understand": false, "x": 1e5},\n' +
  '  "attributes": {"scale": 2.0, "id": 9007199254740993, "10": 1, "2": 2, "n": {"a": 1.50}}\n}';

describe("updateAttributes", () => {
  test("keeps members, their order and the spelling of numbers", async () => {
    const store = new PlainStore();
    store.put("/zarr.json", FOREIGN);

    await updateAttributes(store, "/", { title: "new", n: { a: 1.5, b: 2 } });

    expect(store.text("/zarr.json")).toBe(
      '{"zarr_format":3,"node_type":"group","extra":{"must_understand":false,"x":1e5},' +
        '"attributes":{"scale":2.0,"id":9007199254740993,"10":1,"2":2,"n":{"a":1.50,"b":2},"title":"new"}}',
    );
  });

  test("reads a document that begins with a byte order mark", async () => {
    const store = new PlainStore();
    store.put("/zarr.json", `\ufeff${FOREIGN}`);

    await updateAttributes(store, "/", { title: "new" });

    expect(store.json("/zarr.json")).toMatchObject({ attributes: { scale: 2, title: "new" } });
  });

  test("a function gets a copy of the old ones and gives all of the new ones", async () => {
    const store = new PlainStore();
    store.put("/zarr.json", FOREIGN);
    const seen: unknown[] = [];

    await updateAttributes(store, "/", (old) => {
      seen.push(old["id"], old["scale"]);
      const { scale, id } = old;
      return { scale, id, done: [1] };
    });

    expect(seen).toEqual([9007199254740993n, 2]);
    expect(store.text("/zarr.json")).toContain(
      '"attributes":{"scale":2.0,"id":9007199254740993,"done":[1]}',
    );
  });

  test("undefined removes an attribute, null is a value", async () => {
    const store = new PlainStore();
    await createGroup(store, "/", { attributes: { a: 1, b: 2 } });

    await updateAttributes(store, "/", { a: undefined, b: null });

    expect(store.json("/zarr.json")).toMatchObject({ attributes: { b: null } });
    expect(store.text("/zarr.json")).not.toContain('"a"');
  });

  test("a document without attributes gets them", async () => {
    const store = new PlainStore();
    store.put("/zarr.json", '{"zarr_format":3,"node_type":"group"}');

    await updateAttributes(store, "/", { a: 1 });

    expect(store.json("/zarr.json")).toMatchObject({ attributes: { a: 1 } });
  });

  test("nothing is written if nothing changes", async () => {
    const store = new PlainStore();
    store.put("/zarr.json", FOREIGN);

    await updateAttributes(store, "/", { scale: 2 });
    await updateAttributes(store, "/", (old) => old);

    expect(store.text("/zarr.json")).toBe(FOREIGN);
  });

  test("tasks that change one node lose no change", async () => {
    const store = new PlainStore();
    await createGroup(store, "/", { attributes: { done: [] } });

    await Promise.all(
      [1, 2, 3, 4].map((n) =>
        updateAttributes(store, "/", ({ done }) => ({ done: [...(done as number[]), n] })),
      ),
    );

    expect(store.json("/zarr.json")).toMatchObject({ attributes: { done: [1, 2, 3, 4] } });
  });

  test("a change that throws leaves the node as it was, and the next one works", async () => {
    const store = new PlainStore();
    await createGroup(store, "/", { attributes: { a: 1 } });
    const failure = new Error("no");

    const failed = updateAttributes(store, "/", () => {
      throw failure;
    });
    const next = updateAttributes(store, "/", { b: 2 });

    await expect(failed).rejects.toBe(failure);
    await next;
    expect(store.json("/zarr.json")).toMatchObject({ attributes: { a: 1, b: 2 } });
  });

  test.each([
    [{ a: Number.NaN }, "bad-metadata", "a: NaN"],
    [() => 7, "invalid-option", "attributes must be a plain object"],
    [async () => ({}), "invalid-option", "attributes must be a plain object, got a Promise"],
    [7, "invalid-option", "expected an object or a function"],
  ])("refuses %s", async (change, kind, message) => {
    const store = new PlainStore();
    await createGroup(store, "/");

    await expect(updateAttributes(store, "/", change as never)).rejects.toMatchObject({
      kind,
      message: expect.stringContaining(message),
    });
  });

  test("names a node that is not there", async () => {
    await expect(updateAttributes(new PlainStore(), "/x", {})).rejects.toMatchObject({
      kind: "node-not-found",
      message: "there is no array or group at /x",
    });
  });
});

describe("resize", () => {
  const makeArray = async (): Promise<PlainStore> => {
    const store = new PlainStore();
    await createArray(store, "/a", {
      shape: [4, 4],
      chunkShape: [2, 2],
      dtype: "int8",
      attributes: { a: 1 },
    });
    return store;
  };

  test("changes the shape alone", async () => {
    const store = await makeArray();
    const before = store.text("/a/zarr.json");

    await resize(store, "/a", [6, 4]);

    expect(store.text("/a/zarr.json")).toBe(before.replace("[4,4]", "[6,4]"));
  });

  test("deletes the chunks that the session says lie outside", async () => {
    const store = await makeArray();
    await writeRegion(store, "/a", { data: 1 });
    Object.assign(store, {
      session: {
        async *chunkCoordinates() {
          yield* [
            [0, 0],
            [0, 1],
            [1, 0],
            [1, 1],
          ]; // prettier: one row of the grid per pair
        },
      },
    });

    await resize(store, "/a", [2, 3]);

    expect(store.chunkCalls("delete")).toEqual(["delete /a/c/1/0", "delete /a/c/1/1"]);
  });

  test.each([
    [[4], "invalid-array-metadata"],
    [[4, 4, 4], "invalid-array-metadata"],
    [[4, -1], "invalid-array-metadata"],
    [[4, 1.5], "invalid-array-metadata"],
    ["4,4", "invalid-array-metadata"],
  ])("refuses the shape %j", async (shape, kind) => {
    const store = await makeArray();
    const before = store.text("/a/zarr.json");

    await expect(resize(store, "/a", shape as never)).rejects.toMatchObject({ kind });
    expect(store.text("/a/zarr.json")).toBe(before);
  });

  test("refuses a group", async () => {
    const store = await makeArray();

    await expect(resize(store, "/", [1])).rejects.toMatchObject({ kind: "not-an-array" });
  });
});

describe("append", () => {
  test("grows the first dimension and writes behind the old end", async () => {
    const store = new PlainStore();
    await createArray(store, "/a", {
      shape: [1, 2],
      chunkShape: [2, 2],
      dtype: "int8",
      codecs: [],
    });
    await writeRegion(store, "/a", { data: [1, 2] });

    const shape = await append(store, "/a", { data: Int8Array.of(3, 4, 5, 6) });

    expect(shape).toEqual([3, 2]);
    expect(store.json("/a/zarr.json")).toMatchObject({ shape: [3, 2] });
    expect([...store.entries.get("/a/c/0/0")!, ...store.entries.get("/a/c/1/0")!]).toEqual([
      1, 2, 3, 4, 5, 6, 0, 0,
    ]);
  });

  test("tasks that append get a place each", async () => {
    const store = new PlainStore();
    await createArray(store, "/a", { shape: [0], chunkShape: [1], dtype: "int8", codecs: [] });

    await Promise.all([1, 2, 3].map((n) => append(store, "/a", { data: [n] })));

    expect(store.json("/a/zarr.json")).toMatchObject({ shape: [3] });
    expect([0, 1, 2].map((i) => store.entries.get(`/a/c/${i}`)![0])).toEqual([1, 2, 3]);
  });

  test.each([
    [{ data: [1, 2, 3] }, "one slice has 2 elements, data has 3"],
    [{ data: [1, 2], axis: 2 }, "axis must be from 0 to 1"],
    [{ data: [1, 2], axis: -1 }, "axis must be from 0 to 1"],
    [{ data: [1, 200] }, "element 1 must be of type int8"],
  ])("refuses %j before it resizes", async (options, message) => {
    const store = new PlainStore();
    await createArray(store, "/a", { shape: [1, 2], chunkShape: [2, 2], dtype: "int8" });

    await expect(append(store, "/a", options)).rejects.toMatchObject({
      kind: "invalid-option",
      message: expect.stringContaining(message),
    });
    expect(store.json("/a/zarr.json")).toMatchObject({ shape: [1, 2] });
  });

  test("a fork refuses to append into a chunk that is in use, before it resizes", async () => {
    const store = new PlainStore();
    await createArray(store, "/a", { shape: [1], chunkShape: [2], dtype: "int8" });
    Object.assign(store, { session: { toBytes: () => new Uint8Array() } });

    await expect(append(store, "/a", { data: [1] })).rejects.toMatchObject({
      kind: "region-not-aligned",
    });
    expect(store.json("/a/zarr.json")).toMatchObject({ shape: [1] });
  });
});
