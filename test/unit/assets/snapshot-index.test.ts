import { describe, expect, it } from "vitest";
import { indexSnapshot } from "../../../src/assets/snapshot-index.ts";
import type { NodeSnapshot, Snapshot } from "../../../src/format/snapshot/read.ts";

const node = (path: string, id = `id of ${path}`): NodeSnapshot => ({
  id,
  path,
  userData: new Uint8Array(),
  data: { type: "group" },
});

const snapshotWith = (...nodes: NodeSnapshot[]): Snapshot => ({
  id: "S",
  flushedAtMicros: 1,
  message: "",
  metadata: [],
  manifestFiles: [{ id: "M", sizeBytes: 7, chunkRefCount: 2 }],
  nodes,
  specVersion: 2,
});

const pathsUnder = (snapshot: Snapshot, path: string): string[] =>
  [...indexSnapshot(snapshot).nodesUnder(path)].map((found) => found.path);

// In the byte order of the format: "-" sorts before "/".
const SORTED = ["/", "/a", "/a-b", "/a/b", "/a/b/c", "/ab", "/z"];

describe("indexSnapshot", () => {
  it("finds nodes by path and id, and manifests by id", () => {
    const index = indexSnapshot(snapshotWith(...SORTED.map((path) => node(path))));

    expect(index.node("/a/b")?.id).toBe("id of /a/b");
    expect(index.nodeById("id of /a/b")?.path).toBe("/a/b");
    expect(index.manifestFile("M")?.sizeBytes).toBe(7);
    expect(index.node("/nothing")).toBeUndefined();
    expect(index.nodeById("nobody")).toBeUndefined();
    expect(index.manifestFile("none")).toBeUndefined();
  });

  it("yields a node and all below it, not its namesakes", () => {
    const snapshot = snapshotWith(...SORTED.map((path) => node(path)));

    expect(pathsUnder(snapshot, "/a")).toEqual(["/a", "/a/b", "/a/b/c"]);
    expect(pathsUnder(snapshot, "/")).toEqual(SORTED);
    expect(pathsUnder(snapshot, "/ab")).toEqual(["/ab"]);
  });

  it("yields what is below a path that has no node itself", () => {
    expect(pathsUnder(snapshotWith(node("/a/b"), node("/c")), "/a")).toEqual(["/a/b"]);
    expect(pathsUnder(snapshotWith(node("/a/b")), "/")).toEqual(["/a/b"]);
  });

  it("yields the children of a node, whose subtrees it never looks at", () => {
    let looked = 0;
    const counted = (path: string): NodeSnapshot => ({
      ...node(path),
      get path() {
        looked++;
        return path;
      },
    });
    const paths = ["/", "/a", "/a-b", "/b"];
    for (let at = 0; at < 2000; at++) paths.push(`/a/${at}`);
    const index = indexSnapshot(snapshotWith(...paths.sort().map(counted)));
    expect([...index.children("/b")]).toEqual([]);
    looked = 0;

    expect([...index.children("/")].map(({ id }) => id)).toEqual(
      ["/a", "/a-b", "/b"].map((path) => `id of ${path}`),
    );
    expect(looked).toBeLessThan(100);
  });

  it("does not rely on the order of the nodes", () => {
    const shuffled = ["/z", "/a/b/c", "/ab", "/", "/a-b", "/a/b", "/a"];
    const snapshot = snapshotWith(...shuffled.map((path) => node(path)));

    expect(pathsUnder(snapshot, "/")).toEqual(SORTED);
    expect(indexSnapshot(snapshot).node("/a")?.path).toBe("/a");
  });

  it("takes the first node where a file holds a path twice", () => {
    const index = indexSnapshot(snapshotWith(node("/a", "first"), node("/a", "second")));

    expect(index.node("/a")?.id).toBe("first");
    expect(index.nodeById("second")?.path).toBe("/a");
  });
});
