/** Listing keys and sizes of a session. Spec: docs/semantics.md "Listing". */
import { makeError } from "../../base/errors.ts";
import { coordinatesOf } from "../../format/manifest/row-values.ts";
import { pathName } from "../../format/node-path.ts";
import type { Layers } from "../state/layers.ts";
import { loadLayers, type SessionState } from "../state/state.ts";
import { findChunk } from "../view/chunks.ts";
import { chunkBatches, coordinatesAfter } from "../view/each-chunk.ts";
import {
  type ArrayNode,
  childrenOf,
  mustGetArray,
  mustGetNode,
  nodeAt,
  nodesUnder,
} from "../view/nodes.ts";
import { chunkKey, metadataKey, parseStoreKey } from "./key.ts";
import { parseChunkPrefix, parseStorePrefix } from "./prefix.ts";

/** Keys of all nodes under `prefix`, then of all their chunks. */
export async function* listKeys(
  state: SessionState,
  prefix: string,
  signal?: AbortSignal,
): AsyncGenerator<string> {
  const { assets } = state.engine;
  const layers = await loadLayers(state, signal);
  const nodes = nodesOfPrefix(layers, prefix);
  for (const { path } of nodes) yield metadataKey(path);
  for (const node of nodes) {
    if (node.array === undefined) continue;
    const array = node as ArrayNode;
    for await (const { rows, rowNumbers } of chunkBatches(layers, assets, array, signal)) {
      for (const row of rowNumbers) {
        yield chunkKey(node.path, coordinatesOf(rows, row));
      }
    }
  }
}

function nodesOfPrefix(layers: Layers, prefix: string): ReturnType<typeof nodesUnder> {
  const path = parseStorePrefix(prefix);
  if (path !== "/" && nodeAt(layers, path) === undefined) {
    throw makeError("bad-key-prefix", `there is no array or group at ${path}`, {
      details: { prefix, path },
    });
  }
  return nodesUnder(layers, path);
}

/** Names directly under `prefix`; nothing if nothing is there. */
export async function* listDirectory(
  state: SessionState,
  prefix: string,
  signal?: AbortSignal,
): AsyncGenerator<string> {
  const layers = await loadLayers(state, signal);
  const path = parseStorePrefix(prefix);
  const node = nodeAt(layers, path);
  if (node?.type === "array") {
    yield "zarr.json";
    yield "c";
  } else if (node !== undefined) {
    yield "zarr.json";
    for (const child of childrenOf(layers, path)) yield pathName(child.path);
  } else {
    const chunks = parseChunkPrefix(path);
    if (chunks !== undefined && nodeAt(layers, chunks.path)?.array !== undefined) {
      const { assets } = state.engine;
      const array = mustGetArray(layers, chunks.path);
      yield* (await coordinatesAfter(layers, assets, array, chunks.coordinates, signal)).map(
        String,
      );
    }
  }
}

/** Bytes under one key, from its reference; 0 for an absent chunk of an existing array. */
export async function sizeOf(
  state: SessionState,
  key: string,
  signal?: AbortSignal,
): Promise<number> {
  const parsed = parseStoreKey(key);
  if (parsed.kind === "zarr-v2") {
    throw makeError("invalid-key", `${JSON.stringify(key)} is a Zarr 2 key`, { details: { key } });
  }
  const layers = await loadLayers(state, signal);
  if (parsed.kind === "metadata") return mustGetNode(layers, parsed.path).userData.length;
  const array = mustGetArray(layers, parsed.path);
  const found = await findChunk(layers, state.engine.assets, array, parsed.coordinates, signal);
  return found === undefined ? 0 : found.rows.byteLength(found.row);
}

/** Bytes under all keys of a prefix. */
export async function sizeOfPrefix(
  state: SessionState,
  prefix: string,
  signal?: AbortSignal,
): Promise<number> {
  const { assets } = state.engine;
  const layers = await loadLayers(state, signal);
  let sizeBytes = 0;
  for (const node of nodesOfPrefix(layers, prefix)) {
    sizeBytes += node.userData.length;
    if (node.array === undefined) continue;
    const array = node as ArrayNode;
    for await (const { rows, rowNumbers } of chunkBatches(layers, assets, array, signal)) {
      for (const row of rowNumbers) sizeBytes += rows.byteLength(row);
    }
  }
  return sizeBytes;
}
