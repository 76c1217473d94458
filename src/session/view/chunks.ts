/**
 * Chunks as a session sees them: its own table over the overlay's over the base's manifests.
 * Spec: v2 "Chunk Manifest Files"; docs/format.md "Extents" (the first manifest whose extents
 * contain the coordinate answers; a miss there is final).
 */
import type { AssetStore } from "../../assets/asset-store.ts";
import type { CoordinateRows } from "../../base/coordinates.ts";
import { makeError } from "../../base/errors.ts";
import { type ChunkRows, ROW_TOMBSTONE } from "../../format/manifest/chunk-rows.ts";
import type { CheckedRows, Manifest, ManifestRows } from "../../format/manifest/read.ts";
import type { DimensionShape, ManifestRef } from "../../format/snapshot/array-data.ts";
import type { ManifestFileInfo } from "../../format/snapshot/read.ts";
import type { Layers } from "../state/layers.ts";
import { manifestOf } from "./manifest-of.ts";
import { type ArrayNode, baseNodeOf } from "./nodes.ts";

const NO_MANIFESTS: readonly ManifestRef[] = [];

/** Where a chunk reference was found. Rows are valid until the session writes. */
export interface FoundChunk {
  readonly rows: ChunkRows;
  readonly row: number;
}

/** Whether `coordinates` lie in the grid, one per dimension. */
export function isInGrid(
  coordinates: ArrayLike<number>,
  shape: readonly DimensionShape[],
): boolean {
  if (coordinates.length !== shape.length) return false;
  for (let d = 0; d < shape.length; d++) {
    const { chunkCount } = shape[d] as DimensionShape;
    const coordinate = coordinates[d] as number;
    if (coordinate >= chunkCount || coordinate >>> 0 !== coordinate) return false;
  }
  return true;
}

/** Whether all rows of coordinates lie in the grid. */
export function areInGrid(
  { rank, count, data }: CoordinateRows,
  shape: readonly DimensionShape[],
): boolean {
  if (rank !== shape.length) return false;
  for (let d = 0; d < rank; d++) {
    const { chunkCount } = shape[d] as DimensionShape;
    for (let at = d; at < count * rank; at += rank)
      if ((data[at] as number) >= chunkCount) return false;
  }
  return true;
}

/** Whether all coordinates are whole numbers from 0: those of users may be anything. */
export function areCounts(coordinates: ArrayLike<number>): boolean {
  for (let d = 0; d < coordinates.length; d++) {
    const coordinate = coordinates[d] as number;
    if (!Number.isInteger(coordinate) || coordinate < 0) return false;
  }
  return true;
}

/** @throws {invalid-chunk-index} unless the coordinates name a chunk of the array */
export function assertInGrid(coordinates: ArrayLike<number>, node: ArrayNode): void {
  const { shape } = node.array;
  if (areCounts(coordinates) && isInGrid(coordinates, shape)) return;
  const found = Array.from(coordinates);
  const grid = shape.map(({ chunkCount }) => chunkCount);
  const reason =
    found.length === grid.length
      ? "is outside the chunk grid"
      : "has the wrong number of coordinates";
  throw makeError(
    "invalid-chunk-index",
    `chunk [${found.map(String)}] of ${node.path} ${reason}: the grid is [${grid}]`,
    { details: { path: node.path, coordinates: found, grid } },
  );
}

/** The pending row for a chunk; `undefined`: not touched. A tombstone is a row. */
export function pendingChunk(
  layers: Layers,
  nodeId: string,
  coordinates: ArrayLike<number>,
): FoundChunk | undefined {
  return (
    rowAt(layers.own.chunks.get(nodeId), coordinates) ??
    rowAt(layers.overlay.chunks.get(nodeId), coordinates)
  );
}

/**
 * The reference of a chunk, or `undefined` if it does not exist, with all that its rows say of it.
 * One GET at most, of a large manifest a few of its parts; answers at once where that is cached, so
 * that looking for a million chunks stays cheap.
 */
export function findChunk(
  layers: Layers,
  assets: AssetStore,
  node: ArrayNode,
  coordinates: ArrayLike<number>,
  signal?: AbortSignal,
): FoundChunk | undefined | Promise<FoundChunk | undefined> {
  if (!isInGrid(coordinates, node.array.shape)) return undefined;
  const pending = pendingChunk(layers, node.id, coordinates);
  if (pending !== undefined) {
    return pending.rows.kind(pending.row) === ROW_TOMBSTONE ? undefined : pending;
  }
  const manifests = baseNodeOf(layers, node)?.manifests ?? NO_MANIFESTS;
  const manifestId = manifestOf(manifests, coordinates)?.id;
  if (manifestId === undefined) return undefined;
  const { sizeBytes } = mustList(layers, manifestId);
  const cached = assets.cachedManifest(manifestId);
  if (cached !== undefined) return lookUp(cached, node, coordinates, signal);
  return assets
    .readManifest(manifestId, signal, sizeBytes)
    .then((manifest) => lookUp(manifest, node, coordinates, signal));
}

function lookUp(
  manifest: Manifest,
  node: ArrayNode,
  coordinates: ArrayLike<number>,
  signal: AbortSignal | undefined,
): ReturnType<typeof findChunk> {
  return manifest.attempt === undefined
    ? rowAt(manifest.lookup(node.id, node.array.shape.length), coordinates)
    : fetchRow(manifest, node, coordinates, signal);
}

/** A row of a manifest of which parts are still to be fetched: then all of it is there. */
function fetchRow(
  manifest: Manifest,
  node: ArrayNode,
  coordinates: ArrayLike<number>,
  signal: AbortSignal | undefined,
): ReturnType<typeof findChunk> {
  return manifest.attempt?.(() => {
    const found = rowAt(manifest.lookup(node.id, node.array.shape.length), coordinates);
    found?.rows.ref(found.row);
    return found;
  }, signal);
}

function rowAt(
  rows: (ChunkRows & Pick<ManifestRows, "find">) | undefined,
  coordinates: ArrayLike<number>,
): FoundChunk | undefined {
  if (rows === undefined) return undefined;
  const row = rows.find(coordinates);
  return row < 0 ? undefined : { rows, row };
}

/** The rows that a manifest holds for a node. @throws {manifest-info-not-found} if unlisted */
export async function readManifestRows(
  layers: Pick<Layers, "base">,
  assets: AssetStore,
  manifestId: string,
  node: ArrayNode,
  signal?: AbortSignal,
): Promise<CheckedRows | undefined> {
  mustList(layers, manifestId);
  const manifest = await assets.readManifest(manifestId, signal);
  const all = () => manifest.rows(node.id, node.array.shape.length);
  return manifest.attempt?.(all, signal) ?? all();
}

function mustList({ base }: Pick<Layers, "base">, manifestId: string): ManifestFileInfo {
  const listed = base.manifestFile(manifestId);
  if (listed !== undefined) return listed;
  const { id } = base.snapshot;
  throw makeError(
    "manifest-info-not-found",
    `snapshot ${id} does not list manifest ${manifestId}`,
    { details: { snapshotId: id, manifestId } },
  );
}
