/**
 * Writes a box of elements into an array, chunk by chunk.
 *
 * Chunks that the box covers are written without being read; a chunk it covers in part is read,
 * changed and written, one writer at a time within a session. Between forks nothing can order
 * that, so a fork refuses it unless told otherwise. As zarr-python does: edge chunks have full
 * size, padded with the fill value; a chunk of nothing but the fill value is not stored.
 */
import { equalBytes } from "../base/bytes.ts";
import { mapConcurrent } from "../base/concurrency.ts";
import { makeError } from "../base/errors.ts";
import { inTurn } from "../base/in-turn.ts";
import { checkOptions } from "../base/options.ts";
import { chunkKey } from "../session/store/key.ts";
import { type ArrayLayout, parseLayout } from "./array-layout.ts";
import { bytesOf, decodeChunk, encodeChunk } from "./chunk-codec.ts";
import {
  type ArrayValues,
  type Elements,
  isScalar,
  type Scalar,
  toElement,
  toElements,
} from "./data-type.ts";
import {
  type Box,
  copySpans,
  fillSpans,
  parseRegion,
  type RegionDimension,
  type Span,
  sizeOfSpans,
  type TouchedChunk,
  touchedChunk,
  touchedChunkCount,
} from "./region.ts";
import {
  deleteChunk,
  isForkStore,
  mustReadDocument,
  type NodePlace,
  ownerOf,
  placeOf,
  readChunkBytes,
  writeChunkBytes,
  type ZarrStore,
} from "./zarr-store.ts";

/** Chunks of one call under way at once; each holds one chunk in memory. */
const CHUNKS_UNDER_WAY_MAX = 8;

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
 * chunk covered in part. If it fails or is aborted midway, some chunks have been written.
 * @throws {node-not-found} nothing is there; {not-an-array} a group is.
 * @throws {invalid-option} a region outside the array; data of another type or length.
 * @throws {region-not-aligned} a fork and a chunk covered in part, naming it; nothing is written.
 * @throws {unimplemented} a data type, grid or codec that cannot be written, by name.
 */
export async function writeRegion(
  store: ZarrStore,
  path: string,
  options: WriteRegionOptions,
): Promise<void> {
  checkOptions("writeRegion", options ?? null, ["region", "data", "safeChunks", "signal"]);
  const place = placeOf("writeRegion", store, path, options.signal);
  const layout = parseLayout(await mustReadDocument(place), place.path);
  const plan = planRegion(place, layout, options);
  if (plan.count === 0) return;
  if (isForkStore(store) && options.safeChunks !== false) assertAligned(place, layout, plan);
  const numbers = Array.from({ length: plan.count }, (_, number) => number);
  await mapConcurrent(numbers, CHUNKS_UNDER_WAY_MAX, async (number) => {
    options.signal?.throwIfAborted();
    const chunk = touchedChunk(number, plan.region, layout.shape, layout.chunkShape);
    // Also whole chunks take their turn: one may replace what another task is changing.
    await inTurn(ownerOf(store), chunkKey(place.path, chunk.coordinates), () =>
      writeChunk(place, layout, chunk, plan.values),
    );
  });
}

interface RegionPlan {
  readonly region: readonly Span[];
  /** Chunks to write. */
  readonly count: number;
  readonly values: Box | { readonly element: number | bigint };
}

/** Checks region and data against the array. Throws `invalid-option`. */
export function planRegion(
  { path }: NodePlace,
  layout: ArrayLayout,
  { region, data }: Pick<WriteRegionOptions, "region" | "data">,
): RegionPlan {
  const owner = `writeRegion ${path}`;
  const spans = parseRegion(region, layout.shape, owner);
  const size = sizeOfSpans(spans);
  const count = size === 0 ? 0 : touchedChunkCount(spans, layout.chunkShape);
  if (isScalar(data)) {
    const element = toElement(layout.dataType, data, `${owner}: data`);
    return { region: spans, count, values: { element } };
  }
  const elements = toElements(layout.dataType, data, `${owner}: data`);
  const shape = spans.map(({ start, end }) => end - start);
  if (elements.length !== size) {
    throw makeError(
      "invalid-option",
      `${owner}: the region [${shape}] has ${size} elements, data has ${elements.length}`,
      { details: { path, expected: size, found: elements.length } },
    );
  }
  const origin = spans.map(({ start }) => start);
  return { region: spans, count, values: { elements, shape, origin } };
}

/** Throws `region-not-aligned` naming the first chunk that the region covers in part. */
export function assertAligned(
  { path }: NodePlace,
  { shape, chunkShape }: ArrayLayout,
  { region, count }: Pick<RegionPlan, "region" | "count">,
): void {
  // The first and the last chunk of each dimension are the only ones that can be cut.
  const cut = touchedCorners(region, shape, chunkShape, count).find(({ isWhole }) => !isWhole);
  if (cut === undefined) return;
  const { coordinates } = cut;
  const spans = region.map(({ start, end }) => `${start}:${end}`).join(", ");
  throw makeError(
    "region-not-aligned",
    `${path}: the region [${spans}] covers chunk [${coordinates}] only in part, and another fork may write the rest; chunks are [${chunkShape}]`,
    { details: { path, coordinates, chunkShape: [...chunkShape] } },
  );
}

function touchedCorners(
  region: readonly Span[],
  shape: readonly number[],
  chunkShape: readonly number[],
  count: number,
): TouchedChunk[] {
  return [0, count - 1].map((number) => touchedChunk(number, region, shape, chunkShape));
}

async function writeChunk(
  place: NodePlace,
  layout: ArrayLayout,
  chunk: TouchedChunk,
  values: RegionPlan["values"],
): Promise<void> {
  const { chunkShape, codec, fill } = layout;
  const target: Box = {
    elements: await startingElements(place, layout, chunk),
    shape: chunkShape,
    origin: chunk.coordinates.map((coordinate, d) => coordinate * (chunkShape[d] as number)),
  };
  if ("element" in values) fillSpans(target, chunk.shared, values.element);
  else copySpans(values, target, chunk.shared);
  const isEmpty = holdsOnly(target.elements, fill);
  if (isEmpty && (await deleteChunk(place, chunk.coordinates))) return;
  await writeChunkBytes(place, chunk.coordinates, await encodeChunk(codec, target.elements));
}

/** What the chunk holds before: the fill value, unless elements of it stay. */
async function startingElements(
  place: NodePlace,
  { chunkShape, codec, dataType, fill }: ArrayLayout,
  { coordinates, isWhole }: TouchedChunk,
): Promise<Elements> {
  const length = chunkShape.reduce((size, extent) => size * extent, 1);
  const stored = isWhole ? undefined : await readChunkBytes(place, coordinates);
  if (stored === undefined) return filled(dataType.allocate(length), fill);
  return decodeChunk(codec, stored, { dataType, length, chunk: chunkKey(place.path, coordinates) });
}

/** Copies bits: a NaN with a payload must stay what it is. */
function filled(elements: Elements, fill: Elements): Elements {
  const pattern = bytesOf(fill);
  if (pattern.every((byte) => byte === 0) || elements.length === 0) return elements;
  const bytes = bytesOf(elements);
  bytes.set(pattern);
  for (let done = pattern.length; done < bytes.length; done *= 2) bytes.copyWithin(done, 0, done);
  return elements;
}

/** Whether every element is bitwise the fill value. */
function holdsOnly(elements: Elements, fill: Elements): boolean {
  const bytes = bytesOf(elements);
  const width = elements.BYTES_PER_ELEMENT;
  // Equal to itself shifted by one element, and the first one is the fill value.
  return (
    equalBytes(bytes.subarray(0, width), bytesOf(fill)) &&
    equalBytes(bytes.subarray(width), bytes.subarray(0, bytes.length - width))
  );
}
