import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  areAscending,
  boxContains,
  boxesMeet,
  type CoordinateRows,
  compareCoordinates,
  positionInBox,
  TightBox,
  uniteCoordinates,
} from "../../../src/base/coordinates.ts";

const rowsOf = (rank: number, rows: readonly number[][]) => ({
  rank,
  count: rows.length,
  data: Uint32Array.from(rows.flat()),
});
const listOf = ({ rank, count, data }: CoordinateRows): number[][] =>
  Array.from({ length: count }, (_, row) => [...data.subarray(row * rank, (row + 1) * rank)]);
const sign = (a: readonly number[], b: readonly number[]): number => {
  const d = a.findIndex((value, at) => value !== b[at]);
  return d < 0 ? 0 : (a[d] as number) < (b[d] as number) ? -1 : 1;
};
const ranked = fc.integer({ min: 0, max: 3 }).chain((rank) =>
  fc.tuple(
    fc.constant(rank),
    fc.array(fc.array(fc.integer({ min: 0, max: 4 }), { minLength: rank, maxLength: rank }), {
      maxLength: 20,
    }),
  ),
);

describe("lists of coordinates", () => {
  test("are compared number by number, the first one first", () => {
    fc.assert(
      fc.property(ranked, ([rank, rows]) => {
        const { data } = rowsOf(rank, rows);
        for (const [i, a] of rows.entries()) {
          for (const [j, b] of rows.entries()) {
            expect(compareCoordinates(data, i * rank, data, j * rank, rank)).toBe(sign(a, b));
          }
        }
      }),
    );
  });

  test("are united in order, each row once", () => {
    fc.assert(
      fc.property(ranked, fc.nat(20), ([rank, rows], cut) => {
        const expected = [...rows]
          .sort(sign)
          .filter((row, at, all) => at === 0 || sign(row, all[at - 1] as number[]) !== 0);
        const parts = [rows.slice(0, cut), rows.slice(cut)].map((part) => rowsOf(rank, part));

        const united = uniteCoordinates(parts);

        expect(listOf(united)).toEqual(expected);
        expect(areAscending(united.data, rank, united.count)).toBe(true);
      }),
    );
  });
});

describe("boxes of coordinates", () => {
  const box = [
    { start: 1, end: 3 },
    { start: 4, end: 6 },
  ];

  test("hold their start and not their end", () => {
    expect(boxContains(box, [1, 5])).toBe(true);
    expect(boxContains(box, [3, 5])).toBe(false);
    expect(boxContains(box, [2, 3])).toBe(false);
    expect(boxContains([], [])).toBe(true);
  });

  test("meet where they share a position in every dimension", () => {
    const beside = [{ start: 3, end: 4 }, box[1] as (typeof box)[1]];
    const corner = [
      { start: 2, end: 9 },
      { start: 0, end: 5 },
    ];

    expect(boxesMeet(box, beside)).toBe(false);
    expect(boxesMeet(box, corner)).toBe(true);
  });

  test("are as small as the coordinates they cover", () => {
    const tight = new TightBox(2);
    for (const row of [
      [5, 7],
      [2, 7],
    ])
      for (const [d, coordinate] of row.entries()) tight.cover(d, coordinate);

    expect([...tight.starts]).toEqual([2, 7]);
    expect(tight.lengths()).toEqual([4, 1]);
  });

  test("number their positions, the last dimension fastest", () => {
    const first = Uint32Array.of(1, 4);
    const last = Uint32Array.of(9, 9, 2, 5);
    const position = (coordinates: number[]) => positionInBox(first, last, 2, coordinates, 2);

    expect([position([1, 4]), position([1, 5]), position([2, 4])]).toEqual([0, 1, 2]);
    expect(position([3, 4])).toBe(Number.POSITIVE_INFINITY);
    expect(position([1.5, 4])).toBe(Number.POSITIVE_INFINITY);
  });
});
