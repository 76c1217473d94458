import * as fc from "fast-check";
import { expect, test } from "vitest";
import { volumeOf } from "../../../../src/base/coordinates.ts";
import type { ArraySource } from "../../../../src/dataset/array/array-source.ts";
import { memorySource } from "../../../../src/dataset/array/array-source.ts";
import { type AxisSelection, selectSource } from "../../../../src/dataset/array/axis-selection.ts";
import { transposeSource } from "../../../../src/dataset/array/transpose.ts";
import { wholeBox } from "../../../../src/zarr/box.ts";

function ramp(shape: readonly number[]): ArraySource {
  const values = Int32Array.from({ length: volumeOf(shape) }, (_, i) => i);
  return memorySource({ name: "int32" }, shape, values);
}

/** The values that a selection must give, one index at a time. */
function expected(shape: readonly number[], axes: readonly AxisSelection[]): number[] {
  let offsets = [0];
  axes.forEach((axis, d) => {
    const picked =
      axis.kind === "index"
        ? [axis.index]
        : axis.kind === "list"
          ? axis.indices
          : Array.from({ length: axis.end - axis.start }, (_, i) => axis.start + i);
    const size = shape[d] as number;
    offsets = offsets.flatMap((offset) => picked.map((index) => offset * size + index));
  });
  return offsets;
}

const axisOf = (size: number): fc.Arbitrary<AxisSelection> => {
  const position = fc.nat(size - 1);
  return fc.oneof(
    position.map((index) => ({ kind: "index", index }) as const),
    fc
      .tuple(fc.nat(size), fc.nat(size))
      .map(([a, b]) => ({ kind: "range", start: Math.min(a, b), end: Math.max(a, b) }) as const),
    fc.array(position, { maxLength: 5 }).map((indices) => ({ kind: "list", indices }) as const),
  );
};

const cases = fc
  .array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 3 })
  .chain((shape) => fc.tuple(fc.constant(shape), fc.tuple(...shape.map(axisOf))));

test("a selection holds exactly the elements that its indices name, lazy or not", async () => {
  await fc.assert(
    fc.asyncProperty(cases, async ([shape, axes]) => {
      const selected = selectSource(ramp(shape), axes);
      const box = wholeBox(selected.shape);

      expect(Array.from((await selected.read(box)) as Int32Array)).toEqual(expected(shape, axes));
      expect(Array.from(selected.readNow?.(box) as Int32Array)).toEqual(expected(shape, axes));
    }),
    { numRuns: 300 },
  );
});

test("a box of a selection is read from no more than it needs", async () => {
  const read: number[] = [];
  const source: ArraySource = {
    type: { name: "int32" },
    shape: [1000],
    async read([extent]) {
      const { start, end } = extent ?? { start: 0, end: 0 };
      read.push(end - start);
      return Int32Array.from({ length: end - start }, (_, i) => start + i);
    },
  };
  const selected = selectSource(source, [{ kind: "list", indices: [1, 2, 3, 900, 901, 0] }]);

  const values = await selected.read([{ start: 1, end: 5 }]);

  expect(values).toEqual(Int32Array.of(2, 3, 900, 901));
  expect(read).toEqual([2, 2]);
});

test("a transposed source gives every box as the transposed array has it", async () => {
  const turned = transposeSource(ramp([2, 3, 4]), [2, 0, 1]);

  const values = await turned.read([
    { start: 1, end: 3 },
    { start: 1, end: 2 },
    { start: 0, end: 2 },
  ]);

  expect(turned.shape).toEqual([4, 2, 3]);
  expect(values).toEqual(Int32Array.of(13, 17, 14, 18));
});
