/**
 * Parts of an array: per dimension a range, a list of indices, or one index, which drops the
 * dimension. Nothing is read before a box of the part is; then only what the box needs.
 */

import { mapConcurrent } from "../../base/concurrency.ts";
import { volumeOf } from "../../base/coordinates.ts";
import type { Extent } from "../../base/extent.ts";
import { type Box, shapeOf, stridesOf } from "../../zarr/box.ts";
import { copyRegion } from "../../zarr/codecs/elements.ts";
import type { ArraySource } from "./array-source.ts";
import { allocate, type Values } from "./elements.ts";

/** What is taken of one dimension; indices count from 0 and lie inside. */
export type AxisSelection =
  | ({ readonly kind: "range" } & Extent)
  | { readonly kind: "list"; readonly indices: readonly number[] }
  | { readonly kind: "index"; readonly index: number };

/** Up to this many elements are read per element wanted, before a list is read section by section. */
const READ_PER_WANTED_MAX = 4;
/** Sections of one box read at once. */
const SECTIONS_UNDER_WAY_MAX = 8;

/** How many elements the selection takes; `undefined` if it drops the dimension. */
function selectedLength(axis: AxisSelection): number | undefined {
  if (axis.kind === "range") return axis.end - axis.start;
  return axis.kind === "list" ? axis.indices.length : undefined;
}

/** The part of `source` that `axes` (one per dimension) select. */
export function selectSource(source: ArraySource, axes: readonly AxisSelection[]): ArraySource {
  const shape = axes.flatMap((axis) => selectedLength(axis) ?? []);
  const { type, readNow, isTemplate, isExact } = source;
  return {
    ...{ type, shape, isTemplate, isExact },
    read: (box, signal) => readSelection(source, axes, box, signal),
    ...(readNow === undefined ? {} : { readNow: (box) => readSelectionNow(source, axes, box) }),
  };
}

/** Neighbouring elements of one dimension of the source, and which of them go where. */
interface Section {
  readonly extent: Extent;
  /** Indices in the source, in the order of the target. */
  readonly indices: readonly number[] | undefined;
  readonly targetStart: number;
  readonly length: number;
}

/** How a box is read: from one box of the source, or section by section. */
type Plan =
  | { readonly extents: Box }
  | { readonly combinations: readonly Section[][]; readonly size: readonly number[] };

function planOf(axes: readonly AxisSelection[], box: Box): Plan {
  let dimension = 0;
  const sections = axes.map((axis) =>
    axis.kind === "index" ? sectionsOf(axis, undefined) : sectionsOf(axis, box[dimension++]),
  );
  if (sections.every((list) => list.length === 1 && list[0]?.indices === undefined)) {
    return { extents: sections.map((list) => (list[0] as Section).extent) };
  }
  const size = sections.map((list) => list.reduce((length, section) => length + section.length, 0));
  return { combinations: combinations(sections), size };
}

async function readSelection(
  source: ArraySource,
  axes: readonly AxisSelection[],
  box: Box,
  signal: AbortSignal | undefined,
): Promise<Values> {
  const plan = planOf(axes, box);
  if ("extents" in plan) return source.read(plan.extents, signal);
  const target = allocate(source.type, volumeOf(plan.size), "a selection");
  await mapConcurrent(plan.combinations, SECTIONS_UNDER_WAY_MAX, async (combination) => {
    const extents = combination.map(({ extent }) => extent);
    const values = await source.read(extents, signal);
    copySection(combination, values, shapeOf(extents), target, plan.size);
  });
  return target;
}

function readSelectionNow(source: ArraySource, axes: readonly AxisSelection[], box: Box): Values {
  const plan = planOf(axes, box);
  const readNow = source.readNow as (box: Box) => Values;
  if ("extents" in plan) return readNow(plan.extents);
  const target = allocate(source.type, volumeOf(plan.size), "a selection");
  for (const combination of plan.combinations) {
    const extents = combination.map(({ extent }) => extent);
    copySection(combination, readNow(extents), shapeOf(extents), target, plan.size);
  }
  return target;
}

function sectionsOf(axis: AxisSelection, extent: Extent | undefined): Section[] {
  if (axis.kind === "index" || extent === undefined) {
    const start = axis.kind === "index" ? axis.index : 0;
    return [{ extent: { start, end: start + 1 }, indices: undefined, targetStart: 0, length: 1 }];
  }
  const { start, end } = extent;
  if (axis.kind === "range") {
    const shifted = { start: axis.start + start, end: axis.start + end };
    return [{ extent: shifted, indices: undefined, targetStart: 0, length: end - start }];
  }
  const wanted = axis.indices.slice(start, end);
  if (wanted.length === 0) return [];
  const first = wanted.reduce((a, b) => Math.min(a, b));
  const last = wanted.reduce((a, b) => Math.max(a, b));
  if (last + 1 - first > READ_PER_WANTED_MAX * wanted.length) return runsOf(wanted);
  const isRun = wanted.every((index, i) => index === first + i);
  return [
    {
      extent: { start: first, end: last + 1 },
      indices: isRun ? undefined : wanted,
      targetStart: 0,
      length: wanted.length,
    },
  ];
}

/** A section for each stretch of rising neighbours. */
function runsOf(wanted: readonly number[]): Section[] {
  const sections: Section[] = [];
  let from = 0;
  for (let i = 1; i <= wanted.length; i++) {
    if (i < wanted.length && wanted[i] === (wanted[i - 1] as number) + 1) continue;
    const start = wanted[from] as number;
    const length = i - from;
    const extent = { start, end: start + length };
    sections.push({ extent, indices: undefined, targetStart: from, length });
    from = i;
  }
  return sections;
}

/** Every way to take one section of each dimension. */
function combinations(sections: readonly Section[][]): Section[][] {
  let combined: Section[][] = [[]];
  for (const list of sections) {
    combined = combined.flatMap((head) => list.map((section) => [...head, section]));
  }
  return combined;
}

function copySection(
  sections: readonly Section[],
  values: Values,
  shape: readonly number[],
  target: Values,
  targetShape: readonly number[],
): void {
  const targetStart = sections.map((section) => section.targetStart);
  const size = sections.map(({ length }) => length);
  const picked = sections.findIndex(({ indices }) => indices !== undefined);
  if (picked < 0) {
    const start = size.map(() => 0);
    copyRegion(
      { values, shape, start },
      { values: target, shape: targetShape, start: targetStart },
      size,
    );
    return;
  }
  gather(sections, values, shape, target, targetShape);
}

/** Copies element by element, each dimension by its own list of indices. */
function gather(
  sections: readonly Section[],
  values: Values,
  shape: readonly number[],
  target: Values,
  targetShape: readonly number[],
): void {
  const from = stridesOf(shape);
  const to = stridesOf(targetShape);
  const offsets = sections.map(({ indices, extent, length }, d) =>
    Array.from({ length }, (_, i) => {
      const index = indices === undefined ? i : (indices[i] as number) - extent.start;
      return index * (from[d] as number);
    }),
  );
  const visit = (d: number, sourceAt: number, targetAt: number): void => {
    if (d === sections.length) {
      (target as unknown as number[])[targetAt] = values[sourceAt] as number;
      return;
    }
    const list = offsets[d] as number[];
    const step = to[d] as number;
    let at = targetAt + (sections[d] as Section).targetStart * step;
    for (const offset of list) {
      visit(d + 1, sourceAt + offset, at);
      at += step;
    }
  };
  visit(0, 0, 0);
}
