/** Writes a variable into its array; stored values that mean the same there are passed on bit for bit. */
import type { Limiter } from "../../base/concurrency.ts";
import { volumeOf } from "../../base/coordinates.ts";
import { type Box, indexAt, relativeTo, shapeOf, wholeBox } from "../../zarr/box.ts";
import { touchedChunkCount } from "../../zarr/chunk-grid.ts";
import { writeBox } from "../../zarr/write-box.ts";
import type { ZarrStore } from "../../zarr/zarr-store.ts";
import { type ArraySource, memorySource } from "../array/array-source.ts";
import { type ElementType, isFloat, isInteger, type Values } from "../array/elements.ts";
import { type Coding, isPacked, isSameCoding } from "../cf/coding.ts";
import { decodedType, decodeValues } from "../cf/decode-values.ts";
import { encodeValues, unfit, type ValueOwner } from "../cf/encode-values.ts";
import { elementBytes, toStored } from "./data-type.ts";
import type { VariablePlan } from "./variable-plan.ts";

/**
 * Up to here a lazy variable is read at once: its own chunks may lie across those that are written,
 * and would be read again for each.
 */
const READ_AT_ONCE_BYTES_MAX = 32 * 1024 * 1024;

/** Where and how chunks are written. */
export interface WriteContext {
  readonly store: ZarrStore;
  /** Shared by all variables of one call. */
  readonly limiter: Limiter;
  readonly signal: AbortSignal | undefined;
}

/** Writes the variable's values into `region` of its array, which has the variable's sizes. */
export async function writeVariable(
  context: WriteContext,
  plan: VariablePlan,
  region: Box,
): Promise<void> {
  if (volumeOf(shapeOf(region)) === 0) return;
  const { layout, type } = plan.target;
  const { store, limiter, signal } = context;
  const isSingle = touchedChunkCount(region, layout.chunkShape) === 1;
  const source = isSingle ? plan.source : await readAtOnce(plan.source, signal);
  const { isNew, writesEmptyChunks } = plan;
  await writeBox({
    ...{ store, layout, box: region, signal, limiter, isNew, writesEmptyChunks },
    async valuesOf(shared) {
      const own = relativeTo(shared, region);
      const read = await source.read(own, signal);
      const shape = shapeOf(shared);
      return { values: toStored(type, recode(plan, read, own)), shape, start: shape.map(() => 0) };
    },
  });
}

/** A source in memory of a lazy one, unless it is too large. */
async function readAtOnce(
  source: ArraySource,
  signal: AbortSignal | undefined,
): Promise<ArraySource> {
  const { type, shape, readNow, isExact } = source;
  if (readNow !== undefined || isExact === true) return source;
  if (volumeOf(shape) * elementBytes(type) > READ_AT_ONCE_BYTES_MAX) return source;
  return memorySource(type, shape, await source.read(wholeBox(shape), signal));
}

/** Values of a box of the variable, as its array stores them. */
export function recode(plan: VariablePlan, values: Values, box: Box): Values {
  const { array, coding, isNew } = plan;
  const own = array.content.coding;
  if (isSameCoding(own, coding)) return values;
  const name = `variable ${array.name}`;
  const { dims } = plan.target;
  const owner: ValueOwner = {
    name,
    positionOf(element) {
      const index = indexAt(box, element);
      return dims.map((dim, d) => `${dim} ${index[d]}`).join(", ");
    },
  };
  const decoded = decodeValues(values, own, name);
  const type = decodedType(own);
  if (!isNew) refuseFractions(type, decoded, coding, owner);
  return encodeValues({ values: decoded, type, time: own.time }, coding, owner);
}

/** Into an array that is there, nothing is rounded: that it holds integers may be forgotten. */
function refuseFractions(
  type: ElementType,
  values: Values,
  coding: Coding,
  owner: ValueOwner,
): void {
  if (!isFloat(type) || !isInteger(coding.stored) || isPacked(coding) || coding.time !== undefined)
    return;
  const index = (values as Float64Array).findIndex(
    (value) => !Number.isInteger(value) && !Number.isNaN(value),
  );
  if (index < 0) return;
  throw unfit(owner, `${values[index]} cannot be stored as ${coding.stored.name}`, index);
}
