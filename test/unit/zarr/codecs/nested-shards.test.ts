/** Shards in shards: `sharding_indexed` among the codecs of `sharding_indexed`. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createArray, writeRegion } from "../../../../src/zarr/index.ts";
import { runsOf } from "../../../runs.ts";
import { ModelArray } from "../model-array.ts";
import { RangeStore } from "../range-store.ts";
import { listOf } from "../read-array.ts";

const INDEX_BYTES = 2 * 16 + 4;
/** Two chunks of four int8, their index. */
const INNER_SHARD_BYTES = 8 + INDEX_BYTES;

function sharding(chunkShape: readonly number[], members: Record<string, unknown>) {
  return { name: "sharding_indexed", configuration: { chunk_shape: chunkShape, ...members } };
}

/** Sixteen int8: a shard of two shards of two chunks of four. */
async function oneShard(location: "start" | "end" = "end"): Promise<RangeStore> {
  const store = new RangeStore();
  const index_location = location;
  const inner = sharding([4], { codecs: [], index_location });
  await createArray(store, "/a", {
    shape: [16],
    chunkShape: [16],
    dtype: "int8",
    codecs: [sharding([8], { codecs: [inner], index_location })],
  });
  await writeRegion(store, "/a", { data: Array.from({ length: 16 }, (_, i) => i + 1) });
  store.calls.length = 0;
  return store;
}

describe("shards in a shard", () => {
  test.each(["start", "end"] as const)(
    "with indices at the %s cost two indices and a range, to read a chunk",
    async (location) => {
      const store = await oneShard(location);
      expect(store.entries.get("/a/c/0")?.length).toBe(2 * INNER_SHARD_BYTES + INDEX_BYTES);

      expect(await listOf(store, [{ start: 9, end: 11 }])).toEqual([10, 11]);

      expect(store.chunkCalls("get")).toEqual(Array(3).fill("getRange /a/c/0"));
      expect(store.rangeBytes).toBe(2 * INDEX_BYTES + 4);
    },
  );

  test("are read whole by one range each", async () => {
    const store = await oneShard();

    expect(await listOf(store, [{ start: 8, end: 16 }])).toEqual([9, 10, 11, 12, 13, 14, 15, 16]);

    expect(store.rangeBytes).toBe(INDEX_BYTES + INNER_SHARD_BYTES);
  });

  test("keep the chunks beside a region byte for byte", async () => {
    const store = await oneShard();
    const before = store.entries.get("/a/c/0") as Uint8Array;

    await writeRegion(store, "/a", { region: [{ start: 12, end: 13 }], data: -1 });

    const after = store.entries.get("/a/c/0") as Uint8Array;
    expect(after.slice(0, INNER_SHARD_BYTES)).toEqual(before.slice(0, INNER_SHARD_BYTES));
    expect(await listOf(store)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, -1, 14, 15, 16]);
  });

  test("go when they hold nothing but the fill value, and the outer one with the last", async () => {
    const store = await oneShard();

    await writeRegion(store, "/a", { region: [{ start: 0, end: 4 }], data: 0 });
    expect(store.entries.get("/a/c/0")?.length).toBe(2 * INNER_SHARD_BYTES - 4 + INDEX_BYTES);
    await writeRegion(store, "/a", { region: [{ start: 3, end: 8 }], data: 0 });
    expect(store.entries.get("/a/c/0")?.length).toBe(INNER_SHARD_BYTES + INDEX_BYTES);
    expect(await listOf(store, [{ start: 6, end: 10 }])).toEqual([0, 0, 9, 10]);
    await writeRegion(store, "/a", { region: [{ start: 8, end: 16 }], data: 0 });
    expect(store.entries.has("/a/c/0")).toBe(false);
  });

  test("are refused where the inner ones are damaged, and the others read", async () => {
    const store = await oneShard();
    const bytes = (store.entries.get("/a/c/0") as Uint8Array).slice();
    bytes[10] = (bytes[10] as number) ^ 1; // In the index of the first inner shard.
    store.entries.set("/a/c/0", bytes);

    for (const box of [undefined, [{ start: 0, end: 1 }], [{ start: 0, end: 8 }]]) {
      await expect(listOf(store, box)).rejects.toMatchObject({
        kind: "deserialization",
        details: { chunk: "a/c/0" },
      });
    }
    expect(await listOf(store, [{ start: 8, end: 10 }])).toEqual([9, 10]);
  });

  test.each([2n ** 53n - 40n, 400n])(
    "are refused where an inner one is said to lie at %d",
    async (offset) => {
      const store = new RangeStore();
      const index_codecs = [{ name: "bytes" }];
      const inner = sharding([4], { codecs: [], index_codecs });
      const codecs = [sharding([8], { codecs: [inner], index_codecs })];
      await createArray(store, "/a", { shape: [16], chunkShape: [16], dtype: "int8", codecs });
      await writeRegion(store, "/a", { data: 1 });
      const bytes = (store.entries.get("/a/c/0") as Uint8Array).slice();
      new DataView(bytes.buffer).setBigUint64(bytes.length - 32, offset, true);
      store.entries.set("/a/c/0", bytes);

      for (const box of [undefined, [{ start: 0, end: 1 }], [{ start: 0, end: 8 }]]) {
        await expect(listOf(store, box)).rejects.toMatchObject({
          kind: "deserialization",
          details: { chunk: "a/c/0" },
        });
      }
    },
  );
});

test("what is written region by region into shards in shards is read back", async () => {
  const pair = (min: number, max: number) =>
    fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));
  const location = fc.constantFrom("start", "end");
  const cases = fc.record({
    dtype: fc.constantFrom("int16" as const, "string" as const),
    shape: pair(1, 14),
    chunkShape: pair(1, 2),
    perInner: pair(1, 3),
    perOuter: pair(1, 3),
    locations: fc.tuple(location, location),
    isTransposed: fc.boolean(),
    isChecked: fc.boolean(),
    corners: fc.array(fc.tuple(pair(0, 14), pair(0, 14)), { minLength: 2, maxLength: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ dtype, shape, chunkShape, corners, ...rest }) => {
      const inner = chunkShape.map((size, d) => size * (rest.perInner[d] as number));
      const outer = inner.map((size, d) => size * (rest.perOuter[d] as number));
      const transpose = { name: "transpose", configuration: { order: [1, 0] } };
      const turned = (sizes: number[]) => (rest.isTransposed ? [...sizes].reverse() : sizes);
      const innerSharding = sharding(turned(chunkShape), {
        codecs: [{ name: "zstd" }],
        index_location: rest.locations[0],
      });
      const codecs = [
        ...(rest.isTransposed ? [transpose] : []),
        innerSharding,
        ...(rest.isChecked ? [{ name: "crc32c" }] : []),
      ];
      const store = new RangeStore();
      await createArray(store, "/a", {
        shape,
        chunkShape: outer,
        dtype,
        codecs: [sharding(inner, { codecs, index_location: rest.locations[1] })],
      });
      const elementOf = (i: number) => (dtype === "string" ? "s".repeat(i % 4) : i % 4);
      const model = new ModelArray(shape, elementOf(0));
      for (const [number, [from, to]] of corners.entries()) {
        const region = shape.map((size, d) => {
          const ends = [from[d] as number, to[d] as number].map((end) => Math.min(end, size));
          return { start: Math.min(...ends), end: Math.max(...ends) };
        });
        const values = model.read(region).map((_, i) => elementOf(i * number));
        await writeRegion(store, "/a", { region, data: values as string[] });
        model.write(region, values);

        expect(await listOf(store, region)).toEqual(values);
      }
      expect(await listOf(store)).toEqual(model.values);
    }),
    { numRuns: runsOf("NESTED_SHARDS_RUNS", 60, 2000) },
  );
});
