import { describe, expect, test } from "vitest";
import { chunkKey, metadataKey, parseStoreKey } from "../../../../src/session/store/key.ts";

describe("parseStoreKey", () => {
  test.each([
    ["zarr.json", "/"],
    ["/zarr.json", "/"],
    ["a/zarr.json", "/a"],
    ["a/b/zarr.json", "/a/b"],
    ["//a///b/./zarr.json", "/a/b"],
    ["c/zarr.json", "/c"],
    ["a/c/0/zarr.json", "/a/c/0"],
    ["zarr.json/zarr.json", "/zarr.json"],
    ["über maß/zarr.json", "/über maß"],
  ])("%s is the metadata of %s", (key, path) => {
    expect(parseStoreKey(key)).toEqual({ kind: "metadata", path });
  });

  test.each([
    ["c", "/", []],
    ["c/0/1", "/", [0, 1]],
    ["a/c", "/a", []],
    ["/a/c/0/12", "/a", [0, 12]],
    ["a/c/c/3", "/a/c", [3]],
    ["c/c", "/c", []],
    ["a/c/00/+1", "/a", [0, 1]],
    ["a/c/4294967295", "/a", [4294967295]],
    ["0/c/0", "/0", [0]],
    ["a//c/./0", "/a", [0]],
  ])("%s is a chunk of %s at %j", (key, path, coordinates) => {
    expect(parseStoreKey(key)).toEqual({ kind: "chunk", path, coordinates });
  });

  test.each([
    [".zgroup", "/"],
    ["a/.zarray", "/a"],
    ["a/b/.zattrs", "/a/b"],
    [".zmetadata", "/"],
  ])("%s is a Zarr 2 key", (key, path) => {
    expect(parseStoreKey(key)).toEqual({ kind: "zarr-v2", path });
  });

  test.each([
    "",
    "/",
    "a",
    "a/b",
    "a/zarr.json/",
    "a/zarr.jsonx",
    "a/c/0/",
    "a/c/-1",
    "a/c/1.5",
    "a/c/ 1",
    "a/c/x",
    "a/c/4294967296",
    "a/c/1e3",
    "a/c.0.1",
    "../zarr.json",
    "a/../zarr.json",
    "a/../c/0",
    "a/c/../0",
    "\ud800/zarr.json",
  ])("%j is refused", (key) => {
    expect(() => parseStoreKey(key)).toThrow(expect.objectContaining({ kind: "invalid-key" }));
  });

  test("a key that is no string is refused", () => {
    expect(() => parseStoreKey(7 as never)).toThrow(
      expect.objectContaining({ kind: "invalid-key", message: "store key 7 must be a string" }),
    );
  });
});

describe("metadataKey and chunkKey", () => {
  test.each(["/", "/a", "/a/c/0"])("keys of %s parse back", (path) => {
    expect(parseStoreKey(metadataKey(path))).toEqual({ kind: "metadata", path });
    expect(parseStoreKey(chunkKey(path, [1, 20]))).toEqual({
      kind: "chunk",
      path,
      coordinates: [1, 20],
    });
    expect(parseStoreKey(chunkKey(path, []))).toEqual({ kind: "chunk", path, coordinates: [] });
  });

  test("keys have no leading slash", () => {
    expect([metadataKey("/"), metadataKey("/a/b"), chunkKey("/", [0]), chunkKey("/a", [])]).toEqual(
      ["zarr.json", "a/b/zarr.json", "c/0", "a/c"],
    );
  });
});
