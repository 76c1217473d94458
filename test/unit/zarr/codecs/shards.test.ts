/** Sharded arrays: reading and writing parts of shards, and who else can read them. */
import { describe, expect, test } from "vitest";
import * as zarr from "zarrita";
import { memoryStorage, Repository } from "../../../../src/index.ts";
import { countingStorage } from "../../../../src/testing/index.ts";
import { parseLayout } from "../../../../src/zarr/array-layout.ts";
import { createArray, writeRegion } from "../../../../src/zarr/index.ts";
import { readBox } from "../../../../src/zarr/read-box.ts";
import { addressOf, mustReadDocument, type ZarrStore } from "../../../../src/zarr/zarr-store.ts";
import { PlainStore } from "../plain-store.ts";

const INDEX_BYTES = 4 * 16 + 4;

async function layoutOf(store: ZarrStore, path: string) {
  return parseLayout(await mustReadDocument(addressOf("test", store, path, undefined)), path);
}

/** Four chunks of four int32 in one shard, not compressed. */
async function oneShard(store: ZarrStore): Promise<void> {
  await createArray(store, "/a", {
    shape: [16],
    chunkShape: [4],
    shards: [16],
    dtype: "int32",
    codecs: [],
  });
  await writeRegion(store, "/a", { data: Int32Array.from({ length: 16 }, (_, i) => i + 1) });
}

describe("a sharded array", () => {
  test("is made with its index at the end, and says so", async () => {
    const store = new PlainStore();
    await oneShard(store);

    expect(store.json("/a/zarr.json")).toMatchObject({
      chunk_grid: { configuration: { chunk_shape: [16] } },
      codecs: [
        {
          name: "sharding_indexed",
          configuration: {
            chunk_shape: [4],
            codecs: [{ name: "bytes", configuration: { endian: "little" } }],
            index_codecs: [
              { name: "bytes", configuration: { endian: "little" } },
              { name: "crc32c" },
            ],
            index_location: "end",
          },
        },
      ],
    });
    expect(store.entries.get("/a/c/0")?.length).toBe(64 + INDEX_BYTES);
  });

  test("costs the index and one range for neighbouring chunks of a shard", async () => {
    const storage = countingStorage(memoryStorage());
    const repository = await Repository.create(storage, {
      config: { inlineChunkThresholdBytes: 0 },
    });
    const session = await repository.writableSession("main");
    await oneShard(session.store);
    await session.commit("shard");
    const { store } = await repository.readonlySession("main");
    const layout = await layoutOf(store, "/a");
    await readBox(store, layout, [{ start: 0, end: 16 }], undefined);
    storage.reset();

    const values = await readBox(store, layout, [{ start: 5, end: 11 }], undefined);

    expect(values).toEqual(Int32Array.of(6, 7, 8, 9, 10, 11));
    expect(storage.total).toMatchObject({ requests: 2, receivedBytes: INDEX_BYTES + 32 });
  });

  test("keeps the chunks beside a region byte for byte", async () => {
    const store = new PlainStore();
    await createArray(store, "/a", {
      shape: [16],
      chunkShape: [4],
      shards: [16],
      dtype: "int32",
      codecs: [{ name: "gzip" }],
    });
    await writeRegion(store, "/a", { data: Int32Array.from({ length: 16 }, (_, i) => i + 1) });
    const spoilt = store.entries.get("/a/c/0")?.slice() as Uint8Array;
    spoilt[0] = 7; // Not gzip any more: nobody may look into the first chunk.
    store.entries.set("/a/c/0", spoilt);

    await writeRegion(store, "/a", { region: [{ start: 9, end: 10 }], data: -1 });

    const after = store.entries.get("/a/c/0") as Uint8Array;
    expect(after.slice(0, 20)).toEqual(spoilt.slice(0, 20));
    const rest = await readBox(
      store,
      await layoutOf(store, "/a"),
      [{ start: 4, end: 16 }],
      undefined,
    );
    expect([...(rest as Int32Array)]).toEqual([5, 6, 7, 8, 9, -1, 11, 12, 13, 14, 15, 16]);
  });

  test("loses chunks that become the fill value, and then its shard", async () => {
    const store = new PlainStore();
    await oneShard(store);

    await writeRegion(store, "/a", { region: [{ start: 0, end: 12 }], data: 0 });
    expect(store.entries.get("/a/c/0")?.length).toBe(16 + INDEX_BYTES);
    await writeRegion(store, "/a", { region: [{ start: 12, end: 16 }], data: 0 });
    expect(store.entries.has("/a/c/0")).toBe(false);
  });

  test("on a fork shares no shard", async () => {
    const store = Object.assign(new PlainStore(), { session: { toBytes: () => new Uint8Array() } });
    await createArray(store, "/a", { shape: [16], chunkShape: [4], shards: [8], dtype: "int8" });

    await expect(
      writeRegion(store, "/a", { region: [{ start: 4, end: 12 }], data: 1 }),
    ).rejects.toMatchObject({
      kind: "region-not-aligned",
      message: expect.stringContaining("covers shard [0] only in part"),
      details: { chunkShape: [8] },
    });
    await writeRegion(store, "/a", { region: [{ start: 8, end: 16 }], data: 1 });
  });

  test("is read by zarrita after a region was written", async () => {
    const store = new Map<string, Uint8Array>();
    const sharding = {
      name: "sharding_indexed",
      configuration: {
        chunk_shape: [2, 3],
        codecs: [
          { name: "transpose", configuration: { order: [1, 0] } },
          { name: "zstd" },
          { name: "crc32c" },
        ],
        index_location: "end",
      },
    };
    await createArray(store, "/a", {
      shape: [5, 7],
      chunkShape: [4, 6],
      dtype: "float64",
      codecs: [sharding],
    });
    const data = Float64Array.from({ length: 35 }, (_, i) => i / 3);
    await writeRegion(store, "/a", { data });
    await writeRegion(store, "/a", { region: [{ start: 1, end: 5 }, 3], data: [-1, -2, -3, -4] });
    for (let i = 0; i < 4; i++) data[(i + 1) * 7 + 3] = -(i + 1);

    const ranged = {
      get: async (key: string) => store.get(key),
      getRange: async (
        key: string,
        range: { offset: number; length: number } | { suffixLength: number },
      ) => {
        const bytes = store.get(key);
        return "suffixLength" in range
          ? bytes?.slice(-range.suffixLength)
          : bytes?.slice(range.offset, range.offset + range.length);
      },
    };
    const array = await zarr.open.v3(zarr.root(ranged).resolve("/a"), { kind: "array" });

    // Of transposed chunks zarrita makes a transposed array.
    const read = await zarr.get(array);
    const [row, column] = read.stride as [number, number];
    const values = Array.from(data, (_, i) =>
      (read.data as Float64Array).at(Math.floor(i / 7) * row + (i % 7) * column),
    );
    expect(values).toEqual([...data]);
  });

  test("that is damaged is named", async () => {
    const store = new PlainStore();
    await oneShard(store);
    const layout = await layoutOf(store, "/a");
    const whole = store.entries.get("/a/c/0") as Uint8Array;
    for (const bytes of [
      whole.slice(0, 20),
      whole.map((byte, i) => (i === 70 ? byte ^ 1 : byte)),
    ]) {
      store.entries.set("/a/c/0", bytes);
      await expect(
        readBox(store, layout, [{ start: 0, end: 16 }], undefined),
      ).rejects.toMatchObject({
        kind: "deserialization",
        details: { chunk: "a/c/0" },
      });
    }
  });
});
