/**
 * Writes values into a region of an array. Chunks that it covers in part are read, changed and
 * written, one writer at a time within a session. Between forks nothing can order that, so a fork
 * refuses it unless told otherwise; of a sharded array what must be covered is the shard.
 */
import { volumeOf } from "../base/coordinates.ts";
import { makeError } from "../base/errors.ts";
import { abortSignal, anything, checkOptions, trueOrFalse } from "../base/options.ts";
import { type ArrayLayout, parseLayout } from "./array-layout.ts";
import { type Box, shapeOf } from "./box.ts";
import { firstCutChunk, startIn } from "./chunk-grid.ts";
import {
  type ArrayValues,
  elementsIn,
  filled,
  isScalar,
  type Scalar,
  toElement,
  toElements,
} from "./codecs/element-values.ts";
import type { Region } from "./codecs/elements.ts";
import { parseRegion, type RegionDimension } from "./region.ts";
import { writeBox } from "./write-box.ts";
import { addressOf, isForkStore, mustReadDocument, runAt, type ZarrStore } from "./zarr-store.ts";

/** Options of `writeRegion`. */
export interface WriteRegionOptions {
  /** One entry per dimension. Default: the whole array. */
  readonly region?: readonly RegionDimension[] | undefined;
  /** Row-major values, as many as the region has elements, or one for all of them. */
  readonly data: ArrayValues | Scalar;
  /** False lets a fork write a part of a chunk. Default: true. */
  readonly safeChunks?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes `data` into a region of the array at `path`. Costs one write per chunk, and one read per
 * chunk covered in part; with shards, per shard. If it fails or is aborted midway, some chunks have
 * been written.
 * @throws {node-not-found} nothing is there
 * @throws {not-an-array} a group is
 * @throws {invalid-option} a region outside the array; data of another type or length
 * @throws {region-not-aligned} a fork and a chunk covered in part, naming it; nothing is written
 * @throws {unimplemented} a data type, grid or codec that cannot be written, by name
 * @throws {invalid-array-metadata} a zarr.json whose members make no sense
 * @throws {node-changed} something else gave its chunks another meaning meanwhile
 * @throws {invalid-path}
 */
export async function writeRegion(
  store: ZarrStore,
  path: string,
  options: WriteRegionOptions,
): Promise<void> {
  checkOptions("writeRegion", options ?? null, {
    region: anything,
    data: anything,
    safeChunks: trueOrFalse,
    signal: abortSignal,
  });
  const given = addressOf("writeRegion", store, path, options.signal);
  await runAt("writeRegion", given, async (address) => {
    const layout = parseLayout(await mustReadDocument(address), address.path);
    const plan = planRegion(layout, options);
    if (isForkStore(store) && options.safeChunks !== false) assertAligned(layout, plan.box);
    await writeBox({ store: address.store, layout, ...plan, signal: options.signal });
  });
}

interface RegionPlan {
  readonly box: Box;
  valuesOf(shared: Box): Region;
}

/** Checks region and data against the array. @throws {invalid-option} */
export function planRegion(
  { path, shape, dataType }: ArrayLayout,
  { region, data }: Pick<WriteRegionOptions, "region" | "data">,
): RegionPlan {
  const owner = `writeRegion ${path}`;
  const box = parseRegion(region, shape, owner);
  const size = shapeOf(box);
  if (isScalar(dataType, data)) {
    const element = toElement(dataType, data, `${owner}: data`);
    const valuesOf = (shared: Box): Region => {
      const own = shapeOf(shared);
      const values = filled(dataType, volumeOf(own), element);
      return { values, shape: own, start: own.map(() => 0) };
    };
    return { box, valuesOf };
  }
  const values = toElements(dataType, data as ArrayValues, `${owner}: data`);
  const [expected, found] = [volumeOf(size), elementsIn(dataType, values)];
  if (expected !== found) {
    throw makeError(
      "invalid-option",
      `${owner}: the region [${size}] has ${expected} elements, data has ${found}`,
      { details: { path, expected, found } },
    );
  }
  return { box, valuesOf: (shared) => ({ values, shape: size, start: startIn(box, shared) }) };
}

/** @throws {region-not-aligned} naming the first chunk that the region covers in part */
export function assertAligned(layout: ArrayLayout, box: Box): void {
  const cut = firstCutChunk(box, layout);
  if (cut === undefined) return;
  const { path, chunkShape, storedUnit } = layout;
  const { coordinates } = cut;
  const region = box.map(({ start, end }) => `${start}:${end}`).join(", ");
  throw makeError(
    "region-not-aligned",
    `${path}: the region [${region}] covers ${storedUnit} [${coordinates}] only in part, and another fork may write the rest; ${storedUnit}s are [${chunkShape}]`,
    { details: { path, coordinates, chunkShape: [...chunkShape] } },
  );
}
