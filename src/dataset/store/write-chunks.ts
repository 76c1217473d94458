/**
 * Writes a variable into its array, chunk by chunk, only as much in memory as is under way.
 *
 * Stored values that mean the same in the array are passed on bit for bit. As zarr-python does:
 * edge chunks have full size, padded with the fill value; a chunk of nothing but the fill value is
 * not stored. A chunk that is covered in part is read, changed and written, one writer at a time.
 */
import { type Limiter, mapConcurrent } from "../../base/concurrency.ts";
import { makeError } from "../../base/errors.ts";
import { inTurn } from "../../base/in-turn.ts";
import { type TouchedChunk, touchedChunk, touchedChunkCount } from "../../zarr/region.ts";
import { ownerOf, type ZarrStore } from "../../zarr/zarr-store.ts";
import { type ArraySource, memorySource } from "../array/array-source.ts";
import { type Box, type Extent, elementCount, shapeOf, wholeBox } from "../array/box.ts";
import {
  copyRegion,
  type ElementType,
  isFloat,
  isInteger,
  type Values,
} from "../array/elements.ts";
import { type Coding, isSameCoding } from "../cf/coding.ts";
import { decodedType, decodeValues } from "../cf/decode-values.ts";
import { encodeValues } from "../cf/encode-values.ts";
import { chunkBox, readChunk, startIn } from "./chunk-store.ts";
import { elementBytes, filled } from "./data-type.ts";
import { holdsOnly } from "./fill-check.ts";
import type { VariablePlan } from "./variable-plan.ts";

/** Chunks of one call under way at once; each holds a few copies of one chunk in memory. */
export const CHUNKS_UNDER_WAY_MAX = 8;

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
  if (elementCount(shapeOf(region)) === 0) return;
  const { chunkShape, shape } = plan.target;
  const count = touchedChunkCount(region, chunkShape);
  const numbers = Array.from({ length: count }, (_, number) => number);
  const source = count === 1 ? plan.source : await readAtOnce(plan.source, context.signal);
  await mapConcurrent(numbers, CHUNKS_UNDER_WAY_MAX, (number) =>
    context.limiter.run(async () => {
      context.signal?.throwIfAborted();
      const chunk = touchedChunk(number, region, shape, chunkShape);
      const key = plan.target.keyOf(chunk.coordinates);
      const values = await valuesFor({ ...plan, source }, chunk.shared, region, context.signal);
      // Also whole chunks take their turn: one may replace what another task is changing.
      await inTurn(ownerOf(context.store), key, () => writeChunk(context, plan, chunk, values));
    }, context.signal),
  );
}

/** A source in memory of a lazy one, unless it is too large. */
async function readAtOnce(
  source: ArraySource,
  signal: AbortSignal | undefined,
): Promise<ArraySource> {
  const { type, shape, readNow } = source;
  const sizeBytes = elementCount(shape) * elementBytes(type);
  if (readNow !== undefined || sizeBytes > READ_AT_ONCE_BYTES_MAX) return source;
  return memorySource(type, shape, await source.read(wholeBox(shape), signal));
}

/** The values of a box of the target array, as they are stored there. */
async function valuesFor(
  plan: VariablePlan,
  shared: Box,
  region: Box,
  signal: AbortSignal | undefined,
): Promise<Values> {
  const box = shared.map(({ start, end }: Extent, d) => {
    const shift = (region[d] as Extent).start;
    return { start: start - shift, end: end - shift };
  });
  return recode(plan, await plan.source.read(box, signal));
}

/** Values as the variable stores them, as the array stores them. */
export function recode({ array, coding, isNew }: VariablePlan, values: Values): Values {
  const own = array.content.coding;
  if (isSameCoding(own, coding)) return values;
  const owner = `variable ${array.name}`;
  const decoded = decodeValues(values, own, owner);
  const type = decodedType(own);
  if (!isNew) refuseFractions(type, decoded, coding, owner);
  return encodeValues({ values: decoded, type, time: own.time }, coding, owner);
}

/** Into an array that is there, nothing is rounded: that it holds integers may be forgotten. */
function refuseFractions(type: ElementType, values: Values, coding: Coding, owner: string): void {
  const isPacked = coding.scaleFactor !== undefined || coding.addOffset !== undefined;
  if (!isFloat(type) || !isInteger(coding.stored) || isPacked || coding.time !== undefined) return;
  const index = (values as Float64Array).findIndex(
    (value) => !Number.isInteger(value) && !Number.isNaN(value),
  );
  if (index < 0) return;
  throw makeError(
    "invalid-option",
    `${owner}: ${(values as Float64Array)[index]} at element ${index} cannot be stored as ${coding.stored.name}`,
    { details: { variable: owner, element: index } },
  );
}

async function writeChunk(
  { store, signal }: WriteContext,
  plan: VariablePlan,
  { coordinates, shared, isWhole }: TouchedChunk,
  values: Values,
): Promise<void> {
  const { target } = plan;
  const { type, chunkShape, fill } = target;
  const options = signal === undefined ? undefined : { signal };
  const stored =
    isWhole || plan.isNew ? undefined : await readChunk(store, target, coordinates, signal);
  const chunk = stored ?? filled(type, elementCount(chunkShape), fill, target.path);
  const size = shapeOf(shared);
  copyRegion(
    { values, shape: size, start: size.map(() => 0) },
    { values: chunk, shape: chunkShape, start: startIn(chunkBox(coordinates, chunkShape), shared) },
    size,
  );
  const key = `/${target.keyOf(coordinates)}` as const;
  if (!plan.writesEmptyChunks && holdsOnly(chunk, fill)) {
    if (plan.isNew) return;
    if (store.delete !== undefined) {
      // Also where nothing is: that this region holds fill values is a change like any other.
      await store.delete(key, options);
      return;
    }
  }
  await store.set(key, await target.codec.encode(chunk), options);
}
