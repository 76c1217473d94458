/** Random labelled datasets, cut into regions that many writers fill. */
import type fc from "fast-check";
import fcheck from "fast-check";
import { Dataset, type VariableData } from "../../src/dataset/index.ts";

/** A variable as the oracle sees it. */
export interface PlannedVariable {
  readonly dims: readonly string[];
  readonly chunks: readonly number[];
}

/** Positions along each dimension; dimensions that are not named are whole. */
export type Region = Readonly<Record<string, { readonly start: number; readonly end: number }>>;

/** A dataset, and the regions that together cover it. */
export interface Plan {
  readonly dataset: Dataset;
  readonly sizes: Readonly<Record<string, number>>;
  readonly variables: Readonly<Record<string, PlannedVariable>>;
  /** Dimensions along which there is more than one region. */
  readonly cutDims: readonly string[];
  readonly regions: readonly Region[];
  /** Regions end where chunks end. */
  readonly isAligned: boolean;
}

type Pick = fc.GeneratorValue;
const DIMS = ["time", "y", "x"];
const SIZE_MAX = 7;
const CUTS_MAX = 2;

const divisorsOf = (size: number): number[] =>
  Array.from({ length: size }, (_, i) => i + 1).filter((n) => size % n === 0);

/** How values of a variable look and how they are stored; many are fill values. */
const KINDS: readonly ((bits: readonly number[]) => Omit<VariableData, "dims" | "shape">)[] = [
  (bits) => ({ data: Float64Array.from(bits, (n) => (n < 4 ? Number.NaN : n / 3)) }),
  (bits) => ({
    data: Float32Array.from(bits, (n) => (n < 4 ? -1 : n)),
    encoding: { _FillValue: -1 },
  }),
  (bits) => ({
    // Halves are kept, thirds rounded.
    data: Float64Array.from(bits, (n) => (n < 4 ? Number.NaN : 10 + n / (n < 8 ? 2 : 3))),
    encoding: { dtype: "int16", scale_factor: 0.5, add_offset: 10, _FillValue: -9 },
  }),
  (bits) => ({ data: Int32Array.from(bits, (n) => (n < 4 ? 0 : n - 6)) }),
  (bits) => ({ data: BigInt64Array.from(bits, (n) => (n < 4 ? 0n : BigInt(n) << 40n)) }),
  (bits) => ({
    data: Uint8Array.from(bits, (n) => (n < 4 ? 255 : n)),
    encoding: { _FillValue: 255 },
  }),
  (bits) => ({ data: bits.map((n) => (n < 4 ? "" : "é".repeat(n % 4))), encoding: {} }),
];

/** A random plan. */
export function planOf(g: Pick): Plan {
  const dims = g(fcheck.shuffledSubarray, DIMS, { minLength: 1 });
  const sizes: Record<string, number> = {};
  const units: Record<string, number> = {};
  for (const dim of dims) {
    sizes[dim] = g(fcheck.integer, { min: 2, max: SIZE_MAX });
    units[dim] = g(fcheck.integer, { min: 1, max: sizes[dim] });
  }
  const isAligned = g(fcheck.nat, { max: 2 }) > 0;
  const intervals = new Map(
    dims.map((dim) => [dim, cut(g, sizes[dim] as number, isAligned ? (units[dim] as number) : 1)]),
  );
  const variables: Record<string, PlannedVariable> = {};
  const inputs: Record<string, VariableData> = {};
  for (const name of ["a", "b", "c"].slice(0, g(fcheck.integer, { min: 1, max: 3 }))) {
    const own = g(fcheck.shuffledSubarray, dims, { minLength: name === "a" ? 1 : 0 });
    const shape = own.map((dim) => sizes[dim] as number);
    const chunks = own.map((dim) => g(fcheck.constantFrom, ...divisorsOf(units[dim] as number)));
    const kind = KINDS[g(fcheck.nat, { max: KINDS.length - 1 })] as (typeof KINDS)[number];
    const length = shape.reduce((a, b) => a * b, 1);
    const { encoding, ...input } = kind(
      g(fcheck.array, fcheck.nat({ max: 12 }), {
        minLength: length,
        maxLength: length,
        size: "max",
      }),
    );
    variables[name] = { dims: own, chunks };
    inputs[name] = { ...input, dims: own, shape, encoding: { ...encoding, chunks } };
  }
  const dataset = new Dataset({ variables: inputs, coordinates: coordinatesOf(g, dims, sizes) });
  // A dimension that nothing uses is none.
  const used = dims.filter((dim) => dataset.sizes[dim] !== undefined);
  const regions = used.reduce<Region[]>(
    (list, dim) =>
      list.flatMap((region) =>
        (intervals.get(dim) ?? []).map((one) => ({ ...region, [dim]: one })),
      ),
    [{}],
  );
  const cutDims = used.filter((dim) => (intervals.get(dim) ?? []).length > 1);
  return { dataset, sizes: dataset.sizes, variables, cutDims, regions, isAligned };
}

function cut(g: Pick, size: number, unit: number): { start: number; end: number }[] {
  const candidates: number[] = [];
  for (let at = unit; at < size; at += unit) candidates.push(at);
  const cuts = g(fcheck.shuffledSubarray, candidates, {
    minLength: Math.min(1, candidates.length),
    maxLength: Math.min(CUTS_MAX, candidates.length),
  });
  const ends = [0, ...cuts.sort((a, b) => a - b), size];
  return ends.slice(1).map((end, i) => ({ start: ends[i] as number, end }));
}

/** Index coordinates of some dimensions, and one on two. */
function coordinatesOf(
  g: Pick,
  dims: readonly string[],
  sizes: Readonly<Record<string, number>>,
): Record<string, VariableData> {
  const coordinates: Record<string, VariableData> = {};
  for (const dim of dims) {
    if (!g(fcheck.boolean)) continue;
    const data = Int32Array.from({ length: sizes[dim] as number }, (_, i) => 100 - 7 * i);
    coordinates[dim] = { dims: [dim], data };
  }
  const [first, second] = dims;
  if (first !== undefined && second !== undefined && g(fcheck.boolean)) {
    const shape = [sizes[first] as number, sizes[second] as number];
    const length = shape.reduce((a, b) => a * b, 1);
    const data = Float64Array.from({ length }, (_, i) => i / 7);
    coordinates["area"] = {
      dims: [first, second],
      shape,
      data,
      encoding: { chunks: shape.map(() => 1) },
    };
  }
  return coordinates;
}

/**
 * The keys of the chunks that writing `region` writes: of variables with a dimension of which the
 * region is a part, and with more chunks than one; of all if the region is the whole dataset.
 */
export function chunksOf({ sizes, variables }: Plan, region: Region): Set<string> {
  const keys = new Set<string>();
  const extentOf = (dim: string) => region[dim] ?? { start: 0, end: sizes[dim] as number };
  const isPart = (dim: string): boolean => {
    const { start, end } = extentOf(dim);
    return end - start < (sizes[dim] as number);
  };
  const isWhole = !Object.keys(sizes).some(isPart);
  for (const [name, { dims, chunks }] of Object.entries(variables)) {
    const isSingle = dims.every((dim, d) => (chunks[d] as number) >= (sizes[dim] as number));
    if (!isWhole && (isSingle || !dims.some(isPart))) continue;
    const grid = dims.map((dim, d) => {
      const { start, end } = extentOf(dim);
      const size = chunks[d] as number;
      const first = Math.floor(start / size);
      return Array.from({ length: Math.ceil(end / size) - first }, (_, i) => first + i);
    });
    const all = grid.reduce<number[][]>(
      (list, along) => list.flatMap((head) => along.map((at) => [...head, at])),
      [[]],
    );
    for (const at of all) keys.add(["", name, "c", ...at].join("/"));
  }
  return keys;
}

/** Variables that no region writes, since each belongs to all: they are a task of their own. */
export function invariantsOf({ sizes, variables, cutDims }: Plan): string[] {
  if (cutDims.length === 0) return [];
  return Object.entries(variables).flatMap(([name, { dims, chunks }]) => {
    const isSingle = dims.every((dim, d) => (chunks[d] as number) >= (sizes[dim] as number));
    return isSingle || dims.some((dim) => cutDims.includes(dim)) ? [] : [name];
  });
}
