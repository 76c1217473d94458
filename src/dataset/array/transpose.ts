/** Reorders the dimensions of an array in memory, and of a source. */
import type { ArraySource } from "./array-source.ts";
import { elementCount, shapeOf, stridesOf } from "./box.ts";
import { allocate, type ElementType, type Values } from "./elements.ts";

/** Values whose dimension `d` is dimension `order[d]` of the given ones. */
export function transposeValues(
  type: ElementType,
  values: Values,
  shape: readonly number[],
  order: readonly number[],
): Values {
  if (order.every((from, to) => from === to)) return values;
  const strides = stridesOf(shape);
  const size = order.map((d) => shape[d] as number);
  const steps = order.map((d) => strides[d] as number);
  const target = allocate(type, elementCount(size), "a transposed array") as unknown as number[];
  const source = values as unknown as number[];
  let next = 0;
  const visit = (d: number, at: number): void => {
    if (d === size.length) {
      target[next++] = source[at] as number;
      return;
    }
    const step = steps[d] as number;
    for (let i = 0; i < (size[d] as number); i++) visit(d + 1, at + i * step);
  };
  visit(0, 0);
  return target as unknown as Values;
}

/** A source whose dimension `d` is dimension `order[d]` of the given one. */
export function transposeSource(source: ArraySource, order: readonly number[]): ArraySource {
  const inverse = order.map((_, d) => order.indexOf(d));
  return {
    type: source.type,
    shape: order.map((d) => source.shape[d] as number),
    async read(box, signal) {
      const original = inverse.map((d) => box[d] as (typeof box)[number]);
      const values = await source.read(original, signal);
      return transposeValues(source.type, values, shapeOf(original), order);
    },
  };
}
