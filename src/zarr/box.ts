/** Boxes of an array: one half-open extent per dimension, in elements. */
import type { Extent } from "../base/extent.ts";

/** One extent per dimension. */
export type Box = readonly Extent[];

/** Sizes of a box. */
export function shapeOf(box: Box): number[] {
  return box.map(({ start, end }) => end - start);
}

/** The box that is the whole array. */
export function wholeBox(shape: readonly number[]): Extent[] {
  return shape.map((size) => ({ start: 0, end: size }));
}

/** Whether the box is the whole array. */
export function isWhole(box: Box, shape: readonly number[]): boolean {
  return box.every(({ start, end }, d) => start === 0 && end === shape[d]);
}

/** What both boxes share; `undefined` if nothing. */
export function intersection(a: Box, b: Box): Extent[] | undefined {
  const shared: Extent[] = [];
  for (let d = 0; d < a.length; d++) {
    const x = a[d] as Extent;
    const y = b[d] as Extent;
    const start = Math.max(x.start, y.start);
    const end = Math.min(x.end, y.end);
    if (start >= end) return undefined;
    shared.push({ start, end });
  }
  return shared;
}

/** `box` as seen from `outer`, whose starts are subtracted. */
export function relativeTo(box: Box, outer: Box): Extent[] {
  return box.map(({ start, end }, d) => {
    const shift = (outer[d] as Extent).start;
    return { start: start - shift, end: end - shift };
  });
}

/** Distance between neighbours of each dimension, in elements, row-major. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    strides[d] = stride;
    stride *= shape[d] as number;
  }
  return strides;
}

/** How far an index lies from the first element. */
export function offsetOf(index: readonly number[], strides: readonly number[]): number {
  let offset = 0;
  for (let d = 0; d < index.length; d++) offset += (index[d] as number) * (strides[d] as number);
  return offset;
}

/** The index of the `position`th element of a box in row-major order. */
export function indexAt(box: Box, position: number): number[] {
  const index = new Array<number>(box.length).fill(0);
  let rest = position;
  for (let d = box.length - 1; d >= 0; d--) {
    const { start, end } = box[d] as Extent;
    index[d] = start + (rest % (end - start));
    rest = Math.floor(rest / (end - start));
  }
  return index;
}
