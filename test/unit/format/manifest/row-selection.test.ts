import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BulkRows } from "../../../../src/format/manifest/bulk-rows.ts";
import type { ChunkRef } from "../../../../src/format/manifest/chunk-ref.ts";
import { type ChunkRows, ROW_NATIVE } from "../../../../src/format/manifest/chunk-rows.ts";
import { parseManifest } from "../../../../src/format/manifest/read.ts";
import { bulkRows } from "../../../../src/format/manifest/ref-columns.ts";
import { type RowSelection, selectRows } from "../../../../src/format/manifest/row-selection.ts";
import { firstUnfitRow } from "../../../../src/format/manifest/rows-within.ts";
import { encodeManifest } from "../../../../src/format/manifest/write.ts";
import {
  anyCoordinates,
  anyRank,
  anyRef,
  keyOf,
  MANIFEST_ID,
  NODE_A,
  type RefModel,
  selectionOf,
  sortedEntries,
  tableOf,
} from "./ref-model.ts";

/** Rows that say what they are, for reading selections. */
type ReadableRows = BulkRows & Pick<ChunkRows, "ref">;
type Entry = [number[], ChunkRef | undefined];

const anyInput = anyRank.chain((rank) => {
  const entries = (isChange: boolean): fc.Arbitrary<Entry[]> =>
    fc.uniqueArray(
      fc.tuple(anyCoordinates(rank), isChange ? fc.option(anyRef, { nil: undefined }) : anyRef),
      { selector: ([coordinates]) => keyOf(coordinates), maxLength: 25 },
    );
  return fc.record({
    rank: fc.constant(rank),
    base: fc.array(entries(false), { maxLength: 4 }),
    changes: fc.option(entries(true), { nil: undefined }),
    within: fc.array(
      fc
        .tuple(fc.nat(3), fc.constantFrom(1, 3, 2 ** 32))
        .map(([start, size]) => ({ start, end: start + size })),
      { minLength: rank, maxLength: rank },
    ),
  });
});

async function manifestRows(rank: number, entries: readonly Entry[]): Promise<ReadableRows[]> {
  const selection = selectionOf(tableOf(rank, entries));
  const { payload } = await encodeManifest({
    id: MANIFEST_ID,
    arrays: [{ nodeId: NODE_A, selection }],
  });
  const rows = (await parseManifest(payload, "base")).rows(NODE_A);
  return rows === undefined ? [] : [{ ...bulkRows(rows), ref: (row) => rows.ref(row) }];
}

function read({ rank, sources, runs }: RowSelection) {
  const entries = [];
  for (let run = 0; run < runs.length; run += 3) {
    const { rows, order } = sources[runs[run]!]!;
    for (let at = runs[run + 1]!; at < runs[run + 2]!; at++) {
      const row = order?.[at] ?? at;
      const coordinates = Array.from({ length: rank }, (_, d) => rows.coordinate(row, d));
      entries.push([keyOf(coordinates), (rows as ReadableRows).ref(row)]);
    }
  }
  return entries;
}

describe("a row selection", () => {
  test("is the base under the changes, without tombstones and what lies outside", async () => {
    await fc.assert(
      fc.asyncProperty(anyInput, async ({ rank, base, changes, within }) => {
        const model: RefModel = new Map();
        // Of two base sources with one chunk the first counts.
        for (const entries of [...base].reverse()) {
          for (const [coordinates, ref] of entries) model.set(keyOf(coordinates), ref);
        }
        for (const [coordinates, ref] of changes ?? []) model.set(keyOf(coordinates), ref);
        const expected = sortedEntries(model).filter(([key, ref]) => {
          const coordinates = key === "" ? [] : key.split(",").map(Number);
          return (
            ref !== undefined &&
            coordinates.every((c, d) => c >= within[d]!.start && c < within[d]!.end)
          );
        });

        const sources = await Promise.all(base.map((entries) => manifestRows(rank, entries)));
        const table = changes === undefined ? undefined : tableOf(rank, changes);
        const selection = selectRows({
          rank,
          base: sources.flat().map((rows) => ({ rows })),
          changes: table && { rows: table, order: table.sortedOrder() },
          within,
        });

        expect(read(selection)).toEqual(expected);
        expect(selection.length).toBe(expected.length);
      }),
      { numRuns: 200 },
    );
  });

  test("has tight extents", async () => {
    await fc.assert(
      fc.asyncProperty(
        anyInput.filter(({ changes }) => changes !== undefined),
        async ({ rank, changes }) => {
          const table = tableOf(rank, changes!);
          const selection = selectionOf(table);
          const present = changes!.filter(([, ref]) => ref !== undefined).map(([c]) => c);
          const expected = Array.from({ length: rank }, (_, d) => ({
            start: present.length === 0 ? 0 : Math.min(...present.map((c) => c[d]!)),
            end: present.length === 0 ? 0 : Math.max(...present.map((c) => c[d]!)) + 1,
          }));

          const { extents } = await encodeManifest({
            id: MANIFEST_ID,
            arrays: [{ nodeId: NODE_A, selection }],
          });

          expect(extents.get(NODE_A)).toEqual(expected);
        },
      ),
    );
  });

  test("costs a bisection of the base for each change, not a look at each row", async () => {
    const inline: ChunkRef = { type: "inline", bytes: Uint8Array.of(1) };
    const rowCount = 2 ** 14;
    const [base] = await manifestRows(
      1,
      Array.from({ length: rowCount }, (_, i) => [[2 * i], inline]),
    );
    const changed = [1, 4000, 9001, 20_002, 2 * rowCount + 1];
    const rows = tableOf(
      1,
      changed.map((i) => [[i], inline]),
    );
    let looks = 0;
    const counted = new Proxy(base!, {
      get(target, name) {
        const value = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => {
          looks++;
          return value.apply(target, args);
        };
      },
    });
    const within = [{ start: 0, end: 2 ** 32 }];
    const selection = selectRows({
      rank: 1,
      base: [{ rows: counted }],
      changes: { rows, order: undefined },
      within,
    });

    expect(selection.length).toBe(rowCount + 3);
    expect(looks).toBeLessThan(changed.length * 3 * Math.log2(rowCount));
    looks = 0;
    const { payload } = await encodeManifest({
      id: MANIFEST_ID,
      arrays: [{ nodeId: NODE_A, selection }],
    });

    // Blocks of rows are read in two rounds, to measure and to write.
    expect(looks).toBeLessThan(rowCount / 50);
    const again = (await parseManifest(payload, "again")).rows(NODE_A);
    expect(again?.length).toBe(selection.length);
    for (const i of changed) expect(again?.find([i])).toBeGreaterThanOrEqual(0);
  });

  test("leaves out base rows of another rank", async () => {
    const inline: ChunkRef = { type: "inline", bytes: Uint8Array.of(1) };
    const base = [
      ...(await manifestRows(1, [[[0], inline]])),
      ...(await manifestRows(2, [[[1, 0], inline]])),
    ];
    const selection = selectRows({
      rank: 1,
      base: base.map((rows) => ({ rows })),
      within: [{ start: 0, end: 9 }],
    });

    expect(read(selection)).toEqual([["0", inline]]);
  });

  test("takes the changes that its order lists, and no others", () => {
    const inline: ChunkRef = { type: "inline", bytes: Uint8Array.of(1) };
    const rows = tableOf(1, [
      [[0], inline],
      [[1], inline],
      [[2], inline],
    ]);
    const selection = selectRows({
      rank: 1,
      base: [],
      changes: { rows, order: Uint32Array.of(0, 2) },
      within: [{ start: 0, end: 9 }],
    });

    expect(read(selection).map(([key]) => key)).toEqual(["0", "2"]);
  });
});

test("a damaged reference outside of the box is left out like any other", () => {
  const rows = {
    kind(row: number): number {
      if (row === 1) throw new Error("no payload");
      return ROW_NATIVE;
    },
    coordinate: (row: number) => row,
  } as unknown as ChunkRows;
  const run = { order: undefined, start: 0, end: 2 };

  expect(firstUnfitRow(rows, run, [{ start: 0, end: 1 }])).toBe(1);
  expect(() => firstUnfitRow(rows, run, [{ start: 0, end: 2 }])).toThrow("no payload");
});
