/**
 * What changed: between two snapshots (from transaction logs), or in a session (from its changes).
 * Spec: docs/semantics.md "Diff".
 */
import type { SnapshotIndex } from "../../assets/snapshot-index.ts";
import { compareUtf8 } from "../../base/bytes.ts";
import {
  NODE_LISTS,
  NODES_OF_TYPE,
  type NodeLists,
  nodeLists,
  type TransactionLog,
} from "../../format/transaction-log/read.ts";
import {
  type ChunkCoordinates,
  coordinatesOfRows,
  coordinatesOfUpdate,
  unionCoordinates,
} from "../changes/chunk-coordinates.ts";
import { flattenChanges } from "../changes/shared-tables.ts";
import type { Layers } from "../state/layers.ts";

/** Changed nodes and chunks, by path. Lists are sorted by the UTF-8 bytes of the path. */
export interface Diff {
  readonly newGroups: string[];
  readonly newArrays: string[];
  readonly deletedGroups: string[];
  readonly deletedArrays: string[];
  /** Groups whose zarr.json changed. */
  readonly updatedGroups: string[];
  /** Arrays whose zarr.json changed, resizes included. */
  readonly updatedArrays: string[];
  /** Chunks written or deleted, per array; new arrays included. In JSON an object by path. */
  readonly updatedChunks: Map<string, ChunkCoordinates>;
  /** One entry per moved node, oldest first; moves of one node are not composed. */
  readonly movedNodes: { from: string; to: string }[];
  /** Whether nothing changed. */
  readonly isEmpty: boolean;
}

/** JSON would make nothing of a plain map. */
class ChunksByPath extends Map<string, ChunkCoordinates> {
  toJSON(): Record<string, ChunkCoordinates> {
    return Object.fromEntries(this);
  }
}

/** The part of a snapshot index that a diff needs. */
type SnapshotNodes = Pick<SnapshotIndex, "nodeById">;

/**
 * Folds the logs of the snapshots in (from, to], oldest first. Nodes that neither snapshot has
 * (made and deleted in between) do not appear.
 */
export function diffFromLogs(input: {
  logs: Iterable<TransactionLog>;
  from: SnapshotNodes;
  to: SnapshotNodes;
}): Diff {
  const { from, to } = input;
  const pathOf = (id: string): string | undefined => (to.nodeById(id) ?? from.nodeById(id))?.path;
  const nodes = nodeLists(() => new Set<string>());
  const chunksOfNode = new Map<string, ChunkCoordinates[]>();
  const movedNodes: Diff["movedNodes"] = [];
  for (const log of input.logs) {
    for (const list of NODE_LISTS) for (const id of log[list]) addPath(nodes[list], pathOf(id));
    for (const update of log.updatedChunks) {
      const parts = chunksOfNode.get(update.nodeId) ?? [];
      parts.push(coordinatesOfUpdate(update));
      chunksOfNode.set(update.nodeId, parts);
    }
    for (const { from: source, to: target } of log.movedNodes) {
      movedNodes.push({ from: source, to: target });
    }
  }
  return makeDiff(nodes, chunksByPath(chunksOfNode, pathOf, to), movedNodes);
}

/** Where an array was deleted and made again, both ids have one path: the newer one counts first. */
function chunksByPath(
  chunksOfNode: ReadonlyMap<string, readonly ChunkCoordinates[]>,
  pathOf: (id: string) => string | undefined,
  to: SnapshotNodes,
): Map<string, ChunkCoordinates> {
  const partsOfPath = new Map<string, ChunkCoordinates[]>();
  for (const [id, parts] of chunksOfNode) {
    const path = pathOf(id);
    if (path === undefined) continue;
    const present = partsOfPath.get(path) ?? [];
    partsOfPath.set(
      path,
      to.nodeById(id) === undefined ? [...present, ...parts] : [...parts, ...present],
    );
  }
  return new Map([...partsOfPath].map(([path, parts]) => [path, unionCoordinates(parts)]));
}

/** What a session has changed, over all its layers. */
export function statusOfLayers({ base, overlay, own }: Layers): Diff {
  const changes = flattenChanges(overlay, own);
  const nodes = nodeLists(() => new Set<string>());
  const pathOfId = new Map<string, string>();
  for (const { path, base: before, node } of changes.nodes.values()) {
    if (node !== undefined) pathOfId.set(node.id, path);
    if (before !== undefined && before.id === node?.id) {
      nodes[`updated${NODES_OF_TYPE[node.type]}`].add(path);
      continue;
    }
    if (before !== undefined) nodes[`deleted${NODES_OF_TYPE[before.type]}`].add(path);
    if (node !== undefined) nodes[`new${NODES_OF_TYPE[node.type]}`].add(path);
  }
  const chunks = new Map<string, ChunkCoordinates>();
  for (const [id, table] of changes.chunks) {
    const path = pathOfId.get(id) ?? base.nodeById(id)?.path;
    if (path === undefined || table.length === 0) continue;
    chunks.set(path, coordinatesOfRows(table, table.sortedOrder()));
  }
  return makeDiff(nodes, chunks, []);
}

function addPath(paths: Set<string>, path: string | undefined): void {
  if (path !== undefined) paths.add(path);
}

function makeDiff(
  nodes: NodeLists<ReadonlySet<string>>,
  chunks: ReadonlyMap<string, ChunkCoordinates>,
  movedNodes: Diff["movedNodes"],
): Diff {
  const isEmpty =
    chunks.size === 0 &&
    movedNodes.length === 0 &&
    Object.values(nodes).every((paths) => paths.size === 0);
  return {
    ...nodeLists((list) => [...nodes[list]].sort(compareUtf8)),
    updatedChunks: new ChunksByPath([...chunks].sort(([a], [b]) => compareUtf8(a, b))),
    movedNodes,
    isEmpty,
  };
}
