/** Random datasets, chunks and codecs: what is written is read back identical. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  assertIdentical,
  type Data,
  Dataset,
  openZarr,
  TimeArray,
} from "../../../../src/dataset/index.ts";
import { mapStore } from "../map-store.ts";

const SEED = process.env["SEED"] === undefined ? undefined : Number(process.env["SEED"]);

interface Kind {
  readonly dtype?: "bool" | "float16";
  readonly make: (count: number, random: () => number) => Data;
  readonly encodings: readonly Record<string, unknown>[];
}

const integer = (random: () => number, low: number, high: number): number =>
  low + Math.floor(random() * (high - low));

const KINDS: Readonly<Record<string, Kind>> = {
  int8: {
    make: (count, random) => Int8Array.from({ length: count }, () => integer(random, -128, 128)),
    encodings: [{}, { dtype: "int16" }, { dtype: "float32" }],
  },
  uint16: {
    make: (count, random) => Uint16Array.from({ length: count }, () => integer(random, 0, 65_536)),
    encodings: [{}, { serializer: { name: "bytes", configuration: { endian: "big" } } }],
  },
  int64: {
    make: (count, random) =>
      BigInt64Array.from({ length: count }, () => BigInt(integer(random, 0, 2 ** 50)) << 10n),
    encodings: [{}],
  },
  float32: {
    make: (count, random) =>
      Float32Array.from({ length: count }, () => (random() < 0.2 ? Number.NaN : random() * 1e6)),
    encodings: [{}, { _FillValue: -999 }, { dtype: "float64" }],
  },
  packed: {
    make: (count, random) =>
      Float64Array.from({ length: count }, () =>
        random() < 0.2 ? Number.NaN : integer(random, -3000, 3000) * 0.25 + 100,
      ),
    encodings: [{ dtype: "int16", scale_factor: 0.25, add_offset: 100, _FillValue: -32_768 }],
  },
  half: {
    dtype: "float16",
    make: (count, random) =>
      Float32Array.from({ length: count }, () => integer(random, -2048, 2048) / 4),
    encodings: [{}],
  },
  bool: {
    dtype: "bool",
    make: (count, random) => Uint8Array.from({ length: count }, () => integer(random, 0, 2)),
    encodings: [{}],
  },
  text: {
    make: (count, random) =>
      Array.from({ length: count }, () => ["", "a", "höhe", "🙂"][integer(random, 0, 4)] as string),
    encodings: [{}, { dtype: "<U4" }],
  },
  bytes: {
    make: (count, random) =>
      Array.from({ length: count }, () =>
        Uint8Array.from({ length: integer(random, 0, 4) }, () => integer(random, 1, 256)),
      ),
    encodings: [{}, { dtype: "S5" }],
  },
  time: {
    make: (count, random) =>
      new TimeArray(
        BigInt64Array.from({ length: count }, () =>
          random() < 0.2 ? -(2n ** 63n) : BigInt(integer(random, -1e6, 1e6)),
        ),
        "hours since 1900-01-01",
        "360_day",
      ),
    encodings: [
      {},
      { dtype: "int32", _FillValue: -(2 ** 31) },
      { units: "minutes since 1850-06-30" },
    ],
  },
};

const COMPRESSORS = [undefined, null, [{ name: "gzip" }], [{ name: "zstd" }, { name: "crc32c" }]];

const cases = fc.record({
  kind: fc.constantFrom(...Object.keys(KINDS)),
  shape: fc.array(fc.nat(7), { maxLength: 3 }),
  chunks: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 3, maxLength: 3 }),
  perShard: fc.option(fc.integer({ min: 1, max: 3 })),
  compressors: fc.constantFrom(...COMPRESSORS),
  encoding: fc.nat(3),
  seed: fc.nat(),
});

test("a random dataset comes back identical from a store", async () => {
  await fc.assert(
    fc.asyncProperty(cases, async ({ kind, shape, compressors, perShard, encoding, ...rest }) => {
      const { make, encodings, dtype } = KINDS[kind] as Kind;
      let state = rest.seed;
      const random = (): number => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return state / 2 ** 32;
      };
      const data = make(
        shape.reduce((n, size) => n * size, 1),
        random,
      );
      const chunks = rest.chunks.slice(0, shape.length);
      const dims = shape.map((_, d) => `d${d}`);
      const dataset = new Dataset({
        variables: {
          v: {
            dims,
            shape,
            data,
            ...(dtype === undefined ? {} : { dtype }),
            ...(kind === "text" ? { dtype: "string" as const } : {}),
            ...(kind === "bytes" ? { dtype: "bytes" as const } : {}),
            encoding: {
              ...encodings[encoding % encodings.length],
              chunks,
              ...(perShard === null ? {} : { shards: chunks.map((size) => size * perShard) }),
              ...(compressors === undefined ? {} : { compressors }),
            },
          },
        },
      });
      const store = mapStore();

      await dataset.toZarr(store);
      const opened = await openZarr(store);
      const copied = mapStore();
      await opened.toZarr(copied);

      expect(opened.variables["v"]?.dims).toEqual(dims);
      const isSame =
        encodings[encoding % encodings.length]?.["dtype"] === undefined || kind === "packed";
      if (isSame) await assertIdentical(dataset, opened);
      await assertIdentical(opened, await openZarr(copied));
      expect(copied.map).toEqual(store.map);
    }),
    { numRuns: 200, ...(SEED === undefined ? {} : { seed: SEED }) },
  );
});
