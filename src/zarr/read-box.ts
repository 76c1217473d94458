/**
 * Reads a box of elements out of an array, chunk by chunk. Of a shard that the box covers in part,
 * only the index and the chunks inside that it touches are read, where the store has `getRange`.
 */
import { volumeOf } from "../base/coordinates.ts";
import { isIcefloeError } from "../base/errors.ts";
import type { ArrayLayout } from "./array-layout.ts";
import { type Box, relativeTo, shapeOf } from "./box.ts";
import { chunkBox, forEachTouchedChunk, startIn, type TouchedChunk } from "./chunk-grid.ts";
import { type ByteParts, partsOf } from "./codecs/chunk-codec.ts";
import { filled } from "./codecs/element-values.ts";
import { copyRegion, type Elements, type Region } from "./codecs/elements.ts";
import { optionsOf, type ZarrStore } from "./zarr-store.ts";

/** Chunks of one array read at once. */
const READS_MAX = 8;

/** The elements of a box inside the array, row-major; owned by the caller. */
export async function readBox(
  store: ZarrStore,
  layout: ArrayLayout,
  box: Box,
  signal: AbortSignal | undefined,
): Promise<Elements> {
  const shape = shapeOf(box);
  const values = filled(layout.dataType, volumeOf(shape), layout.fill);
  await forEachTouchedChunk(box, layout, { concurrencyMax: READS_MAX, signal }, (chunk) => {
    const target = { values, shape, start: startIn(box, chunk.shared) };
    return readPart(store, layout, chunk, target, signal);
  });
  return values;
}

async function readPart(
  store: ZarrStore,
  layout: ArrayLayout,
  chunk: TouchedChunk,
  target: Region,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { chunkShape, codec, dataType } = layout;
  const { coordinates, shared } = chunk;
  const key = layout.keyOf(coordinates);
  const own = chunkBox(coordinates, chunkShape);
  const part = relativeTo(shared, own);
  if (codec.parts !== undefined && !chunk.isWhole && store.getRange !== undefined) {
    await codec.parts.read(partsInStore(store, key, signal), part, target, key);
    return;
  }
  const bytes = await store.get(`/${key}`, optionsOf(signal));
  if (bytes === undefined) return;
  if (codec.parts !== undefined) {
    await codec.parts.read(partsOf(bytes), part, target, key);
    return;
  }
  const values = await codec.decode(bytes, key);
  const source = { values, shape: chunkShape, start: startIn(own, shared) };
  copyRegion(source, target, shapeOf(shared), dataType.itemsPerElement);
}

/** Parts of one value of a store. A range beyond its end is one that ends there. */
function partsInStore(store: ZarrStore, key: string, signal: AbortSignal | undefined): ByteParts {
  const read = async (range: { offset: number; length: number } | { suffixLength: number }) => {
    try {
      return await store.getRange?.(`/${key}`, range, optionsOf(signal));
    } catch (error) {
      if (isIcefloeError(error, "invalid-byte-range")) return new Uint8Array(0);
      throw error;
    }
  };
  return {
    read: (offset, length) => read({ offset, length }),
    readEnd: (suffixLength) => read({ suffixLength }),
  };
}
