/** The index of a shard: how it is encoded, where it lies, and what is refused when it lies. */
import { describe, expect, test } from "vitest";
import * as zarr from "zarrita";
import { crc32c } from "../../../../src/codec/crc32c.ts";
import { type CodecMetadata, createArray, writeRegion } from "../../../../src/zarr/index.ts";
import { RangeStore } from "../range-store.ts";
import { listOf } from "../read-array.ts";

const BIG: CodecMetadata = { name: "bytes", configuration: { endian: "big" } };
const LITTLE: CodecMetadata = { name: "bytes", configuration: { endian: "little" } };
const CRC32C: CodecMetadata = { name: "crc32c" };
const VALUES = [1, 2, 3, 4, 0, 0, 7, 8];
const ABSENT = 2n ** 64n - 1n;

/** Eight int8 in one shard with chunks of two, not compressed; the third is not stored. */
async function oneShard(members: Record<string, unknown> = {}): Promise<RangeStore> {
  const store = new RangeStore();
  const configuration = { chunk_shape: [2], codecs: [], ...members };
  await createArray(store, "/a", {
    shape: [8],
    chunkShape: [8],
    dtype: "int8",
    codecs: [{ name: "sharding_indexed", configuration }],
  });
  await writeRegion(store, "/a", { data: VALUES });
  return store;
}

function shardOf(store: RangeStore): Uint8Array {
  return store.entries.get("/a/c/0") as Uint8Array;
}

/** Offsets and lengths of an index at `at`. */
function entriesAt(bytes: Uint8Array, at: number, isLittleEndian: boolean): bigint[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: 8 }, (_, i) => view.getBigUint64(at + i * 8, isLittleEndian));
}

/** Changes one number of an index at the end that has no checksum. */
function setEntry(store: RangeStore, number: number, member: 0 | 1, value: bigint): void {
  const bytes = shardOf(store).slice();
  const at = bytes.length - 64 + number * 16 + member * 8;
  new DataView(bytes.buffer).setBigUint64(at, value, true);
  store.entries.set("/a/c/0", bytes);
}

describe("an index", () => {
  test("of big-endian bytes is written and read in that order, and by zarrita", async () => {
    const store = await oneShard({ index_codecs: [BIG, CRC32C] });

    expect(shardOf(store).length).toBe(6 + 64 + 4);
    expect(entriesAt(shardOf(store), 6, false)).toEqual([0n, 2n, 2n, 2n, ABSENT, ABSENT, 4n, 2n]);
    expect(await listOf(store)).toEqual(VALUES);
    const array = await zarr.open(zarr.root(store).resolve("/a"), { kind: "array" });
    expect([...((await zarr.get(array)).data as Int8Array)]).toEqual(VALUES);
  });

  test("without a checksum has the numbers alone, and is read by zarrita", async () => {
    const store = await oneShard({ index_codecs: [LITTLE] });

    expect(shardOf(store).length).toBe(6 + 64);
    expect(entriesAt(shardOf(store), 6, true)).toEqual([0n, 2n, 2n, 2n, ABSENT, ABSENT, 4n, 2n]);
    expect(await listOf(store)).toEqual(VALUES);
    const array = await zarr.open(zarr.root(store).resolve("/a"), { kind: "array" });
    expect([...((await zarr.get(array)).data as Int8Array)]).toEqual(VALUES);
  });

  test.each(["start", "end"])("of big-endian bytes at the %s takes a region", async (place) => {
    const store = await oneShard({ index_codecs: [BIG, CRC32C], index_location: place });
    await writeRegion(store, "/a", { region: [{ start: 3, end: 5 }], data: [-4, -5] });

    const first = place === "start" ? 68n : 0n;
    const entries = entriesAt(shardOf(store), place === "start" ? 0 : 8, false);
    expect(entries).toEqual([0n, 2n, 4n, 6n].flatMap((offset) => [first + offset, 2n]));
    expect(await listOf(store)).toEqual([1, 2, 3, -4, -5, 0, 7, 8]);
  });

  test("at the start has the chunks behind it, also after a region was written", async () => {
    const store = await oneShard({ index_location: "start" });
    await writeRegion(store, "/a", { region: [{ start: 3, end: 5 }], data: [-4, -5] });

    const bytes = shardOf(store);
    expect(entriesAt(bytes, 0, true)).toEqual([68n, 2n, 70n, 2n, 72n, 2n, 74n, 2n]);
    expect(await listOf(store, [{ start: 2, end: 5 }])).toEqual([3, -4, -5]);
    expect(await listOf(store)).toEqual([1, 2, 3, -4, -5, 0, 7, 8]);
  });

  test.each(["gzip", "zstd", "blosc"])(
    "whose length %s would change is refused, by the array's name",
    async (name) => {
      const made = oneShard({ index_codecs: [LITTLE, { name }] });

      await expect(made).rejects.toMatchObject({
        kind: "invalid-array-metadata",
        message: `zarr.json of /a: index_codecs must give a fixed length, found ${name}`,
        details: { path: "/a" },
      });
    },
  );

  test.each([
    [[{ name: "transpose", configuration: { order: [1, 0] } }, LITTLE]],
    [[{ name: "vlen-utf8" }]],
    [[{ name: "bytes", configuration: { endian: "middle" } }]],
    ["bytes"],
  ])("with codecs %j, which make no bytes of numbers, is refused", async (index_codecs) => {
    await expect(oneShard({ index_codecs })).rejects.toMatchObject({
      kind: "invalid-array-metadata",
      message: expect.stringContaining("/a: index_codecs must begin with bytes"),
    });
  });

  test("with a codec that is not supported is named when it is written", async () => {
    const made = oneShard({ index_codecs: [LITTLE, { name: "fletcher32" }] });

    await expect(made).rejects.toMatchObject({
      kind: "unimplemented",
      message: "array /a: codec fletcher32 is not supported",
    });
  });

  test.each([
    [[{ name: "bytes" }], [LITTLE]],
    [[], [LITTLE]],
    [[{ name: "crc32c" }], [LITTLE, CRC32C]],
    [
      [{ name: "bytes", configuration: {} }, { name: "crc32c" }],
      [LITTLE, CRC32C],
    ],
  ])(
    "whose codecs are given as %j gets the byte order that zarr-python insists on",
    async (index_codecs, written) => {
      const store = await oneShard({ index_codecs });

      expect(store.json("/a/zarr.json")).toMatchObject({
        codecs: [{ configuration: { index_codecs: written } }],
      });
      expect(await listOf(store)).toEqual(VALUES);
    },
  );
});

describe("a damaged index is refused", () => {
  const damage = { kind: "deserialization", details: { chunk: "a/c/0" } };

  test.each([
    ["start", 0],
    ["end", 6],
  ])("at the %s, if any of its bits changes", async (index_location, at) => {
    const store = await oneShard({ index_location });
    const whole = shardOf(store);
    for (let byte = at; byte < at + 68; byte++) {
      store.entries.set(
        "/a/c/0",
        whole.map((value, i) => (i === byte ? value ^ 0x10 : value)),
      );
      for (const box of [undefined, [{ start: 0, end: 1 }]]) {
        await expect(listOf(store, box)).rejects.toMatchObject({
          ...damage,
          message: expect.stringContaining("its checksum does not match"),
        });
      }
      await expect(writeRegion(store, "/a", { region: [0], data: 9 })).rejects.toMatchObject(
        damage,
      );
    }
  });

  test("if the object is shorter than it", async () => {
    const store = await oneShard();
    for (const length of [0, 1, 67]) {
      store.entries.set("/a/c/0", shardOf(store).slice(0, length));
      for (const box of [undefined, [{ start: 0, end: 1 }]]) {
        await expect(listOf(store, box)).rejects.toMatchObject({
          ...damage,
          message: expect.stringContaining("no room for the shard's index"),
        });
      }
    }
  });

  test.each([
    ["an offset beyond the end", 0, 70n],
    ["an offset far beyond the end", 0, 2n ** 53n - 3n],
    ["an offset that no number holds", 0, 2n ** 64n - 2n],
    ["an offset alone that says there is no chunk", 0, ABSENT],
    ["a length beyond the end", 1, 69n],
    ["a length far beyond the end", 1, 2n ** 53n - 3n],
    ["a length alone that says there is no chunk", 1, ABSENT],
  ] as const)("if it has %s", async (_, member, value) => {
    const store = await oneShard({ index_codecs: [LITTLE] });
    setEntry(store, 1, member, value);

    for (const box of [undefined, [{ start: 2, end: 4 }], [{ start: 3, end: 4 }]]) {
      await expect(listOf(store, box)).rejects.toMatchObject({
        ...damage,
        message: expect.stringContaining("chunk 1 of the shard reaches beyond its end"),
      });
    }
    await expect(writeRegion(store, "/a", { region: [0], data: 9 })).rejects.toMatchObject(damage);
  });

  test("if a chunk's length is not what its elements need", async () => {
    const store = await oneShard({ index_codecs: [LITTLE] });
    setEntry(store, 1, 1, 0n);

    await expect(listOf(store)).rejects.toMatchObject(damage);
  });

  test("if chunks overlap, so that keeping each would take more than the shard has", async () => {
    const store = await oneShard({ index_codecs: [LITTLE] });
    for (const number of [0, 1, 3]) {
      setEntry(store, number, 0, 0n);
      setEntry(store, number, 1, 70n);
    }

    await expect(
      writeRegion(store, "/a", { region: [{ start: 4, end: 6 }], data: 9 }),
    ).rejects.toMatchObject({
      kind: "deserialization",
      message: expect.stringContaining("overlap"),
    });
  });

  test("but a chunk beside it whose entry is sound is read where there is no checksum", async () => {
    const store = await oneShard({ index_codecs: [LITTLE] });
    setEntry(store, 1, 0, 500n);

    expect(await listOf(store, [{ start: 6, end: 8 }])).toEqual([7, 8]);
  });
});

test("the checksum of an index is the one of its bytes", async () => {
  const bytes = shardOf(await oneShard());

  expect(new DataView(bytes.buffer).getUint32(70, true)).toBe(crc32c(bytes, 6, 70));
});
