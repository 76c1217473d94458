import { expect, test } from "vitest";
import { encodeBase32 } from "../../../../src/codec/base32.ts";
import { crc32c } from "../../../../src/codec/crc32c.ts";
import {
  type ChangeSet,
  changeSetOf,
  chunkTables,
  NodeChanges,
} from "../../../../src/session/changes/change-set.ts";
import { ChunkTable } from "../../../../src/session/changes/chunk-table.ts";
import { growingVector } from "../../../../src/session/changes/dot.ts";
import { emptyPast, type Past } from "../../../../src/session/changes/past.ts";
import { encodeForkBytes, type ForkContent } from "../../../../src/session/fork/bytes.ts";
import { decodeForkBytes } from "../../../../src/session/fork/read-bytes.ts";
import { DOT, MANIFEST_ID, NODE_A } from "../../format/manifest/ref-model.ts";
import { GROUP } from "../fixture.ts";

const pastOf = (entries: readonly (readonly [string, number])[]): Past => ({
  ...emptyPast(),
  vector: growingVector(entries),
});
const bytesOf = (own: Partial<ChangeSet>, more: Partial<ForkContent> = {}): Uint8Array =>
  encodeForkBytes({
    baseId: MANIFEST_ID,
    need: undefined,
    needPast: emptyPast(),
    past: pastOf([[DOT.origin, 1]]),
    overlay: changeSetOf(),
    own: { ...changeSetOf(), ...own },
    writtenUnder: new Map(
      [...(own.chunks ?? new Map()).keys()].map((id) => [id, { path: "/a", signature: "{}" }]),
    ),
    ...more,
  });

test("fork bytes with ids or paths that are none are refused", () => {
  const node = { id: NODE_A, path: "/a", type: "group" as const, userData: GROUP };
  const withNode = (change: object, more: Partial<ForkContent> = {}): Uint8Array => {
    const nodes = new NodeChanges([{ path: "/a", node, dot: DOT, ...change }]);
    return bytesOf({ nodes }, more);
  };
  const wrongId = `${NODE_A.slice(1)}%`;
  const table = new ChunkTable(1);
  table.setTombstone([0], DOT);

  decodeForkBytes(withNode({}));
  decodeForkBytes(bytesOf({ chunks: chunkTables([[NODE_A, table]]) }));
  for (const bytes of [
    withNode({ node: { ...node, id: wrongId } }),
    withNode({ node: { ...node, id: NODE_A.toLowerCase() } }),
    withNode({ node: { ...node, id: DOT.origin } }),
    withNode({ base: { id: wrongId, type: "group" } }),
    withNode({}, { baseId: NODE_A }),
    bytesOf({ chunks: chunkTables([[wrongId, table]]) }),
  ]) {
    expect(() => decodeForkBytes(bytes)).toThrow("an id is malformed");
  }
  for (const path of ["a", "/a/", "/a//b", "/../a"]) {
    expect(() => decodeForkBytes(withNode({ path }))).toThrow("a path is malformed");
    const writtenUnder = new Map([[NODE_A, { path, signature: "{}" }]]);
    const bytes = bytesOf({ chunks: chunkTables([[NODE_A, table]]) }, { writtenUnder });
    expect(() => decodeForkBytes(bytes)).toThrow("a path is malformed");
  }
});

test("fork bytes with a version that names an origin twice are refused", () => {
  const [a, b] = [1, 2].map((n) => encodeBase32(new Uint8Array(12).fill(n))) as [string, string];
  const past = pastOf([
    [a, 1],
    [b, 1],
  ]);
  const bytes = bytesOf({}, { past });
  // The end: two entries, their origins 0 and 1 as they are, their epochs; no births, no lessons,
  // no name, four counts of no changes, one of no signatures, the checksum.
  const end = bytes.length - 4;
  const [plain, secondAt] = [0, end - 12];
  expect([...bytes.subarray(end - 15, secondAt + 1)]).toEqual([2, plain, 0, 1]);
  bytes[secondAt] = 0;
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(end, crc32c(bytes, 0, end), true);

  expect(() => decodeForkBytes(bytes)).toThrow("a version names an origin twice");
});

test("fork bytes that claim to know of more forks than any memory should hold are refused", () => {
  const bytes = bytesOf({});
  // The end: one entry, its origin and its epoch as they are; then as above.
  const at = bytes.length - 4 - 13;
  expect([...bytes.subarray(at, at + 5)]).toEqual([1, 0, 0, 0, 1]);
  const claiming = [0x81, 0x80, 0x10]; // 2^18 + 1: with a byte of nothing for each above 2^14.
  const changed = Uint8Array.of(
    ...bytes.subarray(0, at),
    ...claiming,
    ...bytes.subarray(at + 1, bytes.length),
  );
  const end = changed.length - 4;
  new DataView(changed.buffer).setUint32(end, crc32c(changed, 0, end), true);

  expect(() => decodeForkBytes(changed)).toThrow("ends too early");
});

test("a fork that knows of 2^18 others can be sent, at a byte for each of most of them", () => {
  const id = new Uint8Array(12);
  const view = new DataView(id.buffer);
  const entries = Array.from({ length: 2 ** 18 }, (_, number): [string, number] => {
    view.setUint32(8, number);
    return [encodeBase32(id), 1];
  });
  const bytes = bytesOf({}, { past: pastOf(entries) });

  expect(decodeForkBytes(bytes).past.vector.size).toBe(2 ** 18);
  expect(bytes.length).toBeLessThan(2 * 2 ** 18);
});
