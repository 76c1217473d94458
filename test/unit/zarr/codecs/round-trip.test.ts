/** Every data type through every chain of codecs, with and without shards, region by region. */
import fc from "fast-check";
import { expect, test } from "vitest";
import * as zarr from "zarrita";
import { type DataArray, openZarr } from "../../../../src/dataset/index.ts";
import { parseLayout } from "../../../../src/zarr/array-layout.ts";
import { parseDtype } from "../../../../src/zarr/codecs/data-type.ts";
import { float16Bits } from "../../../../src/zarr/codecs/float16.ts";
import {
  type ArrayValues,
  type CodecMetadata,
  type CreateArrayOptions,
  createArray,
  writeRegion,
} from "../../../../src/zarr/index.ts";
import { readBox } from "../../../../src/zarr/read-box.ts";
import { addressOf, mustReadDocument } from "../../../../src/zarr/zarr-store.ts";
import { runsOf } from "../../../runs.ts";
import { type Extent, ModelArray } from "../model-array.ts";
import { RangeStore } from "../range-store.ts";

type Dtype = CreateArrayOptions["dtype"];

interface TypeCase {
  readonly dtype: Dtype;
  /** One element, as callers give it. */
  readonly valueOf: (seed: number) => unknown;
  /** What elements that were never written are. */
  readonly fill: unknown;
  /** What is read of one element, if it is not what was given. */
  readonly storedOf?: (value: never) => readonly unknown[];
  /** Whether zarrita, and the dataset layer, have the type. */
  readonly isOfZarrita: boolean;
  readonly isOfDatasets: boolean;
}

const everywhere = { isOfZarrita: true, isOfDatasets: true };
const nowhere = { isOfZarrita: false, isOfDatasets: false };
const sized = (name: string, length_bytes: number): Dtype =>
  ({ name, configuration: { length_bytes } }) as Dtype;
const bytesOf = (value: Uint8Array): number[] => [...value];
/** zarrita reads halves where the platform has them. */
const hasHalves = typeof (globalThis as Record<string, unknown>)["Float16Array"] === "function";

const TYPES: readonly TypeCase[] = [
  {
    dtype: "bool",
    valueOf: (seed) => seed % 2 === 1,
    fill: false,
    storedOf: (value) => [Number(value)],
    ...everywhere,
  },
  { dtype: "int8", valueOf: (seed) => seed * 23 - 128, fill: 0, ...everywhere },
  { dtype: "int16", valueOf: (seed) => seed * 6000 - 32768, fill: 0, ...everywhere },
  { dtype: "int32", valueOf: (seed) => seed * 2 ** 28 - 2 ** 31, fill: 0, ...everywhere },
  {
    dtype: "int64",
    valueOf: (seed) => BigInt(seed) * 2n ** 60n - 2n ** 63n,
    fill: 0n,
    ...everywhere,
  },
  { dtype: "uint8", valueOf: (seed) => 255 - seed * 23, fill: 0, ...everywhere },
  { dtype: "uint16", valueOf: (seed) => 65535 - seed * 5957, fill: 0, ...everywhere },
  { dtype: "uint32", valueOf: (seed) => 2 ** 32 - 1 - seed * 2 ** 28, fill: 0, ...everywhere },
  { dtype: "uint64", valueOf: (seed) => 2n ** 64n - 1n - BigInt(seed), fill: 0n, ...everywhere },
  {
    dtype: "float16",
    valueOf: (seed) => (seed === 3 ? Number.POSITIVE_INFINITY : seed / 4 - 1),
    fill: Number.NaN,
    storedOf: (value) => [float16Bits(value)],
    isOfZarrita: hasHalves,
    isOfDatasets: true,
  },
  {
    dtype: "float32",
    valueOf: (seed) => (seed === 3 ? Number.NaN : Math.fround(seed / 3)),
    fill: Number.NaN,
    ...everywhere,
  },
  {
    dtype: "float64",
    valueOf: (seed) => (seed === 3 ? -0 : seed / 3),
    fill: Number.NaN,
    ...everywhere,
  },
  {
    dtype: "complex64",
    valueOf: (seed) => [seed / 2, -seed],
    fill: [0, 0],
    storedOf: (value) => value,
    ...nowhere,
  },
  {
    dtype: "complex128",
    valueOf: (seed) => [seed / 3, -0],
    fill: [0, 0],
    storedOf: (value) => value,
    ...nowhere,
  },
  { dtype: "string", valueOf: (seed) => "höhe🙂".slice(0, seed % 5), fill: "", ...everywhere },
  {
    dtype: sized("fixed_length_utf32", 16),
    valueOf: (seed) => ["", "a", "🙂é", "abcd"][seed % 4],
    fill: "",
    isOfZarrita: false,
    isOfDatasets: true,
  },
  {
    dtype: "variable_length_bytes",
    valueOf: (seed) => new Uint8Array(seed % 4).fill(seed),
    fill: new Uint8Array(0),
    ...nowhere,
  },
  {
    dtype: sized("null_terminated_bytes", 5),
    valueOf: (seed) => new Uint8Array(seed % 5).fill(seed + 1),
    fill: new Uint8Array(0),
    isOfZarrita: false,
    isOfDatasets: true,
  },
  {
    dtype: sized("raw_bytes", 3),
    valueOf: (seed) => Uint8Array.of(seed, 0, seed % 3),
    fill: new Uint8Array(3),
    storedOf: bytesOf,
    ...nowhere,
  },
  {
    dtype: "r16",
    valueOf: (seed) => Uint8Array.of(seed % 2, seed),
    fill: new Uint8Array(2),
    storedOf: bytesOf,
    ...nowhere,
  },
];

const TRANSPOSE: CodecMetadata = { name: "transpose", configuration: { order: [1, 0] } };
const CODECS: readonly (readonly CodecMetadata[] | undefined)[] = [
  undefined,
  [],
  [{ name: "gzip" }],
  [{ name: "zstd" }, { name: "crc32c" }],
  [{ name: "gzip" }, { name: "zstd" }],
  [{ name: "blosc" }],
  [{ name: "blosc", configuration: { cname: "lz4", shuffle: "noshuffle" } }],
  [TRANSPOSE, { name: "zstd" }],
];

interface Storage {
  readonly codecs: readonly CodecMetadata[] | undefined;
  readonly shape: readonly number[];
  readonly chunkShape: readonly number[];
  /** Chunks per shard and dimension. */
  readonly perShard: readonly number[] | undefined;
  readonly isIndexAtStart: boolean;
  /** Corners of the regions that are written, and the seeds of what is. */
  readonly writes: readonly { corners: readonly (readonly number[])[]; seed: number }[];
}

const pair = (min: number, max: number) =>
  fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));
const STORAGES: fc.Arbitrary<Storage> = fc.record({
  codecs: fc.constantFrom(...CODECS),
  shape: pair(1, 9),
  chunkShape: pair(1, 4),
  perShard: fc.option(pair(1, 3), { nil: undefined }),
  isIndexAtStart: fc.boolean(),
  writes: fc.array(fc.record({ corners: fc.tuple(pair(0, 9), pair(0, 9)), seed: fc.nat(10) }), {
    minLength: 1,
    maxLength: 3,
  }),
});

function arrayOptions({ dtype }: TypeCase, storage: Storage): CreateArrayOptions {
  const { codecs, shape, chunkShape, perShard, isIndexAtStart } = storage;
  const rest = { shape, dtype, dimensionNames: ["y", "x"] };
  if (perShard === undefined) return { ...rest, chunkShape, codecs };
  const shards = perShard.map((count, d) => count * (chunkShape[d] as number));
  if (!isIndexAtStart) return { ...rest, chunkShape, codecs, shards };
  const configuration = {
    chunk_shape: chunkShape,
    ...(codecs === undefined ? {} : { codecs }),
    index_location: "start",
  };
  return { ...rest, chunkShape: shards, codecs: [{ name: "sharding_indexed", configuration }] };
}

function regionOf(corners: readonly (readonly number[])[], shape: readonly number[]): Extent[] {
  return shape.map((size, d) => {
    const ends = corners.map((corner) => Math.min(corner[d] as number, size));
    return { start: Math.min(...ends), end: Math.max(...ends) };
  });
}

/** Makes the array `/a` and writes its regions; the model has the same elements. */
async function write(type: TypeCase, storage: Storage) {
  const store = new RangeStore();
  await createArray(store, "/a", arrayOptions(type, storage));
  const model = new ModelArray(storage.shape, type.fill);
  for (const { corners, seed } of storage.writes) {
    const region = regionOf(corners, storage.shape);
    const values = model.read(region).map((_, i) => type.valueOf((seed + i * 7) % 11));
    await writeRegion(store, "/a", { region, data: values as ArrayValues });
    model.write(region, values);
  }
  return { store, model };
}

const numRuns = runsOf("ROUND_TRIP_RUNS", 30, 300);
const named = (types: readonly TypeCase[]): [string, TypeCase][] =>
  types.map((type) => [JSON.stringify(type.dtype), type]);

test.each(named(TYPES))(
  "%s that is written region by region is read back, whatever the codecs and shards",
  async (_, type) => {
    const storedOf = (type.storedOf ?? ((value: unknown) => [value])) as (
      value: unknown,
    ) => readonly unknown[];
    await fc.assert(
      fc.asyncProperty(STORAGES, fc.tuple(pair(0, 9), pair(0, 9)), async (storage, corners) => {
        const { shape } = storage;
        const { store, model } = await write(type, storage);
        const document = await mustReadDocument(addressOf("test", store, "/a", undefined));
        const layout = parseLayout(document, "/a");
        for (const box of [regionOf([[0, 0], shape], shape), regionOf(corners, shape)]) {
          const read = await readBox(store, layout, box, undefined);

          expect([...(read as Iterable<unknown>)]).toEqual(model.read(box).flatMap(storedOf));
        }
      }),
      { numRuns },
    );
  },
);

test.each(named(TYPES.filter(({ isOfZarrita }) => isOfZarrita)))(
  "%s that is written is read by zarrita",
  async (_, type) => {
    await fc.assert(
      fc.asyncProperty(STORAGES, async (storage) => {
        const { store, model } = await write(type, { ...storage, isIndexAtStart: false });
        const array = await zarr.open(zarr.root(store).resolve("/a"), { kind: "array" });

        // Of transposed chunks zarrita makes a transposed array.
        const read = (await zarr.get(array)) as { data: Iterable<unknown>; stride: number[] };
        const items = [...read.data];
        const [row, column] = read.stride as [number, number];
        const width = storage.shape[1] as number;
        const values = model.values.map(
          (_, i) => items[Math.floor(i / width) * row + (i % width) * column],
        );
        expect(values).toEqual(model.values);
      }),
      { numRuns },
    );
  },
);

test.each(named(TYPES.filter(({ isOfDatasets }) => isOfDatasets)))(
  "%s that is written is read by openZarr",
  async (_, type) => {
    await fc.assert(
      fc.asyncProperty(STORAGES, async (storage) => {
        const { store, model } = await write(type, storage);

        const dataset = await openZarr(store, { maskAndScale: false });
        const { values } = await (dataset.variables["a"] as DataArray).load();

        const expected = type.dtype === "bool" ? model.values.map(Number) : model.values;
        expect([...(values as Iterable<unknown>)]).toEqual(expected);
      }),
      { numRuns },
    );
  },
);

test("every supported data type takes part", () => {
  let supported: string[] = [];
  try {
    parseDtype("none", "test");
  } catch (error) {
    supported = (error as { details: { supported: string[] } }).details.supported;
  }
  const names = TYPES.map(({ dtype }) => (typeof dtype === "string" ? dtype : dtype.name));

  expect(supported.map((name) => (name.startsWith("r8") ? "r16" : name)).sort()).toEqual(
    [...names].sort(),
  );
});
