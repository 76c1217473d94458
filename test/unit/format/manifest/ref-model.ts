/** A plain model of chunk references, and fast-check arbitraries for them. */
import fc from "fast-check";
import { objectIdFromBytes, objectIdToBytes } from "../../../../src/format/ids.ts";
import type { ChunkRef } from "../../../../src/format/manifest/chunk-ref.ts";
import type { ChunkRows } from "../../../../src/format/manifest/chunk-rows.ts";
import { type RowSelection, selectRows } from "../../../../src/format/manifest/row-selection.ts";
import { ChunkTable } from "../../../../src/session/changes/chunk-table.ts";
import type { Dot } from "../../../../src/session/changes/dot.ts";
import { setVirtual } from "../../../../src/session/changes/set-virtual.ts";

export const DOT: Dot = { origin: "000G40R40M30E209185G", epoch: 1 };
export const MANIFEST_ID = "1CECHNKREP0F1RSTCMT0";
export const NODE_A = "1J5JJ9X1SEYJ8";
export const NODE_B = "2J5JJ9X1SEYJ8";

/** References by coordinates, joined with commas; `undefined`: deleted. */
export type RefModel = Map<string, ChunkRef | undefined>;

export const keyOf = (coordinates: readonly number[]): string => coordinates.join(",");
export const coordinatesOf = (key: string): number[] =>
  key === "" ? [] : key.split(",").map(Number);

/** Compares coordinates as numbers, first dimension first. */
export function compareKeys(a: string, b: string): number {
  const [x, y] = [coordinatesOf(a), coordinatesOf(b)];
  for (let d = 0; d < x.length; d++) if (x[d] !== y[d]) return x[d]! - y[d]!;
  return 0;
}

const safeInteger = fc.oneof(
  fc.nat(5),
  fc.nat(100_000),
  fc.maxSafeNat(),
  fc.constantFrom(2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1),
);

const location = fc.oneof(
  fc.constantFrom("s3://bkt/a.nc", "s3://bkt/b.nc", "vcc://cont/c.nc"),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 }).map((key) => `s3://bkt/${key}`),
  fc.nat(500).map((length) => `s3://bkt/${"k".repeat(length)}`),
);

/** Any reference that a session can hold. */
export const anyRef: fc.Arbitrary<ChunkRef> = fc.oneof(
  fc
    .uint8Array({ minLength: 1, maxLength: 40 })
    .map((bytes): ChunkRef => ({ type: "inline", bytes })),
  fc
    .record({
      id: fc.uint8Array({ minLength: 12, maxLength: 12 }).map(objectIdFromBytes),
      offset: safeInteger,
      length: safeInteger,
    })
    .map((ref): ChunkRef => ({ type: "native", ...ref })),
  fc
    .record(
      {
        location,
        offset: safeInteger,
        length: safeInteger,
        etag: fc.oneof(fc.constantFrom('"e"', ""), fc.string({ maxLength: 12 })),
        lastModifiedSeconds: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
      },
      { requiredKeys: ["location", "offset", "length"] },
    )
    .map((ref): ChunkRef => ({ type: "virtual", ...ref })),
);

/** Coordinates that collide often, in a small box or at the ends of u32. */
export function anyCoordinates(rank: number): fc.Arbitrary<number[]> {
  const coordinate = fc.oneof(
    { weight: 6, arbitrary: fc.nat(4) },
    { weight: 1, arbitrary: fc.nat(100_000) },
    { weight: 1, arbitrary: fc.constantFrom(0, 255, 256, 65_535, 65_536, 2 ** 31, 2 ** 32 - 2) },
  );
  return fc.array(coordinate, { minLength: rank, maxLength: rank });
}

export const anyRank: fc.Arbitrary<number> = fc.constantFrom(0, 1, 2, 3, 3, 5);

/** References to distinct chunks of one array, in any order. */
export const anyRefs: fc.Arbitrary<{ rank: number; refs: [number[], ChunkRef][] }> = anyRank.chain(
  (rank) =>
    fc
      .uniqueArray(fc.tuple(anyCoordinates(rank), anyRef), {
        selector: ([coordinates]) => keyOf(coordinates),
        maxLength: 40,
      })
      .map((refs) => ({ rank, refs })),
);

/** Writes a reference into a table. */
export function setRef(
  table: ChunkTable,
  coordinates: readonly number[],
  ref: ChunkRef | undefined,
  dot: Dot = DOT,
): void {
  if (ref === undefined) table.setTombstone(coordinates, dot);
  else if (ref.type === "inline") table.setInline(coordinates, ref.bytes, dot);
  else if (ref.type === "virtual") setVirtual(table, coordinates, ref, dot);
  else table.setNative(coordinates, objectIdToBytes(ref.id), ref.offset, ref.length, dot);
}

/** A table with those references, set in that order. */
export function tableOf(
  rank: number,
  refs: readonly [number[], ChunkRef | undefined][],
): ChunkTable {
  const table = new ChunkTable(rank);
  for (const [coordinates, ref] of refs) setRef(table, coordinates, ref);
  return table;
}

/** All rows of a table, for a manifest. */
export function selectionOf(table: ChunkTable): RowSelection {
  const within = Array.from({ length: table.rank }, () => ({ start: 0, end: 2 ** 32 }));
  return selectRows({
    rank: table.rank,
    base: [],
    changes: { rows: table, order: table.sortedOrder() },
    within,
  });
}

/** Rows in their order as coordinates and value. */
export function readRows(
  rows: ChunkRows,
  order?: ArrayLike<number>,
): [string, ChunkRef | undefined][] {
  return Array.from({ length: order?.length ?? rows.length }, (_, i) => {
    const row = order === undefined ? i : order[i]!;
    const coordinates = Array.from({ length: rows.rank }, (_, d) => rows.coordinate(row, d));
    return [keyOf(coordinates), rows.ref(row)];
  });
}

/** The model's entries in order of coordinates. */
export function sortedEntries(model: RefModel): [string, ChunkRef | undefined][] {
  return [...model].sort(([a], [b]) => compareKeys(a, b));
}
