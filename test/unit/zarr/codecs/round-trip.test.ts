/** Every data type through every chain of codecs, with and without shards, region by region. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseLayout } from "../../../../src/zarr/array-layout.ts";
import {
  type ArrayValues,
  type CreateArrayOptions,
  createArray,
  writeRegion,
} from "../../../../src/zarr/index.ts";
import { readBox } from "../../../../src/zarr/read-box.ts";
import { addressOf, mustReadDocument } from "../../../../src/zarr/zarr-store.ts";
import { PlainStore } from "../plain-store.ts";

type Dtype = CreateArrayOptions["dtype"];
type Make = (count: number, seed: number) => ArrayValues;

const sized = (name: string, length_bytes: number): Dtype =>
  ({ name, configuration: { length_bytes } }) as Dtype;
const list =
  <T>(item: (i: number) => T) =>
  (count: number, seed: number): T[] =>
    Array.from({ length: count }, (_, i) => item((i * 7 + seed) % 11));
const TYPES: readonly (readonly [Dtype, Make])[] = [
  ["bool", (count, seed) => Uint8Array.from(list((i) => i % 2)(count, seed))],
  ["int16", (count, seed) => Int16Array.from(list((i) => i - 5)(count, seed))],
  ["int64", (count, seed) => BigInt64Array.from(list((i) => BigInt(i) - 2n ** 62n)(count, seed))],
  [
    "uint64",
    (count, seed) => BigUint64Array.from(list((i) => 2n ** 64n - 1n - BigInt(i))(count, seed)),
  ],
  [
    "float32",
    (count, seed) => Float32Array.from(list((i) => (i === 3 ? Number.NaN : i / 3))(count, seed)),
  ],
  ["float64", (count, seed) => Float64Array.from(list((i) => (i === 3 ? -0 : i / 3))(count, seed))],
  ["complex64", (count, seed) => Float32Array.from(list((i) => i / 2)(2 * count, seed))],
  ["complex128", (count, seed) => Float64Array.from(list((i) => i / 3)(2 * count, seed))],
  ["string", list((i) => "höhe🙂".slice(0, i % 5))],
  [sized("fixed_length_utf32", 16), list((i) => ["", "a", "🙂é", "abcd"][i % 4] as string)],
  ["variable_length_bytes", list((i) => new Uint8Array(i % 4).fill(i))],
  [sized("null_terminated_bytes", 5), list((i) => new Uint8Array(i % 5).fill(i + 1))],
  [sized("raw_bytes", 3), (count, seed) => Uint8Array.from(list((i) => i % 3)(3 * count, seed))],
  ["r16", (count, seed) => Uint8Array.from(list((i) => i % 2)(2 * count, seed))],
];
const CODECS: readonly CreateArrayOptions["codecs"][] = [
  undefined,
  [],
  [{ name: "gzip" }],
  [{ name: "zstd" }, { name: "crc32c" }],
  [{ name: "blosc" }],
  [{ name: "transpose", configuration: { order: [1, 0] } }, { name: "zstd" }],
];

test("what is written region by region is read back, whatever the type, codecs and shards", async () => {
  const cases = fc.record({
    type: fc.constantFrom(...TYPES),
    codecs: fc.constantFrom(...CODECS),
    shape: fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })),
    chunkShape: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
    perShard: fc.option(fc.integer({ min: 1, max: 3 })),
    cut: fc.tuple(fc.nat(9), fc.nat(9)),
    seed: fc.nat(20),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ type: [dtype, make], codecs, shape, chunkShape, ...rest }) => {
      const store = new PlainStore();
      const { perShard, seed } = rest;
      const shards = perShard === null ? undefined : chunkShape.map((size) => size * perShard);
      await createArray(store, "/a", { shape, chunkShape, dtype, codecs, shards });
      const layout = parseLayout(
        await mustReadDocument(addressOf("test", store, "/a", undefined)),
        "/a",
      );
      const items = layout.dataType.itemsPerElement;
      const cut = rest.cut.map((at, d) => Math.min(at, shape[d] as number)) as [number, number];
      const whole = make(shape[0] * shape[1], seed);
      await writeRegion(store, "/a", { data: whole });
      const size = (shape[0] - cut[0]) * (shape[1] - cut[1]);
      const part = make(size, seed + 5);
      const region = shape.map((end, d) => ({ start: cut[d] as number, end }));
      await writeRegion(store, "/a", { region, data: part });

      const expected = [...(whole as Iterable<unknown>)];
      const width = shape[1] - cut[1];
      for (let i = 0; i < size; i++) {
        const at = (cut[0] + Math.floor(i / width)) * shape[1] + cut[1] + (i % width);
        for (let item = 0; item < items; item++) {
          expected[at * items + item] = (part as unknown[])[i * items + item];
        }
      }
      const box = shape.map((end) => ({ start: 0, end }));
      const read = await readBox(store, layout, box, undefined);
      expect([...(read as Iterable<unknown>)]).toEqual(expected);
    }),
    { numRuns: 150 },
  );
});
