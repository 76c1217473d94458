/**
 * Writing chunk references into a session: inline, native, tombstone. Validates first, uploads
 * second, records third; what was discarded or deleted meanwhile is not recorded.
 */
import { makeError } from "../../base/errors.ts";
import type { Dot } from "../changes/dot.ts";
import { assertSameArray } from "../changes/same-array.ts";
import { writableTable } from "../changes/shared-tables.ts";
import type { Layers } from "../state/layers.ts";
import { loadLayers, type SessionState } from "../state/state.ts";
import { currentDot } from "../state/writing.ts";
import { assertInGrid, isInGrid } from "../view/chunks.ts";
import { type ArrayNode, baseNodeOf, mustGetArray, nodeAt } from "../view/nodes.ts";

/**
 * Stores a chunk's bytes: in the change set up to the inline threshold, else as an object right
 * away. Synchronous (`undefined`) where no I/O is needed, so that a million small sets stay cheap.
 */
export function writeChunk(
  state: SessionState,
  layers: Layers,
  path: string,
  coordinates: ArrayLike<number>,
  bytes: Uint8Array,
  signal?: AbortSignal,
): Promise<void> | undefined {
  const node = mustGetArray(layers, path);
  assertInGrid(coordinates, node);
  if (bytes.length === 0) {
    throw makeError(
      "zero-length-chunk",
      `chunk [${Array.from(coordinates)}] of ${path} has no bytes`,
      { details: { path, coordinates: Array.from(coordinates) } },
    );
  }
  if (bytes.length > state.engine.config.inlineChunkThresholdBytes) {
    return uploadChunk(state, node, coordinates, bytes, signal);
  }
  writableTable(state.own, node.id, node.array.shape.length).setInline(
    coordinates,
    bytes,
    currentDot(state),
  );
  return undefined;
}

async function uploadChunk(
  state: SessionState,
  node: ArrayNode,
  coordinates: ArrayLike<number>,
  bytes: Uint8Array,
  signal?: AbortSignal,
): Promise<void> {
  const { generation } = state;
  const id = await state.engine.assets.writeChunk(bytes, signal);
  const layers = await loadLayers(state, signal);
  signal?.throwIfAborted();
  if (state.generation !== generation) return; // The changes were discarded meanwhile, this one too.
  const now = nodeAt(layers, node.path);
  assertSameArray(node, now, "set");
  assertInGrid(coordinates, now as ArrayNode);
  writableTable(state.own, node.id, coordinates.length).setNative(
    coordinates,
    id,
    0,
    bytes.length,
    currentDot(state),
  );
}

/**
 * Deletes a chunk. In the grid a tombstone is recorded even if the chunk is absent; a chunk
 * that a shrink of this session put outside is remembered too, so that growing again does not
 * bring it back. Anything else is nothing to delete. Spec: docs/semantics.md "Chunks".
 */
export function deleteChunk(
  state: SessionState,
  layers: Layers,
  path: string,
  coordinates: ArrayLike<number>,
): void {
  const node = nodeAt(layers, path);
  if (node?.array === undefined) return;
  const baseShape = baseNodeOf(layers, node)?.shape;
  const known =
    isInGrid(coordinates, node.array.shape) ||
    (baseShape !== undefined && isInGrid(coordinates, baseShape));
  if (known) setTombstone(state, node as ArrayNode, coordinates, currentDot(state));
}

/** Records a tombstone. */
function setTombstone(
  state: SessionState,
  node: ArrayNode,
  coordinates: ArrayLike<number>,
  dot: Dot,
): void {
  writableTable(state.own, node.id, node.array.shape.length).setTombstone(coordinates, dot);
}
