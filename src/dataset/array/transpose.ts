/** Reorders the dimensions of an array in memory, and of a source. */

import { volumeOf } from "../../base/coordinates.ts";
import { shapeOf } from "../../zarr/box.ts";
import { transposeInto } from "../../zarr/codecs/elements.ts";
import type { ArraySource } from "./array-source.ts";
import { allocate, type ElementType, type Values } from "./elements.ts";

/** Values whose dimension `d` is dimension `order[d]` of the given ones. */
function transposeValues(
  type: ElementType,
  values: Values,
  shape: readonly number[],
  order: readonly number[],
): Values {
  if (order.every((from, to) => from === to)) return values;
  const target = allocate(type, volumeOf(shape), "a transposed array");
  transposeInto(target, values, shape, order);
  return target;
}

/** A source whose dimension `d` is dimension `order[d]` of the given one. */
export function transposeSource(source: ArraySource, order: readonly number[]): ArraySource {
  const inverse = order.map((_, d) => order.indexOf(d));
  const { type, isTemplate, isExact } = source;
  return {
    ...{ type, isTemplate, isExact },
    shape: order.map((d) => source.shape[d] as number),
    async read(box, signal) {
      const original = inverse.map((d) => box[d] as (typeof box)[number]);
      const values = await source.read(original, signal);
      return transposeValues(source.type, values, shapeOf(original), order);
    },
  };
}
