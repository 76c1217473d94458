/** What sessions and forks answer about their content, apart from the store. */

import { type AsyncList, asyncList } from "../../base/async-list.ts";
import { makeError } from "../../base/errors.ts";
import { lazyPart } from "../../base/lazy-part.ts";
import { checkOptions, describe, SIGNAL } from "../../base/options.ts";
import { ROW_INLINE, ROW_NATIVE, ROW_TOMBSTONE } from "../../format/manifest/chunk-rows.ts";
import { parsePath } from "../../format/node-path.ts";
import { type ChunkCoordinates, coordinatesOfRows } from "../changes/chunk-coordinates.ts";
import { loadLayers, type SessionState } from "../state/state.ts";
import { areCounts, findChunk } from "./chunks.ts";
import type { Diff } from "./diff.ts";
import { chunkBatches } from "./each-chunk.ts";
import { mustGetArray, mustGetNode, nodesUnder } from "./nodes.ts";

const loadDiff = /* @__PURE__ */ lazyPart(() => import("./diff.ts"));

/** Options of one query. */
export interface QueryOptions {
  readonly signal?: AbortSignal | undefined;
}

/** How a chunk is stored. */
export type ChunkType = "uninitialized" | "inline" | "native" | "virtual";

/** Coordinates of existing chunks, one by one or in batches. */
export interface ChunkCoordinateList extends AsyncList<number[]> {
  /** The same coordinates as flat batches: at most one per manifest, then up to two of pending chunks. */
  batches(): AsyncIterable<ChunkCoordinates>;
}

/** Coordinates of every existing chunk of the array at `path`. */
export function listChunkCoordinates(
  state: SessionState,
  path: string,
  options?: QueryOptions,
): ChunkCoordinateList {
  checkOptions("chunkCoordinates", options, SIGNAL);
  async function* batches(): AsyncGenerator<ChunkCoordinates> {
    const layers = await loadLayers(state, options?.signal);
    const node = mustGetArray(layers, parsePath(path));
    const { assets } = state.engine;
    for await (const { rows, rowNumbers } of chunkBatches(layers, assets, node, options?.signal)) {
      if (rowNumbers.length > 0) yield coordinatesOfRows(rows, rowNumbers);
    }
  }
  async function* each(): AsyncGenerator<number[]> {
    for await (const batch of batches()) yield* batch;
  }
  return { ...asyncList(each), batches };
}

/** How the chunk at `coordinates` of the array at `path` is stored. Requests as `findChunk`. */
export async function chunkTypeAt(
  state: SessionState,
  path: string,
  coordinates: readonly number[],
  options?: QueryOptions,
): Promise<ChunkType> {
  checkOptions("chunkType", options, SIGNAL);
  const layers = await loadLayers(state, options?.signal);
  const node = mustGetArray(layers, parsePath(path));
  const rank = node.array.shape.length;
  if (!Array.isArray(coordinates) || coordinates.length !== rank || !areCounts(coordinates)) {
    const shown = Array.isArray(coordinates)
      ? `[${coordinates.map(String)}]`
      : describe(coordinates);
    throw makeError(
      "invalid-chunk-index",
      `chunk ${shown} of ${node.path}: expected ${rank} whole number(s) from 0`,
      { details: { path: node.path, coordinates } },
    );
  }
  const found = await findChunk(layers, state.engine.assets, node, coordinates, options?.signal);
  if (found === undefined) return "uninitialized";
  const kind = found.rows.kind(found.row);
  if (kind === ROW_TOMBSTONE) return "uninitialized"; // Deleted since it was found.
  return kind === ROW_INLINE ? "inline" : kind === ROW_NATIVE ? "native" : "virtual";
}

/** The 13-character id of the node at `path`. @throws {node-not-found} */
export async function nodeIdAt(
  state: SessionState,
  path: string,
  options?: QueryOptions,
): Promise<string> {
  checkOptions("getNodeId", options, SIGNAL);
  return mustGetNode(await loadLayers(state, options?.signal), parsePath(path)).id;
}

/** What the session or fork has changed since its base. */
export async function statusOf(state: SessionState, options?: QueryOptions): Promise<Diff> {
  checkOptions("status", options, SIGNAL);
  const { statusOfLayers } = await loadDiff();
  return statusOfLayers(await loadLayers(state, options?.signal));
}

/** URLs of all virtual chunks, duplicates included. */
export function listVirtualLocations(
  state: SessionState,
  options?: QueryOptions,
): AsyncList<string> {
  checkOptions("allVirtualChunkLocations", options, SIGNAL);
  const signal = options?.signal;
  const { assets } = state.engine;
  return asyncList(async function* () {
    const layers = await loadLayers(state, signal);
    for (const node of nodesUnder(layers, "/")) {
      if (node.array === undefined) continue;
      const array = { ...node, array: node.array };
      for await (const { rows, rowNumbers } of chunkBatches(layers, assets, array, signal)) {
        for (const row of rowNumbers) {
          const kind = rows.kind(row);
          if (kind !== ROW_INLINE && kind !== ROW_NATIVE) yield rows.location(row);
        }
      }
    }
  });
}
