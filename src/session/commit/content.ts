/** What a commit's snapshot and transaction log say. Pure: values in, values out. */
import { compareUtf8 } from "../../base/bytes.ts";
import { makeError } from "../../base/errors.ts";
import type { DimensionShape, ManifestRef } from "../../format/snapshot/array-data.ts";
import type { ManifestFileInfo, NodeSnapshot } from "../../format/snapshot/read.ts";
import {
  NODES_OF_TYPE,
  nodeLists,
  type TransactionLog,
  type UpdatedChunks,
} from "../../format/transaction-log/read.ts";
import type { NodeState } from "../changes/change-set.ts";
import type { ChunkTable } from "../changes/chunk-table.ts";
import type { Layers } from "../state/layers.ts";
import { areInGrid, isInGrid } from "../view/chunks.ts";
import { baseNodeOf, nodeAt } from "../view/nodes.ts";

/** The arrays whose manifests must be looked at: chunks written, or the chunk grid changed. */
export function arraysToRewrite(layers: Layers): NodeState[] {
  const found = new Map<string, NodeState>();
  for (const { node } of layers.own.nodes.values()) {
    if (node?.array === undefined) continue;
    const before = baseNodeOf(layers, node);
    const after = node.array.shape;
    const hasSameGrid =
      before !== undefined &&
      before.shape.length === after.length &&
      before.shape.every(({ chunkCount }, d) => chunkCount === after[d]?.chunkCount);
    if (!hasSameGrid) found.set(node.id, node);
  }
  const nodeOf = nodesById(layers);
  for (const [nodeId, table] of layers.own.chunks) {
    const node = table.length === 0 ? undefined : nodeOf(nodeId);
    if (node !== undefined) found.set(nodeId, node);
  }
  return [...found.values()];
}

/** Finds live nodes by id, new and changed ones included. */
function nodesById(layers: Layers): (nodeId: string) => NodeState | undefined {
  const changed = new Map<string, NodeState>();
  for (const { node } of layers.own.nodes.values())
    if (node !== undefined) changed.set(node.id, node);
  return (nodeId) => {
    const path = layers.base.nodeById(nodeId)?.path;
    const node = changed.get(nodeId) ?? (path === undefined ? undefined : nodeAt(layers, path));
    return node?.id === nodeId ? node : undefined;
  };
}

/** All nodes after the commit, sorted. `refs` holds the new manifests of the arrays that changed. */
export function nodesAfter(
  layers: Layers,
  refs: ReadonlyMap<string, readonly ManifestRef[]>,
): NodeSnapshot[] {
  const nodes: NodeSnapshot[] = [];
  const changed = layers.own.nodes;
  for (const node of layers.base.snapshot.nodes) {
    if (changed.has(node.path)) continue;
    const manifests = refs.get(node.id);
    const isSame = manifests === undefined || node.data.type === "group";
    nodes.push(isSame ? node : { ...node, data: { ...node.data, manifests } });
  }
  for (const { node } of changed.values()) {
    if (node === undefined) continue;
    const manifests = refs.get(node.id) ?? baseNodeOf(layers, node)?.manifests ?? [];
    nodes.push(snapshotNode(node, manifests));
  }
  return nodes.sort((a, b) => compareUtf8(a.path, b.path));
}

function snapshotNode(node: NodeState, manifests: readonly ManifestRef[]): NodeSnapshot {
  const { id, path, userData, array } = node;
  if (array === undefined) return { id, path, userData, data: { type: "group" } };
  const { shape, dimensionNames } = array;
  return { id, path, userData, data: { type: "array", shape, dimensionNames, manifests } };
}

/** The manifest files that `nodes` refer to, and no others; sorted by id. */
export function manifestFilesOf(
  layers: Layers,
  nodes: readonly NodeSnapshot[],
  written: ReadonlyMap<string, ManifestFileInfo>,
): ManifestFileInfo[] {
  const files = new Map<string, ManifestFileInfo>();
  for (const { data, path } of nodes) {
    if (data.type === "group") continue;
    for (const { id } of data.manifests) {
      if (files.has(id)) continue;
      const file = written.get(id) ?? layers.base.manifestFile(id);
      if (file === undefined) {
        throw makeError(
          "manifest-info-not-found",
          `${path} refers to manifest ${id}, which no list has`,
          { details: { path, manifestId: id } },
        );
      }
      files.set(id, file);
    }
  }
  return [...files.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** The log: sorted ids, and coordinates inside the grid. Spec: docs/format.md "Transaction logs". */
export function logOf(layers: Layers, id: string): TransactionLog {
  const ids = nodeLists((): string[] => []);
  for (const { base, node } of layers.own.nodes.values()) {
    if (base !== undefined && base.id !== node?.id) {
      ids[`deleted${NODES_OF_TYPE[base.type]}`].push(base.id);
    }
    if (node === undefined) continue;
    const verb = base?.id === node.id ? "updated" : "new";
    ids[`${verb}${NODES_OF_TYPE[node.type]}`].push(node.id);
  }
  for (const list of Object.values(ids)) list.sort();
  const updatedChunks: UpdatedChunks[] = [];
  const nodeOf = nodesById(layers);
  for (const [nodeId, table] of layers.own.chunks) {
    const node = nodeOf(nodeId);
    if (node?.array === undefined) continue;
    const updated = updatedChunksOf(nodeId, table, node.array.shape);
    if (updated.count > 0) updatedChunks.push(updated);
  }
  updatedChunks.sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
  return { id, ...ids, updatedChunks, movedNodes: [] };
}

function updatedChunksOf(
  nodeId: string,
  table: ChunkTable,
  shape: readonly DimensionShape[],
): UpdatedChunks {
  const { rank } = table;
  const data = table.sortedCoordinates();
  const all = { nodeId, rank, count: table.length, data };
  if (areInGrid(all, shape)) return all;
  const coordinates = new Uint32Array(rank);
  let count = 0;
  for (let row = 0, from = 0; row < table.length; row++, from += rank) {
    for (let d = 0; d < rank; d++) coordinates[d] = data[from + d] as number;
    if (!isInGrid(coordinates, shape)) continue;
    for (let d = 0, to = count * rank; d < rank; d++) data[to + d] = coordinates[d] as number;
    count++;
  }
  return { nodeId, rank, count, data: data.subarray(0, count * rank) };
}
