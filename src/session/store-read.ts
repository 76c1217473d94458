/** Reading what a store key names. Absent is `undefined`, also under a missing node. */
import type { RangeRequest } from "./byte-range.ts";
import { resolveRange } from "./byte-range.ts";
import { readChunk } from "./chunk-read.ts";
import { findChunk } from "./chunk-view.ts";
import { nodeAt } from "./node-view.ts";
import { loadLayers, type SessionState } from "./session-state.ts";
import { parseStoreKey, type StoreKey } from "./store-key.ts";

/** The bytes of `range` of the value at `key`, owned by the caller. Throws `invalid-byte-range`. */
export async function readKey(
  state: SessionState,
  key: string,
  range: RangeRequest,
  signal?: AbortSignal,
): Promise<Uint8Array | undefined> {
  signal?.throwIfAborted();
  const parsed = parseStoreKey(key);
  if (parsed.kind === "zarr-v2") return undefined;
  const layers = await loadLayers(state, signal);
  const node = nodeAt(layers, parsed.path);
  if (parsed.kind === "metadata") {
    if (node === undefined) return undefined;
    const { start, end } = resolveRange(range, node.userData.length, key);
    return node.userData.slice(start, end);
  }
  if (node?.array === undefined) return undefined;
  const { assets } = state.engine;
  const array = { ...node, array: node.array };
  const found = await findChunk(layers, assets, array, parsed.coordinates, signal);
  return found === undefined ? undefined : readChunk(found, range, key, assets, signal);
}

/** Whether the node exists, or the chunk has a reference. Chunk bytes are not fetched. */
export async function hasKey(
  state: SessionState,
  key: StoreKey,
  signal?: AbortSignal,
): Promise<boolean> {
  if (key.kind === "zarr-v2") return false;
  const layers = await loadLayers(state, signal);
  const node = nodeAt(layers, key.path);
  if (key.kind === "metadata" || node === undefined) return node !== undefined;
  if (node.array === undefined) return false;
  const array = { ...node, array: node.array };
  const { assets } = state.engine;
  return (await findChunk(layers, assets, array, key.coordinates, signal)) !== undefined;
}
