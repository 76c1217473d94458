/**
 * Which manifests of an array a commit keeps, and which cells of the split grid it writes anew.
 * Pure. Spec: docs/format.md "Extents"; docs/semantics.md "Splitting".
 *
 * The grid is cut into cells by the splitting configuration; a new manifest covers one cell. An
 * old manifest is kept unless a cell that it touches is written: extents of one array never
 * overlap, so whatever shares a cell with a written one is written too.
 */
import { boxesMeet } from "../../base/coordinates.ts";
import type { Extent } from "../../base/extent.ts";
import type { BulkRows } from "../../format/manifest/bulk-rows.ts";
import type { SortedRows } from "../../format/manifest/row-selection.ts";
import type { ManifestRef } from "../../format/snapshot/array-data.ts";

/** A cell to write: its box, the changed rows in it, and old manifests that lie in it alone. */
export interface CellPlan {
  readonly key: string;
  readonly within: readonly Extent[];
  /** `undefined`: only its manifests change. */
  readonly changes: SortedRows | undefined;
  readonly sources: readonly ManifestRef[];
}

/** What becomes of an array's manifests. */
export interface ManifestPlan {
  readonly kept: readonly ManifestRef[];
  readonly cells: readonly CellPlan[];
  /** Old manifests to be written anew whose rows fall into several cells: known only by reading them. */
  readonly scattered: readonly ManifestRef[];
}

/** The array as it will be, and what it was. */
interface ManifestPlanInput {
  /** Chunks per dimension after the commit. */
  readonly grid: readonly number[];
  /** Chunks per manifest and dimension. */
  readonly splitSizes: readonly number[];
  readonly manifests: readonly ManifestRef[];
  /** Changed rows, outside the grid too. */
  readonly changes: SortedRows | undefined;
}

/** Decides for one array whose chunks or grid changed. */
export function planManifests(input: ManifestPlanInput): ManifestPlan {
  const { grid, splitSizes, manifests } = input;
  const changed = changedCells(input);
  const boxes: Extent[][] = []; // Cell-aligned boxes of old manifests that are written anew.
  const single = new Map<string, ManifestRef[]>();
  const scattered: ManifestRef[] = [];
  let kept = manifests;
  // Each round moves at least one manifest out of `kept`, so there are at most that many rounds.
  for (let round = 0; round <= manifests.length; round++) {
    const moved = kept.filter((ref) => isTouched(ref, input, changed, boxes));
    if (moved.length === 0) break;
    const gone = new Set(moved);
    kept = kept.filter((ref) => !gone.has(ref));
    for (const ref of moved) {
      const box = clip(ref.extents, grid);
      if (box === undefined) continue; // Wholly outside the new grid: dropped.
      const key = cellKeyOf(box, splitSizes);
      if (key === undefined) scattered.push(ref);
      else single.set(key, [...(single.get(key) ?? []), ref]);
      boxes.push(alignToCells(box, splitSizes));
    }
  }
  const cells: CellPlan[] = [];
  for (const key of new Set([...changed.keys(), ...single.keys()])) {
    cells.push({
      key,
      within: cellBox(key, splitSizes, grid),
      changes: changed.get(key),
      sources: single.get(key) ?? [],
    });
  }
  return { kept, cells, scattered };
}

function changedCells({
  changes,
  grid,
  splitSizes,
}: ManifestPlanInput): ReadonlyMap<string, SortedRows> {
  if (changes === undefined || changes.rows.length === 0) return new Map();
  if (splitSizes.every((size, d) => size >= (grid[d] as number))) {
    const isEmpty = grid.some((count) => count === 0);
    return new Map(isEmpty ? [] : [[grid.map(() => 0).join(), changes]]);
  }
  return dealRows(changes, splitSizes, grid);
}

/** The rows of each cell, by its key. Those outside the grid are in none. */
export function dealRows(
  { rows, order }: SortedRows,
  splitSizes: readonly number[],
  grid: readonly number[],
): Map<string, SortedRows> {
  const lists = new Map<string, number[]>();
  for (let at = 0; at < rows.length; at++) {
    const row = order === undefined ? at : (order[at] as number);
    const key = cellKeyOfRow(rows, row, splitSizes, grid);
    if (key === undefined) continue;
    const list = lists.get(key);
    if (list === undefined) lists.set(key, [row]);
    else list.push(row);
  }
  return new Map([...lists].map(([key, list]) => [key, { rows, order: Uint32Array.from(list) }]));
}

function cellKeyOfRow(
  rows: BulkRows,
  row: number,
  splitSizes: readonly number[],
  grid: readonly number[],
): string | undefined {
  let key = "";
  for (let d = 0; d < grid.length; d++) {
    const coordinate = rows.coordinate(row, d);
    if (coordinate >= (grid[d] as number)) return undefined;
    const cell = Math.floor(coordinate / (splitSizes[d] as number));
    key = d === 0 ? String(cell) : `${key},${cell}`;
  }
  return key;
}

/** The box of chunk coordinates of a cell, within the grid. */
export function cellBox(
  key: string,
  splitSizes: readonly number[],
  grid: readonly number[],
): Extent[] {
  const cell = key === "" ? [] : key.split(",").map(Number);
  return grid.map((count, d) => {
    const size = splitSizes[d] as number;
    const start = (cell[d] as number) * size;
    return { start, end: Math.min(count, start + size) };
  });
}

function isTouched(
  ref: ManifestRef,
  { grid, splitSizes }: ManifestPlanInput,
  changed: ReadonlyMap<string, unknown>,
  boxes: readonly Extent[][],
): boolean {
  const box = clip(ref.extents, grid);
  if (box === undefined) return true;
  if (ref.extents.some(({ end }, d) => end > (grid[d] as number))) return true;
  if (boxes.some((other) => boxesMeet(box, other))) return true;
  const key = cellKeyOf(box, splitSizes);
  if (key !== undefined) return changed.has(key);
  for (const cell of changed.keys()) {
    if (boxesMeet(box, cellBox(cell, splitSizes, grid))) return true;
  }
  return false;
}

function clip(extents: readonly Extent[], grid: readonly number[]): Extent[] | undefined {
  const box = grid.map((count, d) => ({
    start: extents[d]?.start ?? 0,
    end: Math.min(extents[d]?.end ?? count, count),
  }));
  return box.some(({ start, end }) => start >= end) ? undefined : box;
}

/** The key of the one cell that holds the whole box, if there is one. */
function cellKeyOf(box: readonly Extent[], splitSizes: readonly number[]): string | undefined {
  const cell: number[] = [];
  for (let d = 0; d < box.length; d++) {
    const { start, end } = box[d] as Extent;
    const size = splitSizes[d] as number;
    const first = Math.floor(start / size);
    if (first !== Math.floor((end - 1) / size)) return undefined;
    cell.push(first);
  }
  return cell.join();
}

function alignToCells(box: readonly Extent[], splitSizes: readonly number[]): Extent[] {
  return box.map(({ start, end }, d) => {
    const size = splitSizes[d] as number;
    return { start: Math.floor(start / size) * size, end: Math.ceil(end / size) * size };
  });
}
