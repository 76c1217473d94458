/**
 * Shards: one stored object that holds many chunks and an index of them. Chunks of nothing but the
 * fill value are left out. A part is read by the index and the ranges of the chunks it touches; a
 * part is written by encoding those chunks alone. Spec: Zarr v3 "Sharding codec".
 */
import { concatBytes } from "../../base/bytes.ts";
import { mapConcurrent } from "../../base/concurrency.ts";
import { volumeOf } from "../../base/coordinates.ts";
import { makeError } from "../../base/errors.ts";
import { isCount } from "../../base/options.ts";
import { isJsonArray, type JsonObject, type JsonValue, printJson } from "../../codec/json.ts";
import { type Box, offsetOf, relativeTo, shapeOf, stridesOf, wholeBox } from "../box.ts";
import {
  type ChunkGrid,
  chunkBox,
  startIn,
  type TouchedChunk,
  touchedChunks,
} from "../chunk-grid.ts";
import {
  type ByteParts,
  type ChunkCodec,
  type ChunkLayout,
  type ChunkPartsCodec,
  partsOf,
  partsWithin,
} from "./chunk-codec.ts";
import { damaged } from "./damaged.ts";
import { filled } from "./element-values.ts";
import { copyRegion, type Elements, holdsOnly, type Region } from "./elements.ts";
import {
  decodeIndex,
  encodeIndex,
  type IndexCodec,
  indexBytes,
  parseIndexCodec,
  type ShardEntry,
} from "./shard-index.ts";

/** Ranges of one shard under way at once. */
const RANGES_UNDER_WAY_MAX = 4;
/** Neighbouring chunks are read in one range up to this size. */
const RANGE_BYTES_MAX = 8 * 2 ** 20;

/** Most chunks of one shard: its index is read and written as a whole. */
const CHUNKS_PER_SHARD_MAX = 2 ** 22;

type ParseCodecs = (codecs: JsonValue | undefined, layout: ChunkLayout, path: string) => ChunkCodec;

interface Shard {
  readonly layout: ChunkLayout;
  /** The shard, and the chunks inside. */
  readonly grid: ChunkGrid;
  /** Distance between the numbers of neighbouring chunks, per dimension. */
  readonly strides: readonly number[];
  readonly count: number;
  readonly chunks: ChunkCodec;
  readonly index: IndexCodec;
}

/**
 * The codec of whole shards and of their parts.
 * @throws {unimplemented} codecs that are not supported, too many chunks
 * @throws {invalid-array-metadata} a chunk shape that does not divide the shard's, an index of no
 *   fixed length
 */
export function parseSharding(
  configuration: JsonObject,
  layout: ChunkLayout,
  path: string,
  parseCodecs: ParseCodecs,
): ChunkCodec {
  const inner = configuration.get("chunk_shape");
  const isFit =
    isJsonArray(inner) &&
    inner.length === layout.shape.length &&
    inner.every((size, d) => isCount(size) && size > 0 && (layout.shape[d] as number) % size === 0);
  if (!isFit) {
    throw makeError(
      "invalid-array-metadata",
      `zarr.json of ${path}: shards of [${layout.shape}] cannot hold chunks of ${printJson(inner ?? null)}`,
      { details: { path, member: "chunk_shape" } },
    );
  }
  const chunkShape = inner as number[];
  const perShard = layout.shape.map((size, d) => size / (chunkShape[d] as number));
  const count = volumeOf(perShard);
  if (count > CHUNKS_PER_SHARD_MAX) {
    throw makeError(
      "unimplemented",
      `array ${path}: a shard of ${count} chunks is too large, at most ${CHUNKS_PER_SHARD_MAX}`,
      { details: { path, chunkShape, chunks: count } },
    );
  }
  const shard: Shard = {
    layout,
    grid: { shape: layout.shape, chunkShape },
    strides: stridesOf(perShard),
    count,
    chunks: parseCodecs(configuration.get("codecs"), { ...layout, shape: chunkShape }, path),
    index: parseIndexCodec(configuration, path),
  };
  const parts: ChunkPartsCodec = {
    read: (source, box, target, chunk) => readParts(shard, source, box, target, chunk),
    write: (stored, box, source, chunk) => writeParts(shard, stored, box, source, chunk),
  };
  return {
    parts,
    async encode(elements) {
      const whole = wholeBox(layout.shape);
      const source = { values: elements, shape: layout.shape, start: layout.shape.map(() => 0) };
      return assemble(shard, await encodeTouched(shard, [], whole, source, "of a shard"));
    },
    async decode(bytes, chunk) {
      const values = filled(layout.dataType, volumeOf(layout.shape), layout.fill);
      const target = { values, shape: layout.shape, start: layout.shape.map(() => 0) };
      await parts.read(partsOf(bytes), wholeBox(layout.shape), target, chunk);
      return values;
    },
  };
}

/** A chunk that is stored in the shard and that a box touches. */
interface StoredChunk extends TouchedChunk, ShardEntry {
  readonly number: number;
}

async function readParts(
  shard: Shard,
  source: ByteParts,
  box: Box,
  target: Region,
  chunk: string,
): Promise<void> {
  const entries = await readIndex(shard, source, chunk);
  if (entries === undefined) return;
  const wanted: StoredChunk[] = [];
  for (const touched of touchedChunks(box, shard.grid)) {
    const number = offsetOf(touched.coordinates, shard.strides);
    const entry = entries[number];
    if (entry !== undefined) wanted.push({ ...touched, ...entry, number });
  }
  const runs = runsOf(wanted, shard.chunks.parts === undefined ? RANGE_BYTES_MAX : 0);
  await mapConcurrent(runs, RANGES_UNDER_WAY_MAX, async (run) => {
    const [first] = run as [StoredChunk];
    if (shard.chunks.parts !== undefined && !isAllOf(shard, first)) {
      await readNested(shard, source, first, box, target, chunk);
      return;
    }
    const last = run.at(-1) as StoredChunk;
    const bytes = await source.read(first.offset, last.offset + last.length - first.offset);
    for (const stored of run) {
      const at = stored.offset - first.offset;
      const own = bytes?.subarray(at, at + stored.length);
      if (own?.length !== stored.length) throw beyondEnd(stored.number, chunk);
      const values = await shard.chunks.decode(own, chunk);
      copyPart(shard, fromChunk(shard, stored, values), into(target, box, stored), stored.shared);
    }
  });
}

/** Chunks that lie one behind the other are read together. */
function runsOf(wanted: readonly StoredChunk[], bytesMax: number): StoredChunk[][] {
  const runs: StoredChunk[][] = [];
  for (const stored of [...wanted].sort((a, b) => a.offset - b.offset)) {
    const run = runs.at(-1);
    const [first, last] = [run?.[0], run?.at(-1)];
    const isNext =
      first !== undefined &&
      last !== undefined &&
      last.offset + last.length === stored.offset &&
      stored.offset + stored.length - first.offset <= bytesMax;
    if (isNext) run?.push(stored);
    else runs.push([stored]);
  }
  return runs;
}

/** Shards in shards: only the part of the inner one that is asked for. */
async function readNested(
  shard: Shard,
  source: ByteParts,
  stored: StoredChunk,
  box: Box,
  target: Region,
  chunk: string,
): Promise<void> {
  const own = chunkBox(stored.coordinates, shard.grid.chunkShape);
  const inner = partsWithin(source, stored.offset, stored.length);
  const part = relativeTo(stored.shared, own);
  await shard.chunks.parts?.read(inner, part, into(target, box, stored), chunk);
}

async function readIndex(
  shard: Shard,
  source: ByteParts,
  chunk: string,
): Promise<(ShardEntry | undefined)[] | undefined> {
  const length = indexBytes(shard.index, shard.count);
  const { isAtStart } = shard.index;
  const bytes = await (isAtStart ? source.read(0, length) : source.readEnd(length));
  if (bytes === undefined) return undefined;
  if (bytes.length !== length) throw damaged(chunk, "no room for the shard's index");
  return decodeIndex(shard.index, bytes, shard.count, chunk);
}

async function writeParts(
  shard: Shard,
  stored: Uint8Array | undefined,
  box: Box,
  source: Region,
  chunk: string,
): Promise<Uint8Array | undefined> {
  let present: (Uint8Array | undefined)[] = [];
  if (stored !== undefined) {
    const entries = (await readIndex(shard, partsOf(stored), chunk)) ?? [];
    let keptBytes = 0;
    present = entries.map((entry, number) => {
      if (entry === undefined) return undefined;
      keptBytes += entry.length;
      if (keptBytes > stored.length) throw damaged(chunk, "the chunks of its shard overlap");
      const bytes = stored.subarray(entry.offset, entry.offset + entry.length);
      if (bytes.length !== entry.length) throw beyondEnd(number, chunk);
      return bytes;
    });
  }
  const encoded = await encodeTouched(shard, present, box, source, chunk);
  return encoded.some((bytes) => bytes !== undefined) ? assemble(shard, encoded) : undefined;
}

/** The encoded chunks of a shard; those that `box` touches anew, with its elements replaced. */
async function encodeTouched(
  shard: Shard,
  present: readonly (Uint8Array | undefined)[],
  box: Box,
  source: Region,
  chunk: string,
): Promise<(Uint8Array | undefined)[]> {
  const encoded = Array.from({ length: shard.count }, (_, number) => present[number]);
  for (const touched of touchedChunks(box, shard.grid)) {
    const number = offsetOf(touched.coordinates, shard.strides);
    const before = touched.isWhole ? undefined : encoded[number];
    const own = into(source, box, touched);
    encoded[number] = await encodeChunk(shard, before, touched, own, chunk);
  }
  return encoded;
}

async function encodeChunk(
  shard: Shard,
  before: Uint8Array | undefined,
  touched: TouchedChunk,
  source: Region,
  chunk: string,
): Promise<Uint8Array | undefined> {
  const { layout, grid, chunks } = shard;
  if (chunks.parts !== undefined) {
    const own = chunkBox(touched.coordinates, grid.chunkShape);
    return chunks.parts.write(before, relativeTo(touched.shared, own), source, chunk);
  }
  const values =
    before === undefined
      ? filled(layout.dataType, volumeOf(grid.chunkShape), layout.fill)
      : await chunks.decode(before, chunk);
  copyPart(shard, source, fromChunk(shard, touched, values), touched.shared);
  return holdsOnly(values, layout.fill) ? undefined : chunks.encode(values);
}

/** One object of encoded chunks, in the order of their numbers, and the index. */
async function assemble(
  { index }: Shard,
  encoded: readonly (Uint8Array | undefined)[],
): Promise<Uint8Array> {
  let offset = index.isAtStart ? indexBytes(index, encoded.length) : 0;
  const entries = encoded.map((bytes) => {
    if (bytes === undefined) return undefined;
    const entry = { offset, length: bytes.length };
    offset += bytes.length;
    return entry;
  });
  const parts = encoded.filter((bytes) => bytes !== undefined);
  const own = await encodeIndex(index, entries);
  return concatBytes(index.isAtStart ? [own, ...parts] : [...parts, own]);
}

function isAllOf({ grid }: Shard, { shared }: TouchedChunk): boolean {
  return volumeOf(shapeOf(shared)) === volumeOf(grid.chunkShape);
}

/** The shared elements in a chunk's own memory. */
function fromChunk({ grid }: Shard, touched: TouchedChunk, values: Elements): Region {
  const own = chunkBox(touched.coordinates, grid.chunkShape);
  return { values, shape: grid.chunkShape, start: startIn(own, touched.shared) };
}

/** The shared elements in the memory that holds `box`. */
function into(region: Region, box: Box, { shared }: TouchedChunk): Region {
  const offset = startIn(box, shared);
  return { ...region, start: region.start.map((at, d) => at + (offset[d] as number)) };
}

function copyPart({ layout }: Shard, source: Region, target: Region, shared: Box): void {
  copyRegion(source, target, shapeOf(shared), layout.dataType.itemsPerElement);
}

function beyondEnd(number: number, chunk: string): Error {
  return damaged(chunk, `chunk ${number} of the shard reaches beyond its end`);
}
