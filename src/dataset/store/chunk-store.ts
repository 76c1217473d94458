/** Chunks of arrays in a store: read, decoded, encoded, written, or deleted where nothing is left. */
import { mapConcurrent } from "../../base/concurrency.ts";
import { touchedChunk, touchedChunkCount } from "../../zarr/region.ts";
import type { ZarrStore } from "../../zarr/zarr-store.ts";
import type { ArraySource } from "../array/array-source.ts";
import { type Box, elementCount, relativeTo, shapeOf } from "../array/box.ts";
import { allocate, copyRegion, type Values } from "../array/elements.ts";
import { filled } from "./data-type.ts";
import type { StoredArray } from "./stored-array.ts";

/** Chunks of one array read at once. */
const READS_MAX = 8;

/** The decoded values of one chunk; `undefined` if it is not stored. */
export async function readChunk(
  store: ZarrStore,
  array: StoredArray,
  coordinates: readonly number[],
  signal: AbortSignal | undefined,
): Promise<Values | undefined> {
  const key = array.keyOf(coordinates);
  const bytes = await store.get(`/${key}`, signal === undefined ? undefined : { signal });
  return bytes === undefined ? undefined : array.codec.decode(bytes, key);
}

/** A source over an array of a store: reads the chunks that a box touches, several at once. */
export function zarrSource(store: ZarrStore, array: StoredArray): ArraySource {
  const { type, shape, chunkShape, fill, path } = array;
  return {
    type,
    shape,
    async read(box, signal) {
      const size = shapeOf(box);
      const count = elementCount(size);
      if (count === 0) return allocate(type, 0, path);
      const values = filled(type, count, fill, path);
      const chunks = Array.from({ length: touchedChunkCount(box, chunkShape) }, (_, i) => i);
      await mapConcurrent(chunks, READS_MAX, async (number) => {
        signal?.throwIfAborted();
        const { coordinates, shared } = touchedChunk(number, box, shape, chunkShape);
        const chunk = await readChunk(store, array, coordinates, signal);
        if (chunk === undefined) return;
        copyRegion(
          {
            values: chunk,
            shape: chunkShape,
            start: startIn(chunkBox(coordinates, chunkShape), shared),
          },
          { values, shape: size, start: startIn(box, shared) },
          shapeOf(shared),
        );
      });
      return values;
    },
  };
}

/** The elements of a chunk, those beyond the array's end included. */
export function chunkBox(coordinates: readonly number[], chunkShape: readonly number[]): Box {
  return coordinates.map((coordinate, d) => {
    const size = chunkShape[d] as number;
    return { start: coordinate * size, end: (coordinate + 1) * size };
  });
}

/** Where a box begins inside another. */
export function startIn(outer: Box, inner: Box): number[] {
  return relativeTo(inner, outer).map(({ start }) => start);
}
