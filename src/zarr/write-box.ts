/**
 * Writes a box of elements into an array, chunk by chunk, with only as much in memory as is under way.
 *
 * Chunks that the box covers are written without being read; a chunk it covers in part is read,
 * changed and written, one writer at a time within a session. Of a shard only the chunks inside that
 * the box touches are encoded, the others stay byte for byte. As zarr-python does: edge chunks have
 * full size, padded with the fill value; a chunk of nothing but the fill value is not stored.
 */
import type { Limiter } from "../base/concurrency.ts";
import { volumeOf } from "../base/coordinates.ts";
import { inTurn } from "../base/in-turn.ts";
import type { ArrayLayout } from "./array-layout.ts";
import { type Box, relativeTo, shapeOf } from "./box.ts";
import { chunkBox, forEachTouchedChunk, startIn, type TouchedChunk } from "./chunk-grid.ts";
import { filled } from "./codecs/element-values.ts";
import { copyRegion, holdsOnly, type Region } from "./codecs/elements.ts";
import { optionsOf, ownerOf, type ZarrStore } from "./zarr-store.ts";

/** Chunks of one call under way at once; each holds a few copies of one chunk in memory. */
export const CHUNKS_UNDER_WAY_MAX = 8;

/** Where elements are written, and where they come from. */
interface BoxWrite {
  readonly store: ZarrStore;
  readonly layout: ArrayLayout;
  readonly box: Box;
  readonly signal: AbortSignal | undefined;
  /** The elements of a part of `box`, somewhere in memory; not changed. */
  valuesOf(shared: Box): Region | Promise<Region>;
  /** Shared with other calls. */
  readonly limiter?: Limiter | undefined;
  /** Whether the array has no chunks yet, so that none is read or deleted. */
  readonly isNew?: boolean | undefined;
  /** Whether chunks of nothing but the fill value are stored too. */
  readonly writesEmptyChunks?: boolean | undefined;
}

/** Writes the box. If it fails or is aborted midway, some chunks have been written. */
export async function writeBox(write: BoxWrite): Promise<void> {
  const { store, layout, limiter, signal } = write;
  const options = { concurrencyMax: CHUNKS_UNDER_WAY_MAX, signal };
  await forEachTouchedChunk(write.box, layout, options, async (chunk) => {
    const work = async (): Promise<void> => {
      const key = layout.keyOf(chunk.coordinates);
      const source = await write.valuesOf(chunk.shared);
      // Also whole chunks take their turn: one may replace what another task is changing.
      await inTurn(ownerOf(store), key, () => writeChunk(write, chunk, source));
    };
    await (limiter === undefined ? work() : limiter.run(work, signal));
  });
}

async function writeChunk(write: BoxWrite, chunk: TouchedChunk, source: Region): Promise<void> {
  const { store, layout, signal } = write;
  const key = `/${layout.keyOf(chunk.coordinates)}` as const;
  const encoded = await encodeChanged(write, chunk, source);
  if (encoded === undefined) {
    if (write.isNew === true) return;
    if (store.delete !== undefined) {
      // Also where nothing is: that this box holds fill values is a change like any other.
      await store.delete(key, optionsOf(signal));
      return;
    }
  }
  await store.set(key, encoded ?? (await encodeFilled(layout)), optionsOf(signal));
}

/** The chunk with the shared elements replaced; `undefined` if it need not be stored. */
async function encodeChanged(
  write: BoxWrite,
  { coordinates, shared, isWhole }: TouchedChunk,
  source: Region,
): Promise<Uint8Array | undefined> {
  const { store, layout, signal } = write;
  const { chunkShape, codec, dataType, fill } = layout;
  const key = layout.keyOf(coordinates);
  const own = chunkBox(coordinates, chunkShape);
  const isKept = write.writesEmptyChunks === true;
  const stored =
    isWhole || write.isNew === true ? undefined : await store.get(`/${key}`, optionsOf(signal));
  if (codec.parts !== undefined) {
    const changed = await codec.parts.write(stored, relativeTo(shared, own), source, key);
    return changed ?? (isKept ? encodeFilled(layout) : undefined);
  }
  const values =
    stored === undefined
      ? filled(dataType, volumeOf(chunkShape), fill)
      : await codec.decode(stored, key);
  const target = { values, shape: chunkShape, start: startIn(own, shared) };
  copyRegion(source, target, shapeOf(shared), dataType.itemsPerElement);
  return !isKept && holdsOnly(values, fill) ? undefined : codec.encode(values);
}

function encodeFilled({ codec, dataType, chunkShape, fill }: ArrayLayout): Promise<Uint8Array> {
  return codec.encode(filled(dataType, volumeOf(chunkShape), fill));
}
