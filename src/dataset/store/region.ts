/**
 * Writes a part of existing arrays, as one of many writers may: coordinates say where it lies and
 * are never written, variables that all writers share are compared or left alone, and no chunk is
 * touched that another writer may touch too.
 */
import { mapConcurrent } from "../../base/concurrency.ts";
import { makeError } from "../../base/errors.ts";
import type { Extent } from "../../base/extent.ts";
import { describe, isPlainObject, mustBe } from "../../base/options.ts";
import { firstCutChunk } from "../../zarr/chunk-grid.ts";
import { isForkStore, type NodeAddress, optionsOf } from "../../zarr/zarr-store.ts";
import type { DatasetContent } from "../model/dataset-content.ts";
import { type PositionRange, parseIndexer } from "../model/indexers.ts";
import { differs, findDifference, type Refusal } from "./assert-stored.ts";
import { mustReadGroup, type StoredGroup } from "./group.ts";
import { invalid } from "./invalid.ts";
import { locate } from "./locate.ts";
import { readBoth } from "./stored-values.ts";
import { planStoredArray, type VariablePlan } from "./variable-plan.ts";
import { type WriteContext, writeVariable } from "./write-chunks.ts";
import { isSingleChunk } from "./write-group.ts";

/** Where a part lies: found by coordinates, or said per dimension; other dimensions are whole. */
export type RegionOption = "auto" | Readonly<Record<string, "auto" | PositionRange>>;

/** Options of writing a region. */
interface RegionOptions {
  readonly region: RegionOption;
  readonly encoding?: Readonly<Record<string, unknown>> | undefined;
  readonly safeChunks?: boolean | undefined;
  readonly writeInvariant?: boolean | undefined;
}

/** Comparisons and variables under way at once. */
const UNDER_WAY_MAX = 4;

const COORDINATE: Refusal = {
  option: "region",
  kind: "coordinate",
  why: "coordinates are never written by region",
};

/** The extent of every dimension in the store, and its size there. */
type Extents = ReadonlyMap<string, Extent & { readonly size: number }>;

/**
 * Writes `dataset` into its part of the group at `address`.
 * @throws {invalid-option} @throws {region-not-aligned} @throws {node-not-found}
 */
export async function writeRegionToZarr(
  dataset: DatasetContent,
  address: NodeAddress,
  context: WriteContext,
  options: RegionOptions,
): Promise<void> {
  const encoded = Object.keys(options.encoding ?? {});
  if (encoded.length > 0) {
    throw invalid("encoding", `variable ${encoded[0]} exists already: its encoding stays`);
  }
  const group = await mustReadGroup(address);
  const plans = planAll(dataset, group);
  const extents = await findExtents(dataset, plans, context, options.region);
  const isCoordinate = ({ array }: VariablePlan): boolean =>
    dataset.coordinates[array.name] !== undefined;
  const { written, compared } = divide(plans, isCoordinate, extents, options);
  const assertAllAligned = (plans: readonly VariablePlan[]): void => {
    if (options.safeChunks === false) return;
    for (const plan of plans) assertAligned(plan, extents);
  };
  assertAllAligned(written);
  const filled = await mapConcurrent(compared, UNDER_WAY_MAX, async (plan) => {
    const difference = await findDifference(context, plan, boxOf(plan, extents));
    if (difference === undefined) return [];
    const refusal = isCoordinate(plan)
      ? COORDINATE
      : await refusalOf(context, plan, options.safeChunks !== false);
    if (refusal !== undefined) throw differs(plan, difference, refusal);
    return [plan];
  });
  assertAllAligned(filled.flat());
  await mapConcurrent([...written, ...filled.flat()], UNDER_WAY_MAX, (plan) =>
    writeVariable(context, plan, boxOf(plan, extents)),
  );
}

function planAll(dataset: DatasetContent, group: StoredGroup): VariablePlan[] {
  return dataset.all().map((array) => {
    const stored = group.arrays.get(array.name);
    if (stored !== undefined) return planStoredArray(array, stored);
    throw invalid("region", `the store has no variable ${array.name}: a region makes none`);
  });
}

async function findExtents(
  dataset: DatasetContent,
  plans: readonly VariablePlan[],
  context: WriteContext,
  region: RegionOption,
): Promise<Extents> {
  if (region !== "auto" && !isPlainObject(region)) {
    throw invalid("region", `region ${mustBe('"auto" or an object', region)}`);
  }
  const named = region === "auto" ? [] : Object.keys(region);
  const unknown = named.find((dim) => dataset.sizes[dim] === undefined);
  if (unknown !== undefined) throw invalid("region", `there is no dimension ${unknown}`);
  const sizes = storedSizes(plans);
  const found = await mapConcurrent(dataset.dims, UNDER_WAY_MAX, async (dim) => {
    const size = sizes.get(dim) ?? 0;
    const own = dataset.sizes[dim] as number;
    const asked = region === "auto" ? "auto" : Object.hasOwn(region, dim) ? region[dim] : undefined;
    const plan = plans.find(({ array }) => array.name === dim && array.dims.length === 1);
    const extent = await findExtent(dim, { own, size, asked, plan }, context);
    return [dim, { ...extent, size }] as const;
  });
  return new Map(found);
}

function storedSizes(plans: readonly VariablePlan[]): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const { target } of plans) {
    for (const [d, dim] of target.dims.entries()) sizes.set(dim, target.shape[d] as number);
  }
  return sizes;
}

interface Wanted {
  readonly own: number;
  readonly size: number;
  readonly asked: "auto" | PositionRange | undefined;
  readonly plan: VariablePlan | undefined;
}

async function findExtent(
  dim: string,
  { own, size, asked, plan }: Wanted,
  context: WriteContext,
): Promise<Extent> {
  if (asked === "auto" && plan !== undefined) {
    const whole = [{ start: 0, end: size }];
    return locate(dim, await readBoth(context.store, plan, whole, context.signal));
  }
  if (asked !== undefined && asked !== "auto") {
    if (!isPlainObject(asked)) {
      throw invalid(
        "region",
        `dimension ${dim}: expected { start, end } or "auto", got ${describe(asked)}`,
      );
    }
    const extent = parseIndexer(asked, dim, size);
    if (extent.kind !== "range") throw invalid("region", `dimension ${dim}: a region has no steps`);
    const length = extent.end - extent.start;
    if (length === own) return extent;
    throw invalid("region", `dimension ${dim}: the region has ${length} elements, the data ${own}`);
  }
  if (own === size) return { start: 0, end: size };
  const what = asked === "auto" ? "has no coordinate that says where" : "is not in the region";
  throw invalid(
    "region",
    `dimension ${dim} ${what}, so it must have all ${size} elements, not ${own}`,
  );
}

function boxOf({ target }: VariablePlan, extents: Extents): Extent[] {
  return target.dims.map((dim) => {
    const { start, end } = extents.get(dim) as Extent;
    return { start, end };
  });
}

/**
 * Which variables are written and which only compared. Coordinates are compared. A variable of one
 * chunk was written when the arrays were made: it is compared, unless this writer is the only one.
 * A variable without a restricted dimension belongs to all writers and is left alone.
 */
function divide(
  plans: readonly VariablePlan[],
  isCoordinate: (plan: VariablePlan) => boolean,
  extents: Extents,
  { writeInvariant }: RegionOptions,
): { written: VariablePlan[]; compared: VariablePlan[] } {
  const isRestricted = (dim: string): boolean => {
    const { start, end, size } = extents.get(dim) as Extent & { size: number };
    return end - start < size;
  };
  const isAlone = ![...extents.keys()].some(isRestricted);
  const written: VariablePlan[] = [];
  const compared: VariablePlan[] = [];
  for (const plan of plans) {
    if (isCoordinate(plan)) compared.push(plan);
    else if (isAlone || writeInvariant === true) written.push(plan);
    else if (isSingleChunk(plan.target)) compared.push(plan);
    else if (plan.target.dims.some(isRestricted)) written.push(plan);
  }
  return { written, compared };
}

/** @throws {region-not-aligned} naming the first chunk that is covered in part */
function assertAligned(plan: VariablePlan, extents: Extents): void {
  const { shape, chunkShape, path, dims, layout } = plan.target;
  const { storedUnit } = layout;
  const box = boxOf(plan, extents);
  const cut = firstCutChunk(box, plan.target);
  if (cut === undefined) return;
  const { coordinates, shared } = cut;
  const d = shared.findIndex(({ start, end }, i) => {
    const first = (coordinates[i] as number) * (chunkShape[i] as number);
    return start > first || end < Math.min(first + (chunkShape[i] as number), shape[i] as number);
  });
  const extent = box[d] as Extent;
  throw makeError(
    "region-not-aligned",
    `${path}: the region covers ${dims[d]} ${extent.start} to ${extent.end}, but ${storedUnit}s there are ${chunkShape[d]} long: ${storedUnit} [${coordinates}] would be shared with another writer`,
    {
      details: { path, coordinates, chunkShape: [...chunkShape], dimension: dims[d], region: box },
    },
  );
}

/**
 * Why a variable of one chunk that differs from the store is not written. It is, if whoever made
 * the array left it to be filled, so that its chunk is not there, or if the writer insists on
 * sharing it. All of it would be written by every fork: they are told before their work is done.
 */
async function refusalOf(
  { store, signal }: WriteContext,
  { source, target: { layout, shape } }: VariablePlan,
  isSafe: boolean,
): Promise<Refusal | undefined> {
  const isPart = source.shape.some((size, d) => size !== shape[d]);
  if (isPart && !isSafe) return undefined;
  const key = layout.keyOf(shape.map(() => 0));
  const isFilled = (await store.get(`/${key}`, optionsOf(signal))) !== undefined;
  if (!isFilled && (isPart || !isForkStore(store))) return undefined;
  const found = isFilled
    ? "it is one chunk, which is written already"
    : "it is one chunk, which every fork would write: write it once, before they are made";
  const insist = isPart ? "safeChunks: false" : "writeInvariant: true";
  const why = `${found}; ${insist} writes it all the same`;
  return { option: "region", kind: "variable", why };
}
