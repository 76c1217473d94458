/**
 * All chunks of an array, or those whose coordinates begin alike: source by source (the base's
 * manifests, the overlay, the own changes), in each of them one run of sorted rows.
 */
import type { AssetStore } from "../../assets/asset-store.ts";
import { boxContains, volumeOf } from "../../base/coordinates.ts";
import { firstPosition } from "../../base/first-position.ts";
import { type ChunkRows, ROW_TOMBSTONE } from "../../format/manifest/chunk-rows.ts";
import { readCoordinates } from "../../format/manifest/row-values.ts";
import type { DimensionShape } from "../../format/snapshot/array-data.ts";
import type { ChunkTable } from "../changes/chunk-table.ts";
import type { Layers } from "../state/layers.ts";
import { isInGrid, pendingChunk, readManifestRows } from "./chunks.ts";
import { type ArrayNode, baseNodeOf } from "./nodes.ts";

/** Rows of one source in order of their coordinates. */
interface SortedRows {
  readonly rows: ChunkRows;
  /** How many there are. */
  readonly count: number;
  /** The number of the row at a position. */
  rowAt(position: number): number;
}

/** Those at the positions [start, end), of which only the visible ones are chunks. */
interface ChunkRun extends SortedRows {
  readonly start: number;
  readonly end: number;
  /** Whether the row is a chunk of the array that no layer above replaces or deletes. */
  isVisible(row: number): boolean;
}

/** Rows of one source, by number. */
export interface ChunkBatch {
  readonly rows: ChunkRows;
  readonly rowNumbers: Uint32Array;
}

/**
 * Every existing chunk of an array whose coordinates begin with `leading`: base rows in manifest
 * order, then pending ones sorted. At most one manifest is held at a time.
 */
export async function* batchesOfRuns(
  layers: Layers,
  assets: AssetStore,
  node: ArrayNode,
  signal?: AbortSignal,
  leading: readonly number[] = [],
): AsyncGenerator<ChunkBatch> {
  for await (const run of chunkRuns(layers, assets, node, leading, signal)) {
    const rowNumbers = new Uint32Array(run.end - run.start);
    let length = 0;
    for (let at = run.start; at < run.end; at++) {
      const row = run.rowAt(at);
      if (run.isVisible(row)) rowNumbers[length++] = row;
    }
    yield { rows: run.rows, rowNumbers: rowNumbers.subarray(0, length) };
  }
}

/**
 * The coordinates along the next dimension of all chunks whose coordinates begin with `leading`,
 * sorted. Chunks that have one in common cost one step.
 */
export async function coordinatesInRuns(
  layers: Layers,
  assets: AssetStore,
  node: ArrayNode,
  leading: readonly number[],
  signal?: AbortSignal,
): Promise<number[]> {
  const values = new Set<number>();
  if (leading.length >= node.array.shape.length) return [];
  for await (const run of chunkRuns(layers, assets, node, leading, signal)) {
    for (let at = run.start; at < run.end; ) {
      const row = run.rowAt(at);
      const value = run.rows.coordinate(row, leading.length);
      const isThere = values.has(value) || run.isVisible(row);
      if (isThere) values.add(value);
      at = isThere ? endOfRun(run, at, leading.length + 1) : at + 1;
    }
  }
  return [...values].sort((a, b) => a - b);
}

/**
 * The runs of chunks whose coordinates begin with `leading`. Manifests that can have none of them
 * are not read. Each run is valid until the session writes.
 */
async function* chunkRuns(
  layers: Layers,
  assets: AssetStore,
  node: ArrayNode,
  leading: readonly number[],
  signal?: AbortSignal,
): AsyncGenerator<ChunkRun> {
  const { shape } = node.array;
  if (leading.length > shape.length) return;
  const coordinates = new Uint32Array(shape.length);
  const readInGrid = (rows: ChunkRows, row: number): boolean => {
    readCoordinates(rows, row, coordinates);
    return isInGrid(coordinates, shape);
  };
  for (const { id, extents } of baseNodeOf(layers, node)?.manifests ?? []) {
    if (!boxContains(extents.slice(0, leading.length), leading)) continue;
    const rows = await readManifestRows(layers, assets, id, node, signal);
    if (rows?.rank !== shape.length) continue;
    const isVisible = (row: number): boolean =>
      readInGrid(rows, row) && pendingChunk(layers, node.id, coordinates) === undefined;
    yield runOf({ rows, count: rows.length, rowAt: (at) => at }, leading, isVisible);
  }
  for (const [changes, upper] of [
    [layers.overlay, layers.own],
    [layers.own, undefined],
  ] as const) {
    const rows = changes.chunks.get(node.id);
    if (rows?.rank !== shape.length) continue;
    const hiding = upper?.chunks.get(node.id);
    const isVisible = (row: number): boolean =>
      rows.kind(row) !== ROW_TOMBSTONE &&
      readInGrid(rows, row) &&
      (hiding === undefined || hiding.find(coordinates) < 0);
    yield runOf(sortedRows(rows, leading, shape), leading, isVisible);
  }
}

/**
 * The rows of a table, sorted, at least all that begin with `leading`. Sorting costs as much as
 * the table is long, each time that it has changed: where fewer chunks can be meant, they are
 * looked for one by one.
 */
function sortedRows(
  rows: ChunkTable,
  leading: readonly number[],
  shape: readonly DimensionShape[],
): SortedRows {
  if (rows.isAscending) return { rows, count: rows.length, rowAt: (at) => at };
  const lengths = shape.slice(leading.length).map(({ chunkCount }) => chunkCount);
  const order =
    volumeOf(lengths) < rows.length ? findInBox(rows, leading, lengths) : rows.sortedOrder();
  return { rows, count: order.length, rowAt: (at) => order[at] as number };
}

/** Numbers of the rows at `leading` followed by a position in the box of `lengths`, in order. */
function findInBox(
  rows: ChunkTable,
  leading: readonly number[],
  lengths: readonly number[],
): ArrayLike<number> {
  const coordinates = [...leading, ...lengths.map(() => 0)];
  const found: number[] = [];
  for (let left = volumeOf(lengths); left > 0; left--) {
    const row = rows.find(coordinates);
    if (row >= 0) found.push(row);
    for (let d = rows.rank - 1; d >= leading.length; d--) {
      const next = (coordinates[d] as number) + 1;
      const isInside = next < (lengths[d - leading.length] as number);
      coordinates[d] = isInside ? next : 0;
      if (isInside) break;
    }
  }
  return found;
}

function runOf(
  sorted: SortedRows,
  leading: readonly number[],
  isVisible: ChunkRun["isVisible"],
): ChunkRun {
  const { rows, count, rowAt } = sorted;
  const start = firstPosition(0, count, (at) => !isBefore(rows, rowAt(at), leading));
  const isFound = start < count && beginsWith(rows, rowAt(start), leading);
  const end = isFound ? endOfRun({ ...sorted, end: count }, start, leading.length) : start;
  return { ...sorted, start, end, isVisible };
}

/** The position behind the rows that have their first `length` coordinates in common with that at `start`. */
function endOfRun(
  { rows, rowAt, end }: SortedRows & Pick<ChunkRun, "end">,
  start: number,
  length: number,
): number {
  const common = new Uint32Array(length);
  for (let d = 0; d < length; d++) common[d] = rows.coordinate(rowAt(start), d);
  // Runs are short more often than not: look close by first.
  let reach = 1;
  while (start + reach < end && beginsWith(rows, rowAt(start + reach), common)) reach *= 2;
  const from = start + (reach >>> 1) + 1;
  return firstPosition(
    from,
    Math.min(start + reach, end),
    (at) => !beginsWith(rows, rowAt(at), common),
  );
}

function beginsWith(rows: ChunkRows, row: number, leading: ArrayLike<number>): boolean {
  for (let d = 0; d < leading.length; d++) {
    if (rows.coordinate(row, d) !== leading[d]) return false;
  }
  return true;
}

/** Whether the row's coordinates come before all that begin with `leading`. */
function isBefore(rows: ChunkRows, row: number, leading: ArrayLike<number>): boolean {
  for (let d = 0; d < leading.length; d++) {
    const coordinate = rows.coordinate(row, d);
    if (coordinate !== leading[d]) return coordinate < (leading[d] as number);
  }
  return false;
}
