import { describe, expect, test } from "vitest";
import type { SnapshotIndex } from "../../../../src/assets/snapshot-index.ts";
import type { TransactionLog } from "../../../../src/format/transaction-log/read.ts";
import { emptyTransactionLog } from "../../../../src/format/transaction-log/write.ts";
import {
  type ChangeSet,
  changeSetOf,
  type NodeChange,
  NodeChanges,
  type NodeState,
} from "../../../../src/session/changes/change-set.ts";
import { ChunkTable } from "../../../../src/session/changes/chunk-table.ts";
import { diffFromLogs, statusOfLayers } from "../../../../src/session/view/diff.ts";

type SnapshotNodes = Parameters<typeof diffFromLogs>[0]["from"];

const DOT = { origin: "o", epoch: 1 };

/** A snapshot of nodes given as `id: path`. */
const snapshot = (paths: Record<string, string>): SnapshotNodes => ({
  nodeById: (id) =>
    paths[id] === undefined
      ? undefined
      : { id, path: paths[id], userData: new Uint8Array(), data: { type: "group" } },
});

const log = (changes: Partial<TransactionLog>): TransactionLog => ({
  ...emptyTransactionLog("S"),
  ...changes,
});
const chunks = (nodeId: string, rank: number, ...data: number[]) => ({
  nodeId,
  rank,
  count: data.length / rank,
  data: Uint32Array.from(data),
});
const plain = (updated: Map<string, unknown>) => JSON.parse(JSON.stringify([...updated]));

describe("diffFromLogs", () => {
  test("unites the logs and names nodes by path, sorted", () => {
    const diff = diffFromLogs({
      logs: [
        log({ newGroups: ["G"], newArrays: ["B"], updatedChunks: [chunks("A", 1, 3, 1)] }),
        log({ newArrays: ["A"], updatedArrays: ["A"], updatedChunks: [chunks("A", 1, 1, 2)] }),
      ],
      from: snapshot({}),
      to: snapshot({ G: "/g", A: "/g/a", B: "/b" }),
    });

    expect(diff).toMatchObject({
      newGroups: ["/g"],
      newArrays: ["/b", "/g/a"],
      updatedArrays: ["/g/a"],
      isEmpty: false,
    });
    expect(plain(diff.updatedChunks)).toEqual([["/g/a", [[1], [2], [3]]]]);
  });

  test("names a deleted node by its path before, a moved one by its path after", () => {
    const diff = diffFromLogs({
      logs: [
        log({ deletedArrays: ["D"] }),
        log({ movedNodes: [{ from: "/a", to: "/b", nodeId: "A", nodeType: "array" }] }),
        log({ updatedArrays: ["A"] }),
      ],
      from: snapshot({ D: "/d", A: "/a" }),
      to: snapshot({ A: "/b" }),
    });

    expect(diff).toMatchObject({
      deletedArrays: ["/d"],
      updatedArrays: ["/b"],
      movedNodes: [{ from: "/a", to: "/b" }],
    });
  });

  test("keeps its chunks in JSON", () => {
    const diff = diffFromLogs({
      logs: [log({ updatedChunks: [chunks("A", 2, 3, 4)] })],
      from: snapshot({ A: "/a" }),
      to: snapshot({ A: "/a" }),
    });

    expect(JSON.parse(JSON.stringify(diff))).toMatchObject({
      updatedChunks: { "/a": [[3, 4]] },
      isEmpty: false,
    });
  });

  test("a node made and deleted in between does not appear", () => {
    const diff = diffFromLogs({
      logs: [
        log({ newArrays: ["T"], updatedChunks: [chunks("T", 1, 0)] }),
        log({ deletedArrays: ["T"] }),
      ],
      from: snapshot({}),
      to: snapshot({}),
    });

    expect(diff.isEmpty).toBe(true);
    expect(diff.updatedChunks.size).toBe(0);
  });

  test("an array made anew shows the chunks of the new one, old ones of another rank left out", () => {
    const diff = diffFromLogs({
      logs: [
        log({ updatedChunks: [chunks("OLD", 2, 0, 0)] }),
        log({ deletedArrays: ["OLD"], newArrays: ["NEW"], updatedChunks: [chunks("NEW", 1, 5)] }),
      ],
      from: snapshot({ OLD: "/a" }),
      to: snapshot({ NEW: "/a" }),
    });

    expect(plain(diff.updatedChunks)).toEqual([["/a", [[5]]]]);
    expect(diff).toMatchObject({ newArrays: ["/a"], deletedArrays: ["/a"] });
  });
});

describe("statusOfLayers", () => {
  const node = (id: string, path: string, type: "array" | "group"): NodeState => ({
    id,
    path,
    type,
    userData: new Uint8Array(),
  });
  const changeSet = (...nodes: Omit<NodeChange, "dot">[]): ChangeSet =>
    changeSetOf(new NodeChanges(nodes.map((change) => ({ ...change, dot: DOT }))));

  const statusOfChanges = (own: ChangeSet, base: SnapshotNodes) =>
    statusOfLayers({ base: base as SnapshotIndex, overlay: changeSet(), own });

  test("tells new, deleted, updated and replaced nodes apart", () => {
    const status = statusOfChanges(
      changeSet(
        { path: "/new", node: node("1", "/new", "group") },
        { path: "/gone", base: { id: "2", type: "array" } },
        { path: "/kept", base: { id: "3", type: "array" }, node: node("3", "/kept", "array") },
        { path: "/other", base: { id: "4", type: "array" }, node: node("5", "/other", "group") },
        { path: "/made-and-gone" },
      ),
      snapshot({}),
    );

    expect(status).toMatchObject({
      newGroups: ["/new", "/other"],
      newArrays: [],
      deletedGroups: [],
      deletedArrays: ["/gone", "/other"],
      updatedGroups: [],
      updatedArrays: ["/kept"],
    });
  });

  test("lists chunks, deletions included, of old and new arrays", () => {
    const changes = changeSet({ path: "/new", node: node("N", "/new", "array") });
    const table = new ChunkTable(1);
    table.setInline([4], Uint8Array.of(1), DOT);
    table.setTombstone([2], DOT);
    changes.chunks.set("OLD", table);
    changes.chunks.set("N", table);
    changes.chunks.set("UNTOUCHED", new ChunkTable(1));

    const status = statusOfChanges(changes, snapshot({ OLD: "/old", UNTOUCHED: "/u" }));

    expect(plain(status.updatedChunks)).toEqual([
      ["/new", [[2], [4]]],
      ["/old", [[2], [4]]],
    ]);
  });

  test("no changes are an empty status", () => {
    expect(statusOfChanges(changeSet(), snapshot({})).isEmpty).toBe(true);
    expect(statusOfChanges(changeSet({ path: "/made-and-gone" }), snapshot({})).isEmpty).toBe(true);
  });
});
