import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Extent } from "../../../../src/base/extent.ts";
import type { ManifestRef } from "../../../../src/format/snapshot/array-data.ts";
import { ChunkTable } from "../../../../src/session/changes/chunk-table.ts";
import { cellBox, planManifests } from "../../../../src/session/commit/manifest-cells.ts";
import { DOT } from "../../format/manifest/ref-model.ts";

const manifest = (id: string, ...extents: readonly [number, number][]): ManifestRef => ({
  id,
  extents: extents.map(([start, end]) => ({ start, end })),
});

type ManifestPlanInput = Parameters<typeof planManifests>[0];

function changesAt(rank: number, at: readonly (readonly number[])[]): ManifestPlanInput["changes"] {
  const rows = new ChunkTable(rank);
  for (const coordinates of at) rows.setInline([...coordinates], Uint8Array.of(1), DOT);
  return { rows, order: rows.sortedOrder() };
}

/** The plan in plain values, all lists sorted. */
function planOf(input: ManifestPlanInput) {
  const { kept, cells, scattered } = planManifests(input);
  const ids = (refs: readonly ManifestRef[]) => refs.map(({ id }) => id).sort();
  return {
    kept: ids(kept),
    scattered: ids(scattered),
    cells: cells
      .map(({ key, within, changes, sources }) => ({
        key,
        within: within.map(({ start, end }) => [start, end]),
        rows: Array.from(changes?.order ?? [], (row) =>
          within.map((_, d) => changes?.rows.coordinate(row, d) as number),
        ),
        sources: ids(sources),
      }))
      .sort((a, b) => (a.key < b.key ? -1 : 1)),
  };
}

describe("planManifests", () => {
  test("writes the cells with changes, the last one cut at the grid's end, and keeps the rest", () => {
    const plan = planOf({
      grid: [10],
      splitSizes: [4],
      manifests: [manifest("A", [0, 4]), manifest("B", [4, 8]), manifest("C", [8, 10])],
      changes: changesAt(1, [[9], [8], [3]]),
    });

    expect(plan).toEqual({
      kept: ["B"],
      scattered: [],
      cells: [
        { key: "0", within: [[0, 4]], rows: [[3]], sources: ["A"] },
        { key: "2", within: [[8, 10]], rows: [[8], [9]], sources: ["C"] },
      ],
    });
  });

  test("writes no cell for changes outside the grid", () => {
    const changes = changesAt(1, [[4], [9]]);

    expect(planOf({ grid: [4], splitSizes: [2], manifests: [], changes }).cells).toEqual([]);
  });

  test("reads the rows of a manifest in several cells, and all that shares a cell with it", () => {
    const plan = planOf({
      grid: [12],
      splitSizes: [4],
      manifests: [manifest("A", [0, 6]), manifest("B", [7, 8]), manifest("C", [8, 12])],
      changes: changesAt(1, [[1]]),
    });

    expect(plan).toEqual({
      kept: ["C"],
      scattered: ["A"],
      cells: [
        { key: "0", within: [[0, 4]], rows: [[1]], sources: [] },
        { key: "1", within: [[4, 8]], rows: [], sources: ["B"] },
      ],
    });
  });

  test("drops a manifest outside the new grid, and writes one that sticks out anew", () => {
    const manifests = [manifest("A", [0, 2]), manifest("B", [2, 6]), manifest("C", [6, 8])];

    const plan = planOf({ grid: [4], splitSizes: [2], manifests, changes: undefined });

    expect(plan).toEqual({
      kept: ["A"],
      scattered: [],
      cells: [{ key: "1", within: [[2, 4]], rows: [], sources: ["B"] }],
    });
  });

  test("agrees with a definition by cells, for any grid, splitting, manifests and changes", () => {
    const dimension = fc
      .record({ count: fc.integer({ min: 1, max: 7 }), size: fc.integer({ min: 1, max: 8 }) })
      .chain((shape) =>
        fc.record({
          shape: fc.constant(shape),
          // Where old manifests end along this dimension, beyond the grid too.
          cuts: fc.uniqueArray(fc.integer({ min: 1, max: shape.count + 2 }), { maxLength: 4 }),
        }),
      );
    const input = fc.array(dimension, { minLength: 1, maxLength: 2 }).chain((dimensions) => {
      const rank = dimensions.length;
      const boxes = dimensions.reduce<Extent[][]>(
        (list, { cuts }) => {
          const ends = [0, ...cuts.sort((a, b) => a - b)];
          const along = ends.slice(1).map((end, i) => ({ start: ends[i] as number, end }));
          return list.flatMap((box) => along.map((extent) => [...box, extent]));
        },
        [[]],
      );
      return fc.record({
        grid: fc.constant(dimensions.map(({ shape }) => shape.count)),
        splitSizes: fc.constant(dimensions.map(({ shape }) => shape.size)),
        manifests: fc
          .subarray(boxes)
          .map((chosen) =>
            chosen.map((extents, i) => ({ id: String(i).padStart(3, "0"), extents })),
          ),
        at: fc.array(fc.array(fc.nat(8), { minLength: rank, maxLength: rank }), { maxLength: 3 }),
      });
    });
    fc.assert(
      fc.property(input, ({ at: anywhere, ...given }) => {
        // Where there is one cell, rows outside the grid are left to whoever selects rows in it.
        const isOne = given.splitSizes.every((size, d) => size >= (given.grid[d] as number));
        const at = isOne
          ? anywhere.map((one) => one.map((i, d) => i % (given.grid[d] as number)))
          : anywhere;
        const planned = { ...given, changes: changesAt(given.grid.length, at) };

        expect(planOf(planned)).toEqual(definition(planned, at));
      }),
      { numRuns: 1000 },
    );
  });
});

/** Every cell of the grid that a box lies in, by key. */
function cellsOf(box: readonly Extent[], { grid, splitSizes }: ManifestPlanInput): Set<string> {
  const inside = box.reduce<number[][]>(
    (list, { start, end }, d) => {
      const last = Math.min(end, grid[d] as number);
      const along = Array.from({ length: Math.max(0, last - start) }, (_, i) => start + i);
      return list.flatMap((head) => along.map((i) => [...head, i]));
    },
    [[]],
  );
  return new Set(
    inside.map((at) => at.map((i, d) => Math.floor(i / (splitSizes[d] as number))).join()),
  );
}

/** Old manifests are written anew with every cell that is, and every cell that they lie in with them. */
function definition(input: ManifestPlanInput, at: readonly (readonly number[])[]) {
  const { grid, splitSizes, manifests } = input;
  const inGrid = at.filter((one) => one.every((i, d) => i < (grid[d] as number)));
  const distinct = [...new Map(inGrid.map((one) => [one.join(), one])).values()];
  const changed = new Set(
    distinct.map((one) => one.map((i, d) => Math.floor(i / (splitSizes[d] as number))).join()),
  );
  const written = new Set(changed);
  const anew = new Set<ManifestRef>();
  for (let before = -1; before < anew.size; ) {
    before = anew.size;
    for (const ref of manifests) {
      const cells = cellsOf(ref.extents, input);
      const sticksOut = ref.extents.some(({ end }, d) => end > (grid[d] as number));
      if (!sticksOut && ![...cells].some((key) => written.has(key))) continue;
      anew.add(ref);
      for (const key of cells) written.add(key);
    }
  }
  const moved = [...anew].filter((ref) => cellsOf(ref.extents, input).size > 0);
  const isSingle = (ref: ManifestRef): boolean => cellsOf(ref.extents, input).size === 1;
  const keys = new Set([
    ...changed,
    ...moved.filter(isSingle).flatMap((ref) => [...cellsOf(ref.extents, input)]),
  ]);
  const isIn = (key: string) => (ref: ManifestRef) => cellsOf(ref.extents, input).has(key);
  const sorted = distinct.sort(
    (a, b) => (a[0] as number) - (b[0] as number) || (a[1] ?? 0) - (b[1] ?? 0),
  );
  return {
    kept: manifests.filter((ref) => !anew.has(ref)).map(({ id }) => id),
    scattered: moved
      .filter((ref) => !isSingle(ref))
      .map(({ id }) => id)
      .sort(),
    cells: [...keys]
      .sort((a, b) => (a < b ? -1 : 1))
      .map((key) => ({
        key,
        within: cellBox(key, splitSizes, grid).map(({ start, end }) => [start, end]),
        rows: sorted.filter(
          (one) => one.map((i, d) => Math.floor(i / (splitSizes[d] as number))).join() === key,
        ),
        sources: moved
          .filter(isSingle)
          .filter(isIn(key))
          .map(({ id }) => id)
          .sort(),
      })),
  };
}
