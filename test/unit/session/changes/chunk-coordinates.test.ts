import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ChunkCoordinates,
  cappedCoordinates,
  coordinatesOfUpdate,
  unionCoordinates,
} from "../../../../src/session/changes/chunk-coordinates.ts";

const of = (rank: number, ...rows: number[][]): ChunkCoordinates =>
  new ChunkCoordinates(rank, rows.length, Uint32Array.from(rows.flat()));

describe("ChunkCoordinates", () => {
  test("iterates, and prints as lists", () => {
    const coordinates = of(2, [0, 1], [3, 4]);

    expect([...coordinates]).toEqual([
      [0, 1],
      [3, 4],
    ]);
    expect(JSON.stringify(coordinates)).toBe("[[0,1],[3,4]]");
  });

  test("shows a console the first ones, and how many there are", () => {
    const many = of(1, ...Array.from({ length: 12 }, (_, i) => [i]));

    expect(inspect(of(2, [0, 1], [3, 4]))).toBe("<2 chunk(s): [0,1], [3,4]>");
    expect(inspect(many)).toMatch(/^<12 chunk\(s\): \[0\], .*\[9\], ... and 2 more>$/);
    expect(inspect(of(2))).toBe("<0 chunk(s)>");
  });

  test("the coordinates of a scalar are one empty list", () => {
    expect([...of(0, [])]).toEqual([[]]);
  });

  test("takes a copy of a transaction log's entry", () => {
    const data = Uint32Array.of(5, 6);
    const coordinates = coordinatesOfUpdate({ nodeId: "N", rank: 1, count: 2, data });

    data[0] = 9;

    expect([...coordinates]).toEqual([[5], [6]]);
  });
});

describe("unionCoordinates", () => {
  const rows = fc.array(fc.tuple(fc.nat(5), fc.nat(5)), { maxLength: 30 });
  const distinct = (all: number[][]) =>
    [...new Set(all.map((row) => row.join()))]
      .map((text) => text.split(",").map(Number))
      .sort((a, b) => a[0]! - b[0]! || a[1]! - b[1]!);

  test("gives what a set of lists gives, sorted, whatever the order of the input", () => {
    fc.assert(
      fc.property(rows, rows, (a, b) => {
        expect([...unionCoordinates([of(2, ...a), of(2, ...b)])]).toEqual(distinct([...a, ...b]));
      }),
    );
  });

  test("of scalars", () => {
    expect([...unionCoordinates([of(0, []), of(0, [])])]).toEqual([[]]);
  });

  test("the union of nothing is empty", () => {
    expect(unionCoordinates([]).length).toBe(0);
  });
});

describe("cappedCoordinates", () => {
  test("keeps a thousand and counts all", () => {
    const rows = Array.from({ length: 1500 }, (_, i) => [i]);

    const { chunkCoordinates, total } = cappedCoordinates(of(1, ...rows));

    expect([chunkCoordinates.length, total]).toEqual([1000, 1500]);
    expect(chunkCoordinates.toJSON().at(-1)).toEqual([999]);
  });
});
