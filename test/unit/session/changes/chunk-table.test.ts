import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ChunkRef } from "../../../../src/format/manifest/chunk-ref.ts";
import { ROW_TOMBSTONE } from "../../../../src/format/manifest/chunk-rows.ts";
import { equalRows } from "../../../../src/format/manifest/row-values.ts";
import { ChunkTable } from "../../../../src/session/changes/chunk-table.ts";
import type { Dot } from "../../../../src/session/changes/dot.ts";
import { setVirtual } from "../../../../src/session/changes/set-virtual.ts";
import { setVirtualColumns } from "../../../../src/session/virtual/columns.ts";
import {
  anyCoordinates,
  anyRank,
  anyRef,
  anyRefs,
  DOT,
  keyOf,
  type RefModel,
  readRows,
  setRef,
  sortedEntries,
  tableOf,
} from "../../format/manifest/ref-model.ts";

const OTHER: Dot = { origin: "100G40R40M30E209185G", epoch: 7 };
const virtual = (location: string, offset = 0, length = 1): ChunkRef => ({
  type: "virtual",
  location,
  offset,
  length,
});

type Step = { coordinates: number[]; ref?: ChunkRef | undefined; remove?: boolean; dot: Dot };

const anySteps = anyRank.chain((rank) =>
  fc
    .array(
      fc.record({
        coordinates: anyCoordinates(rank),
        ref: fc.option(anyRef, { nil: undefined, freq: 6 }),
        remove: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
        dot: fc.constantFrom(DOT, { ...DOT }, OTHER),
      }),
      { maxLength: 80 },
    )
    .map((steps: Step[]) => ({ rank, steps })),
);

function run(rank: number, steps: readonly Step[]) {
  const table = new ChunkTable(rank);
  const model: RefModel = new Map();
  const dots = new Map<string, Dot>();
  for (const { coordinates, ref, remove, dot } of steps) {
    const key = keyOf(coordinates);
    if (remove) {
      expect(table.remove(coordinates)).toBe(model.delete(key));
      dots.delete(key);
    } else {
      setRef(table, coordinates, ref, dot);
      model.set(key, ref);
      dots.set(key, dot);
    }
  }
  return { table, model, dots };
}

function expectSame(table: ChunkTable, model: RefModel, dots?: Map<string, Dot>): void {
  expect(table.length).toBe(model.size);
  expect(readRows(table, table.sortedOrder())).toEqual(sortedEntries(model));
  for (const [key, ref] of model) {
    const row = table.find(key === "" ? [] : key.split(",").map(Number));
    expect(table.ref(row)).toEqual(ref);
    if (dots !== undefined) expect(table.dot(row)).toEqual(dots.get(key));
  }
}

describe("a chunk table", () => {
  test("holds what a map would hold after any sequence of writes and removals", () => {
    fc.assert(
      fc.property(anySteps, ({ rank, steps }) => {
        const { table, model, dots } = run(rank, steps);
        expectSame(table, model, dots);
      }),
      { numRuns: 300 },
    );
  });

  test("does not find what was never set or was removed", () => {
    fc.assert(
      fc.property(anySteps, fc.array(fc.nat(6), { maxLength: 5 }), ({ rank, steps }, probe) => {
        const { table, model } = run(rank, steps);
        const known = probe.length === rank && model.has(keyOf(probe));
        expect(table.find(probe) >= 0).toBe(known);
        expect(table.find(new Array(rank + 1).fill(0))).toBe(-1);
        if (rank > 0) expect(table.find(new Array(rank).fill(-1))).toBe(-1);
      }),
    );
  });

  test("stays as it is when its successors are written to, one after the other", () => {
    const writes = fc.array(fc.tuple(fc.boolean(), fc.array(fc.tuple(fc.nat(3), anyRef))), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(anySteps, writes, ({ rank, steps }, rounds) => {
        let { table, model } = run(rank, steps);
        const seen: [ChunkTable, typeof model][] = [];
        for (const [isRemoved, sets] of rounds) {
          seen.push([table, new Map(model)]);
          table = table.successor();
          for (const [n, ref] of sets) {
            const coordinates = new Array(rank).fill(n);
            setRef(table, coordinates, ref);
            model.set(keyOf(coordinates), ref);
          }
          const gone = new Array(rank).fill(0);
          if (isRemoved && table.remove(gone)) model.delete(keyOf(gone));
        }
        expectSame(table, model);
        for (const [before, content] of seen) {
          expectSame(before, content);
          expectSame(before.clone(), content);
        }
      }),
    );
  });

  test("is not changed by changes to its clone, nor the clone by changes to it", () => {
    fc.assert(
      fc.property(anySteps, anyRef, ({ rank, steps }, ref) => {
        const { table, model } = run(rank, steps);
        const clone = table.clone();
        const coordinates = new Array(rank).fill(1);
        setRef(clone, coordinates, ref);
        table.remove(new Array(rank).fill(0));

        expectSame(clone, new Map([...model, [keyOf(coordinates), ref]]));
        model.delete(keyOf(new Array(rank).fill(0)));
        expectSame(table, model);
      }),
    );
  });

  test("takes rows of another table with their dots", () => {
    fc.assert(
      fc.property(anyRank, fc.gen(), (rank, gen) => {
        const steps = (): Step[] =>
          gen(() => anySteps.filter((made) => made.rank === rank)).steps as Step[];
        const source = run(rank, steps());
        const target = run(rank, steps());
        target.table.setRows(source.table);
        for (const [key, ref] of source.model) target.model.set(key, ref);
        for (const [key, dot] of source.dots) target.dots.set(key, dot);

        expectSame(target.table, target.model, target.dots);
      }),
      { numRuns: 50 },
    );
  });

  test("compares rows by what they say, across tables", () => {
    fc.assert(
      fc.property(anyRef, anyRef, (a, b) => {
        const one = tableOf(1, [
          [[9], virtual("s3://b/unrelated")],
          [[0], a],
        ]);
        const other = tableOf(1, [
          [[5], a],
          [[6], b],
          [[7], undefined],
        ]);
        const row = one.find([0]);

        expect(equalRows(one, row, other, other.find([5]))).toBe(true);
        expect(equalRows(one, row, other, other.find([7]))).toBe(false);
        const isSame = JSON.stringify(a) === JSON.stringify(b);
        expect(equalRows(one, row, other, other.find([6]))).toBe(isSame);
      }),
    );
  });

  test("copies inline bytes on the way in and out", () => {
    const table = new ChunkTable(1);
    const bytes = Uint8Array.of(1, 2, 3);
    table.setInline([0], bytes, DOT);
    bytes.fill(9);
    const ref = table.ref(0);
    if (ref?.type === "inline") ref.bytes.fill(8);

    expect(table.payload(0)).toEqual(Uint8Array.of(1, 2, 3));
  });

  test("gives rows of equal dots one dot object", () => {
    const table = new ChunkTable(1);
    table.setTombstone([0], { ...DOT });
    table.setTombstone([1], { ...DOT });

    expect(table.dot(0)).toBe(table.dot(1));
    expect(table.kind(0)).toBe(ROW_TOMBSTONE);
  });

  test("lets go of overwritten inline bytes", () => {
    const table = new ChunkTable(1);
    const payload = (round: number): Uint8Array => new Uint8Array(60_000).fill(round);
    for (let round = 0; round < 200; round++) table.setInline([round % 3], payload(round), DOT);

    expect(table.bytesHeld).toBeLessThan(60_000 * 12);
    expect(table.payload(table.find([1]))).toEqual(payload(199));
    expect(table.payload(table.find([0]))).toEqual(payload(198));
  });

  test("lets go of overwritten locations and etags", () => {
    const table = new ChunkTable(1);
    for (let round = 0; round < 20_000; round++) {
      const ref = { location: `s3://bucket/${round}`, offset: 0, length: 1, etag: `"${round}"` };
      setVirtual(table, [round % 2], ref, DOT);
    }

    expect(table.strings.length).toBeLessThan(2_000);
    expect(table.location(table.find([1]))).toBe("s3://bucket/19999");
    expect(table.etag(table.find([0]))).toBe('"19998"');
  });

  test("sorts 70,000 rows that arrive in any order", () => {
    const table = new ChunkTable(2);
    const count = 70_000;
    for (let i = 0; i < count; i++) {
      const position = (i * 40_503) % count; // A permutation: no common factor.
      table.setTombstone([Math.floor(position / 250), (position % 250) * 300], DOT);
    }
    const order = table.sortedOrder();

    expect(table.length).toBe(count);
    for (let i = 0; i < count; i++) {
      const row = order[i]!;
      expect(table.coordinate(row, 0) * 250 + table.coordinate(row, 1) / 300).toBe(i);
    }
  });

  test("keeps its sorted order until it changes", () => {
    const table = tableOf(1, [
      [[2], undefined],
      [[1], undefined],
    ]);
    const order = table.sortedOrder();
    table.setTombstone([1], OTHER);
    expect(table.sortedOrder()).toBe(order);

    table.setTombstone([0], OTHER);
    expect([...table.sortedOrder()].map((row) => table.coordinate(row, 0))).toEqual([0, 1, 2]);
  });

  test("takes columns as it takes single references", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(3), { minLength: 0, maxLength: 3 }),
        anyRefs,
        fc.boolean(),
        (gridShape, { rank, refs }, isCoded) => {
          const count = gridShape.reduce((product, extent) => product * extent, 1);
          const gridOffset = gridShape.map((_, d) => d * 2);
          const positions = Array.from({ length: count }, (_, i) => i);
          const dictionary = ["s3://a/0", "s3://a/1", "s3://a/2"];
          const locations = positions.map((i) => dictionary[i % 3]!);
          const columns = {
            gridShape,
            gridOffset,
            locations: isCoded
              ? { dictionary, codes: Uint32Array.from(positions, (i) => i % 3) }
              : locations,
            offsets: Float64Array.from(positions, (i) => i * 2 ** 33),
            lengths: Float64Array.from(positions, (i) => i + 1),
            etag: '"same"',
          };
          const before = rank === gridShape.length ? refs : [];
          const bulk = tableOf(gridShape.length, before);
          const single = tableOf(gridShape.length, before);
          setVirtualColumns(bulk, columns, OTHER);
          for (const i of positions) {
            let rest = i;
            const coordinates = gridShape.map(() => 0);
            for (let d = gridShape.length - 1; d >= 0; d--) {
              coordinates[d] = gridOffset[d]! + (rest % gridShape[d]!);
              rest = Math.floor(rest / gridShape[d]!);
            }
            const range = { offset: i * 2 ** 33, length: i + 1 };
            setVirtual(
              single,
              coordinates,
              { location: locations[i]!, ...range, etag: '"same"' },
              OTHER,
            );
          }

          expect(readRows(bulk, bulk.sortedOrder())).toEqual(
            readRows(single, single.sortedOrder()),
          );
        },
      ),
    );
  });

  test("takes columns behind rows of which some were removed", () => {
    const table = new ChunkTable(1);
    const ref = { location: "s3://a/b", offset: 5, length: 6, etag: "e", lastModifiedSeconds: 7 };
    for (const at of [0, 1, 2]) setVirtual(table, [at], ref, OTHER);
    table.remove([2]);
    const lengths = Float64Array.of(1, 2);
    const locations = ["s3://a/c", "s3://a/d"];
    const columns = { gridShape: [2], gridOffset: [5], locations, offsets: new Float64Array(2) };
    setVirtualColumns(table, { ...columns, lengths }, DOT);

    expect(table.ref(2)).toEqual(virtual("s3://a/c", 0, 1));
    expect(table.ref(3)).toEqual(virtual("s3://a/d", 0, 2));
    expect([table.dot(1), table.dot(2), table.find([6])]).toEqual([OTHER, DOT, 3]);
  });

  test("takes all rows of a table that come behind its own as it takes them one by one", () => {
    const source = new ChunkTable(2);
    const ref = { location: "s3://a/b", offset: 5, length: 6, etag: "e", lastModifiedSeconds: 7 };
    for (const at of [2, 3, 5])
      setVirtual(source, [1, at], at === 3 ? ref : (virtual("s3://c") as never), OTHER);
    const [whole, single] = [0, 1].map(() => {
      const table = new ChunkTable(2);
      setVirtual(table, [1, 1], virtual("s3://c", 3) as never, DOT);
      return table;
    }) as [ChunkTable, ChunkTable];
    expect(source.isBehind(whole)).toBe(true);
    whole.setRows(source);
    for (const row of [0, 1, 2]) single.setRows(source, [row]);

    expect(source.isBehind(whole)).toBe(false);
    expect(readRows(whole, whole.sortedOrder())).toEqual(readRows(single, single.sortedOrder()));
    expect(whole.dot(3)).toEqual(OTHER);
  });

  test("holds a million references in 25 MB, distinct locations not counted", () => {
    const count = 1_000_000;
    const dictionary = Array.from(
      { length: 100 },
      (_, i) => `s3://bucket/some/prefix/file-${i}.nc`,
    );
    const table = new ChunkTable(3);
    setVirtualColumns(
      table,
      {
        gridShape: [100, 100, 100],
        locations: { dictionary, codes: Uint32Array.from({ length: count }, (_, i) => i % 100) },
        offsets: Float64Array.from({ length: count }, (_, i) => i * 1000),
        lengths: new Float64Array(count).fill(1000),
      },
      DOT,
    );

    expect(table.length).toBe(count);
    expect(table.bytesHeld).toBeLessThan(26e6);
    expect(table.ref(table.find([99, 99, 99]))).toEqual(
      virtual("s3://bucket/some/prefix/file-99.nc", 999_999_000, 1000),
    );
  });
});
