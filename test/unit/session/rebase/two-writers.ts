/**
 * Two writers over one small hierarchy: /, arrays /a and /b of five chunks, group /g. An edit
 * becomes a change set (our side) or a snapshot with its log (theirs).
 */
import { indexSnapshot, type SnapshotIndex } from "../../../../src/assets/snapshot-index.ts";
import { compareUtf8, encodeUtf8 } from "../../../../src/base/bytes.ts";
import type { NodeSnapshot } from "../../../../src/format/snapshot/read.ts";
import type { TransactionLog } from "../../../../src/format/transaction-log/read.ts";
import {
  type ChangeSet,
  changeSetOf,
  type NodeChange,
} from "../../../../src/session/changes/change-set.ts";
import { ChunkTable } from "../../../../src/session/changes/chunk-table.ts";
import { parseNodeMetadata } from "../../../../src/session/changes/node-metadata.ts";
import { isCreation } from "../../../../src/session/rebase/detect.ts";

export const DOT = { origin: "o", epoch: 1 };

export const groupBytes = (title = ""): Uint8Array =>
  encodeUtf8(JSON.stringify({ zarr_format: 3, node_type: "group", attributes: { title } }));
export const arrayBytes = (chunkCount = 5, title = "", dataType = "int8"): Uint8Array =>
  encodeUtf8(
    JSON.stringify({
      zarr_format: 3,
      node_type: "array",
      shape: [chunkCount * 2],
      data_type: dataType,
      chunk_grid: { name: "regular", configuration: { chunk_shape: [2] } },
      fill_value: 0,
      codecs: [{ name: "bytes" }],
      attributes: { title },
    }),
  );

const stored = (id: string, path: string, userData: Uint8Array): NodeSnapshot => {
  const parsed = parseNodeMetadata(userData, path);
  const data =
    parsed.type === "group"
      ? ({ type: "group" } as const)
      : ({ type: "array", shape: parsed.array.shape, manifests: [] } as const);
  return { id, path, userData, data };
};

const snapshotOf = (nodes: Iterable<NodeSnapshot>): SnapshotIndex =>
  indexSnapshot({
    id: "S",
    flushedAtMicros: 0,
    message: "",
    metadata: [],
    manifestFiles: [],
    specVersion: 2,
    nodes: [...nodes].sort((a, b) => compareUtf8(a.path, b.path)),
  });

export const base: SnapshotIndex = snapshotOf([
  stored("ROOT", "/", groupBytes()),
  stored("A", "/a", arrayBytes()),
  stored("B", "/b", arrayBytes()),
  stored("G", "/g", groupBytes()),
]);

/** One writer's uncommitted work, edited as a session would. */
export class Writer {
  readonly changes: ChangeSet = changeSetOf();
  readonly #name: string;
  #nodeCount = 0;

  constructor(name: string) {
    this.#name = name;
  }

  idAt(path: string): string {
    const change = this.changes.nodes.get(path);
    const id = change === undefined ? base.node(path)?.id : change.node?.id;
    if (id === undefined) throw new Error(`nothing at ${path}`);
    return id;
  }

  put(path: string, userData: Uint8Array): void {
    const present = this.changes.nodes.get(path);
    const inBase = base.node(path);
    const known = present === undefined ? inBase?.id : present.node?.id;
    const parsed = parseNodeMetadata(userData, path);
    const id = known ?? `${this.#name}${this.#nodeCount++}`;
    const array = parsed.type === "array" ? parsed.array : undefined;
    this.#record(path, { id, path, type: parsed.type, userData, array });
  }

  remove(path: string): void {
    const paths = [...base.nodesUnder(path)].map((node) => node.path);
    for (const changed of this.changes.nodes.keys()) {
      if (changed === path || changed.startsWith(path.replace(/\/?$/, "/"))) paths.push(changed);
    }
    for (const each of new Set(paths)) {
      const change = this.changes.nodes.get(each);
      const id = change === undefined ? base.node(each)?.id : change.node?.id;
      if (id !== undefined) this.changes.chunks.delete(id);
      this.#record(each, undefined);
    }
  }

  chunk(path: string, index: number, value?: number): void {
    const id = this.idAt(path);
    const table = this.changes.chunks.get(id) ?? new ChunkTable(1);
    this.changes.chunks.set(id, table);
    if (value === undefined) table.setTombstone([index], DOT);
    else table.setInline([index], Uint8Array.of(value), DOT);
  }

  #record(path: string, node: NodeChange["node"]): void {
    const inBase = base.node(path);
    this.changes.nodes.set(path, {
      path,
      base: inBase && { id: inBase.id, type: inBase.data.type },
      node,
      dot: DOT,
    });
  }

  /** The work as a commit on top of the base. */
  commit(): { log: TransactionLog; theirs: SnapshotIndex } {
    const nodes = new Map(base.snapshot.nodes.map((node) => [node.path, node]));
    for (const { path, node } of this.changes.nodes.values()) {
      if (node === undefined) nodes.delete(path);
      else nodes.set(path, stored(node.id, path, node.userData));
    }
    return { log: this.#log(), theirs: snapshotOf(nodes.values()) };
  }

  #log(): TransactionLog {
    const changes = [...this.changes.nodes.values()];
    const isDeletion = ({ base, node }: NodeChange) => base !== undefined && node?.id !== base.id;
    const created = changes.filter(isCreation).map(({ node }) => node);
    const deleted = changes.filter(isDeletion).map((change) => change.base);
    const updated = changes
      .filter((change) => !isCreation(change) && !isDeletion(change))
      .map(({ node }) => node);
    const ids = (nodes: readonly ({ id: string; type: string } | undefined)[], type: string) =>
      nodes.flatMap((node) => (node?.type === type ? [node.id] : [])).sort();
    return {
      id: "S",
      newGroups: ids(created, "group"),
      newArrays: ids(created, "array"),
      deletedGroups: ids(deleted, "group"),
      deletedArrays: ids(deleted, "array"),
      updatedGroups: ids(updated, "group"),
      updatedArrays: ids(updated, "array"),
      updatedChunks: [...this.changes.chunks].map(([nodeId, table]) => ({
        nodeId,
        rank: 1,
        count: table.length,
        data: Uint32Array.from({ length: table.length }, (_, row) => table.coordinate(row, 0)),
      })),
      movedNodes: [],
    };
  }
}

/** Edits by the names of the official matrix. */
export const EDITS: Record<string, (writer: Writer) => void> = {
  "chunk a/0": (w) => w.chunk("/a", 0, 1),
  "chunk a/1": (w) => w.chunk("/a", 1, 1),
  "del chunk a/0": (w) => w.chunk("/a", 0),
  "del absent a/4": (w) => w.chunk("/a", 4),
  "chunk b/0": (w) => w.chunk("/b", 0, 1),
  "meta a": (w) => w.put("/a", arrayBytes(5, "new")),
  "meta g": (w) => w.put("/g", groupBytes("new")),
  "del a": (w) => w.remove("/a"),
  "del g": (w) => w.remove("/g"),
  "del+new a": (w) => {
    w.remove("/a");
    w.put("/a", arrayBytes());
  },
  "a→group": (w) => {
    w.remove("/a");
    w.put("/a", groupBytes());
  },
  "new n (group)": (w) => w.put("/n", groupBytes()),
  "new n (array)": (w) => w.put("/n", arrayBytes()),
  "new g/k": (w) => w.put("/g/k", arrayBytes()),
  "new n/k": (w) => w.put("/n/k", arrayBytes()),
  "new a/k": (w) => w.put("/a/k", arrayBytes()),
};
