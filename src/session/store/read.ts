/** Reading what a store key names. Absent is `undefined`, also under a missing node. */

import type { Layers } from "../state/layers.ts";
import type { Operation } from "../state/operation.ts";
import { layersOf, loadLayers, type SessionState } from "../state/state.ts";
import { findChunk } from "../view/chunks.ts";
import { type ArrayNode, nodeAt } from "../view/nodes.ts";
import { type RangeRequest, resolveRange } from "./byte-range.ts";
import { readChunk } from "./chunk-read.ts";
import { parseStoreKey, type StoreKey } from "./key.ts";

/** The value's `range`, owned by the caller. @throws {invalid-key} @throws {invalid-byte-range} */
export async function readKey(
  state: SessionState,
  key: string,
  range: RangeRequest,
  signal: AbortSignal | undefined,
  operation: Operation | undefined,
): Promise<Uint8Array | undefined> {
  signal?.throwIfAborted();
  const parsed = parseStoreKey(key);
  if (parsed.kind === "zarr-v2") return undefined;
  const layers = await loadLayers(state, signal);
  const node = nodeAt(layers, parsed.path);
  if (parsed.kind === "metadata") {
    operation?.noteRead(parsed.path, node);
    if (node === undefined) return undefined;
    const { start, end } = resolveRange(range, node.userData.length, key);
    return node.userData.slice(start, end);
  }
  if (node?.array === undefined) return undefined;
  const { assets } = state.engine;
  const found = await findChunk(layers, assets, node as ArrayNode, parsed.coordinates, signal);
  return found === undefined ? undefined : readChunk(found, range, key, assets, signal);
}

/**
 * Whether the node exists, or the chunk has a reference. Chunk bytes are not fetched. Answers at
 * once where base and manifest are loaded.
 */
export function hasKey(
  state: SessionState,
  key: StoreKey,
  signal?: AbortSignal,
): boolean | Promise<boolean> {
  if (key.kind === "zarr-v2") return false;
  signal?.throwIfAborted();
  const { base } = state;
  if (base !== undefined) return hasKeyIn(state, layersOf(state, base), key, signal);
  return loadLayers(state, signal).then((layers) => hasKeyIn(state, layers, key, signal));
}

function hasKeyIn(
  state: SessionState,
  layers: Layers,
  key: Exclude<StoreKey, { kind: "zarr-v2" }>,
  signal: AbortSignal | undefined,
): boolean | Promise<boolean> {
  const node = nodeAt(layers, key.path);
  if (key.kind === "metadata" || node === undefined) return node !== undefined;
  if (node.array === undefined) return false;
  const { assets } = state.engine;
  const found = findChunk(layers, assets, node as ArrayNode, key.coordinates, signal);
  return found instanceof Promise ? found.then(isPresent) : isPresent(found);
}

const isPresent = (found: unknown): boolean => found !== undefined;
