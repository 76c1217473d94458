/** Deletes nodes or an array's chunks. Spec: docs/semantics.md "Deleting by prefix". */

import { coordinatesOf } from "../../format/manifest/row-values.ts";
import { writableTable } from "../changes/shared-tables.ts";
import type { Layers } from "../state/layers.ts";
import type { Operation } from "../state/operation.ts";
import { loadLayers, type SessionState } from "../state/state.ts";
import { currentDot } from "../state/writing.ts";
import { chunkBatches } from "../view/each-chunk.ts";
import { type ArrayNode, mustGetArray, nodeAt } from "../view/nodes.ts";
import { removeNode } from "./node-write.ts";
import { parseChunkPrefix, parseStorePrefix } from "./prefix.ts";

/** Deletes what `prefix` names: a node path, or `<array>/c[/<i>…]`. Anything else: nothing. */
export function deletePrefix(
  state: SessionState,
  layers: Layers,
  prefix: string,
  signal: AbortSignal | undefined,
  operation: Operation | undefined,
): Promise<void> | undefined {
  const path = parseStorePrefix(prefix);
  if (nodeAt(layers, path) !== undefined) {
    removeNode(state, layers, path, operation);
    return undefined;
  }
  const chunks = parseChunkPrefix(path);
  if (chunks === undefined || nodeAt(layers, chunks.path)?.array === undefined) return undefined;
  return deleteChunks(state, layers, mustGetArray(layers, chunks.path), chunks.coordinates, signal);
}

async function deleteChunks(
  state: SessionState,
  layers: Layers,
  node: ArrayNode,
  leading: readonly number[],
  signal?: AbortSignal,
): Promise<void> {
  const { generation } = state;
  const { assets } = state.engine;
  const doomed: number[][] = [];
  for await (const { rows, rowNumbers } of chunkBatches(layers, assets, node, signal, leading)) {
    for (const row of rowNumbers) doomed.push(coordinatesOf(rows, row));
  }
  const now = nodeAt(await loadLayers(state, signal), node.path);
  if (state.generation !== generation || doomed.length === 0) return;
  if (now?.id !== node.id || now.array === undefined) return; // Deleted meanwhile, its chunks too.
  const dot = currentDot(state);
  const table = writableTable(state.own, node.id, node.array.shape.length);
  for (const coordinates of doomed) table.setTombstone(coordinates, dot);
}
