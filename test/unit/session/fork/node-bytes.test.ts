import { expect, test } from "vitest";
import { crc32c } from "../../../../src/codec/crc32c.ts";
import type { ChangeSet } from "../../../../src/session/changes/change-set.ts";
import { ChunkTable } from "../../../../src/session/changes/chunk-table.ts";
import {
  decodeForkBytes,
  encodeForkBytes,
  type ForkContent,
} from "../../../../src/session/fork/bytes.ts";
import { DOT, MANIFEST_ID, NODE_A } from "../../format/manifest/ref-model.ts";

const REFUSED = expect.objectContaining({ kind: "invalid-fork-bytes" });
const empty = (): ChangeSet => ({ nodes: new Map(), chunks: new Map() });
const bytesOf = (own: Partial<ChangeSet>, more: Partial<ForkContent> = {}): Uint8Array =>
  encodeForkBytes({
    baseId: MANIFEST_ID,
    need: new Map(),
    vector: new Map([[DOT.origin, 1]]),
    overlay: empty(),
    own: { ...empty(), ...own },
    ...more,
  });

test("fork bytes with ids or paths that are none are refused", () => {
  const node = { id: NODE_A, path: "/a", type: "group" as const, userData: Uint8Array.of() };
  const withNode = (change: object, more: Partial<ForkContent> = {}): Uint8Array => {
    const nodes = new Map([["/a", { path: "/a", node, dot: DOT, ...change }]]);
    return bytesOf({ nodes }, more);
  };
  const wrongId = `${NODE_A.slice(1)}%`;

  decodeForkBytes(withNode({}));
  for (const bytes of [
    withNode({ node: { ...node, id: wrongId } }),
    withNode({ node: { ...node, id: NODE_A.toLowerCase() } }),
    withNode({ base: { id: wrongId, type: "group" } }),
    withNode({}, { baseId: NODE_A }),
    bytesOf({ chunks: new Map([[wrongId, new ChunkTable(1)]]) }),
  ]) {
    expect(() => decodeForkBytes(bytes)).toThrow("an id is malformed");
  }
  for (const path of ["a", "/a/", "/a//b", "/../a"]) {
    expect(() => decodeForkBytes(withNode({ path }))).toThrow("a path is malformed");
    expect(() => decodeForkBytes(withNode({ node: { ...node, path } }))).toThrow(REFUSED);
  }
});

test("fork bytes with a version that names an origin twice are refused", () => {
  const vector = new Map([
    ["A", 1],
    ["B", 1],
  ]);
  const bytes = bytesOf({}, { vector });
  // The end: B's number and epoch, four counts of no changes, the checksum.
  const end = bytes.length - 4;
  expect([...bytes.subarray(end - 6, end)]).toEqual([1, 1, 0, 0, 0, 0]);
  bytes[end - 6] = 0;
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(end, crc32c(bytes, 0, end), true);

  expect(() => decodeForkBytes(bytes)).toThrow("a version names an origin twice");
});
