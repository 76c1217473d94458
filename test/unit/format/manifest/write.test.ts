import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { ByteDictionary } from "../../../../src/base/byte-dictionary.ts";
import { equalBytes } from "../../../../src/base/bytes.ts";
import { isIcefloeError } from "../../../../src/base/errors.ts";
import {
  nodeIdFromBytes,
  nodeIdToBytes,
  objectIdFromBytes,
  objectIdToBytes,
} from "../../../../src/format/ids.ts";
import type { BulkRows, RowRun } from "../../../../src/format/manifest/bulk-rows.ts";
import type { ChunkRef } from "../../../../src/format/manifest/chunk-ref.ts";
import { ROW_INLINE, ROW_VIRTUAL } from "../../../../src/format/manifest/chunk-rows.ts";
import { parseManifest } from "../../../../src/format/manifest/read.ts";
import { bulkRows } from "../../../../src/format/manifest/ref-columns.ts";
import type { RowColumns } from "../../../../src/format/manifest/row-columns.ts";
import { type RowSelection, selectRows } from "../../../../src/format/manifest/row-selection.ts";
import { encodeManifest } from "../../../../src/format/manifest/write.ts";
import { buildManifest } from "./builder.ts";
import {
  anyRef,
  anyRefs,
  keyOf,
  MANIFEST_ID,
  NODE_A,
  NODE_B,
  readRows,
  selectionOf,
  setRef,
  sortedEntries,
  tableOf,
} from "./ref-model.ts";
import { bytesOf, TV17_DICTIONARY, TV17_LOCATIONS } from "./vectors.ts";
import { type StoredRef, verifyManifest } from "./verifier.ts";

const WHOLE = (rank: number) => Array.from({ length: rank }, () => ({ start: 0, end: 2 ** 32 }));

async function encode(selection: RowSelection): Promise<Uint8Array> {
  const arrays = [{ nodeId: NODE_A, selection }];
  return (await encodeManifest({ id: MANIFEST_ID, arrays })).payload;
}

function toRef(stored: StoredRef): ChunkRef {
  const range = { offset: Number(stored.offset), length: Number(stored.length) };
  if (stored.inline !== undefined) return { type: "inline", bytes: stored.inline };
  if (stored.chunkId !== undefined) {
    return { type: "native", id: objectIdFromBytes(stored.chunkId), ...range };
  }
  return {
    type: "virtual",
    location: stored.location!,
    ...range,
    ...(stored.etag === undefined ? {} : { etag: stored.etag }),
    ...(stored.lastModified === 0 ? {} : { lastModifiedSeconds: stored.lastModified }),
  };
}

/** Rows of one kind that only claim to be large. */
function claimedRows(
  length: number,
  code: number,
  byteLength: number,
  strings = new ByteDictionary(),
): RowSelection {
  const rows = {
    rank: 1,
    length,
    mayHoldVirtual: code === ROW_VIRTUAL,
    strings,
    readColumns({ start, end }: RowRun, columns: RowColumns, at: number) {
      for (let row = start; row < end; row++) columns.coordinates[at + row - start] = row;
      columns.codes.fill(code, at, at + end - start);
      columns.lengths.fill(byteLength, at, at + end - start);
    },
  } as unknown as BulkRows;
  return { rank: 1, length, sources: [{ rows }], runs: Uint32Array.of(0, 0, length) };
}

describe("an encoded manifest", () => {
  test("is a valid FlatBuffer that holds exactly the references given", async () => {
    await fc.assert(
      fc.asyncProperty(anyRefs, async ({ rank, refs }) => {
        const stored = verifyManifest(await encode(selectionOf(tableOf(rank, refs))));

        expect(objectIdFromBytes(stored.id)).toBe(MANIFEST_ID);
        expect(stored.algorithm).toBe(0);
        expect(stored.arrays.map(({ nodeId }) => nodeIdFromBytes(nodeId))).toEqual([NODE_A]);
        const model = new Map(refs.map(([coordinates, ref]) => [keyOf(coordinates), ref]));
        const entries = stored.arrays[0]!.refs.map((ref) => [keyOf(ref.index), toRef(ref)]);
        expect(entries).toEqual(sortedEntries(model));
      }),
      { numRuns: 300 },
    );
  });

  test("reads back as it was written", async () => {
    await fc.assert(
      fc.asyncProperty(anyRefs, async ({ rank, refs }) => {
        const table = tableOf(rank, refs);
        const manifest = await parseManifest(await encode(selectionOf(table)), "manifest");
        const rows = manifest.rows(NODE_A);

        expect(manifest.id).toBe(MANIFEST_ID);
        expect(rows === undefined ? [] : readRows(rows)).toEqual(
          readRows(table, table.sortedOrder()),
        );
        for (const [coordinates, ref] of refs) {
          expect(rows?.ref(rows.find(coordinates))).toEqual(ref);
        }
      }),
    );
  });

  test("has the same bytes in whatever order the chunks were set", async () => {
    await fc.assert(
      fc.asyncProperty(
        anyRefs.chain(({ rank, refs }) =>
          fc.record({
            rank: fc.constant(rank),
            refs: fc.constant(refs),
            shuffled: fc.shuffledSubarray(refs, { minLength: refs.length }),
          }),
        ),
        async ({ rank, refs, shuffled }) => {
          const one = await encode(selectionOf(tableOf(rank, refs)));
          const other = await encode(selectionOf(tableOf(rank, shuffled)));

          expect(equalBytes(other, one)).toBe(true);
        },
      ),
    );
  });

  test("has the same bytes after a successor of the table was written to", async () => {
    await fc.assert(
      fc.asyncProperty(anyRefs, anyRef, async ({ rank, refs }, ref) => {
        const table = tableOf(rank, refs);
        const expected = await encode(selectionOf(table));
        const successor = table.successor();
        for (const [coordinates] of refs.slice(1)) setRef(successor, coordinates, ref);

        expect(equalBytes(await encode(selectionOf(table.forBulk())), expected)).toBe(true);
      }),
    );
  });

  test("has the same bytes whether references come from a session, a manifest or both", async () => {
    await fc.assert(
      fc.asyncProperty(anyRefs, fc.nat(40), async ({ rank, refs }, split) => {
        const expected = await encode(selectionOf(tableOf(rank, refs)));
        const old = await parseManifest(
          await encode(selectionOf(tableOf(rank, refs.slice(0, split)))),
          "old",
        );
        const base = old.rows(NODE_A);
        const rows = tableOf(rank, refs.slice(split));
        const selection = selectRows({
          rank,
          base: base === undefined ? [] : [{ rows: bulkRows(base) }],
          changes: { rows, order: rows.sortedOrder() },
          within: WHOLE(rank),
        });

        expect(equalBytes(await encode(selection), expected)).toBe(true);
      }),
    );
  });

  test("holds what its sources hold, of all kinds, over many blocks of rows", async () => {
    const strings = (i: number) => ({ location: `s3://b/${i % 97}`, etag: `e${i % 13}` });
    const refAt = (i: number): ChunkRef => {
      if (i % 5 === 0) return { type: "inline", bytes: new Uint8Array(1 + (i % 90)).fill(i) };
      const range = { offset: i % 3, length: 2 ** 32 * (i % 2) + i };
      if (i % 5 === 1) return { type: "native", id: MANIFEST_ID, ...range };
      return { type: "virtual", ...strings(i), ...range, lastModifiedSeconds: 1 + i };
    };
    const refs = Array.from({ length: 3000 }, (_, i): [number[], ChunkRef] => [
      [Math.floor(i / 70), i % 70],
      refAt(i),
    ]);
    const expected = await encode(selectionOf(tableOf(2, refs)));
    const unchanged = tableOf(
      2,
      refs.filter((_, i) => i % 7 !== 0),
    );
    const old = await parseManifest(await encode(selectionOf(unchanged)), "old");
    const rows = tableOf(2, refs.filter((_, i) => i % 7 === 0).reverse());
    const selection = selectRows({
      rank: 2,
      base: [{ rows: bulkRows(old.rows(NODE_A)!) }],
      changes: { rows, order: rows.sortedOrder() },
      within: WHOLE(2),
    });

    expect(equalBytes(await encode(selection), expected)).toBe(true);
    const read = (await parseManifest(expected, "manifest")).rows(NODE_A)!;
    expect(readRows(read)).toEqual(refs.map(([c, ref]) => [keyOf(c), ref]));
  });

  test("sorts arrays by node id and keeps their references apart", async () => {
    const one = tableOf(1, [[[3], { type: "inline", bytes: Uint8Array.of(1) }]]);
    const two = tableOf(0, [[[], { type: "inline", bytes: Uint8Array.of(2) }]]);
    const { payload: bytes } = await encodeManifest({
      id: MANIFEST_ID,
      arrays: [
        { nodeId: NODE_B, selection: selectionOf(two) },
        { nodeId: NODE_A, selection: selectionOf(one) },
      ],
    });
    const manifest = await parseManifest(bytes, "manifest");

    expect(verifyManifest(bytes).arrays).toHaveLength(2);
    expect(manifest.nodeIds).toEqual([NODE_A, NODE_B]);
    expect(manifest.rows(NODE_A)?.find([3])).toBe(0);
    expect(manifest.rows(NODE_B)?.find([])).toBe(0);
    expect(manifest.rows(NODE_B)?.payload(0)).toEqual(Uint8Array.of(2));
  });

  test("shares locations among arrays", async () => {
    const refs = (first: number) =>
      Array.from({ length: 5 }, (_, i): [number[], ChunkRef] => [
        [i],
        { type: "virtual", location: `s3://b/${first + i}`, offset: 10 * i, length: 1 + i },
      ]);
    const [one, two] = [refs(0), refs(3)];
    const { payload: bytes } = await encodeManifest({
      id: MANIFEST_ID,
      arrays: [
        { nodeId: NODE_A, selection: selectionOf(tableOf(1, one)) },
        { nodeId: NODE_B, selection: selectionOf(tableOf(1, two)) },
      ],
    });
    const manifest = await parseManifest(bytes, "manifest");

    expect(verifyManifest(bytes).stringCount).toBe(8);
    for (const [nodeId, expected] of [
      [NODE_A, one],
      [NODE_B, two],
    ] as const) {
      const rows = manifest.rows(nodeId);
      expect(expected.map((_, row) => rows?.ref(row))).toEqual(expected.map(([, ref]) => ref));
    }
  });

  test("stores each location and each vtable once", async () => {
    const refs = Array.from({ length: 100 }, (_, i): [number[], ChunkRef] => [
      [i],
      { type: "virtual", location: `s3://bucket/${i % 3}.nc`, offset: i * 10, length: 10 },
    ]);
    const { stringCount, vtableCount } = verifyManifest(
      await encode(selectionOf(tableOf(1, refs))),
    );

    expect(stringCount).toBe(3);
    // Manifest, array, and references with and without an offset.
    expect(vtableCount).toBe(4);
  });

  test("takes 52 bytes per native reference and per virtual one with an offset in three dimensions", async () => {
    const native = (i: number): ChunkRef => ({
      type: "native",
      id: MANIFEST_ID,
      offset: 0,
      length: i,
    });
    const virtual = (i: number): ChunkRef => ({
      type: "virtual",
      location: "s3://bucket/file.nc",
      offset: i + 1,
      length: 10,
    });
    const sizeOf = async (count: number, ref: (i: number) => ChunkRef): Promise<number> => {
      const refs = Array.from({ length: count }, (_, i): [number[], ChunkRef] => [
        [0, 0, i],
        ref(i),
      ]);
      return (await encode(selectionOf(tableOf(3, refs)))).length;
    };

    for (const ref of [native, virtual])
      expect((await sizeOf(100, ref)) - (await sizeOf(50, ref))).toBe(50 * (4 + 28 + 16 + 4));
  });

  test("repeats vtables for less than one percent of its size", async () => {
    const refs = Array.from({ length: 10_000 }, (_, i): [number[], ChunkRef] => [
      [0, 0, i],
      { type: "native", id: MANIFEST_ID, offset: 0, length: i },
    ]);

    const { length } = await encode(selectionOf(tableOf(3, refs)));

    expect(length).toBeGreaterThan(520_000);
    expect(length).toBeLessThan(1.01 * 520_000);
  });

  test("puts a location behind the last reference that uses it, and vtables in reach", async () => {
    const refs = Array.from({ length: 3000 }, (_, i): [number[], ChunkRef] => [
      [i],
      { type: "virtual", location: `s3://b/${i % 7}/${i >> 8}`, offset: i, length: 9 },
    ]);

    const { stringCount, vtableCount } = verifyManifest(
      await encode(selectionOf(tableOf(1, refs))),
    );

    expect(stringCount).toBe(7 * 12);
    expect(vtableCount).toBeGreaterThan(10);
  });

  test("starts a group of references where a row of the grid starts, so that rows repeat", async () => {
    const refs = Array.from({ length: 20 * 150 }, (_, i): [number[], ChunkRef] => [
      [Math.floor(i / 150), i % 150],
      { type: "inline", bytes: new Uint8Array(16) },
    ]);

    const { vtableCount } = verifyManifest(await encode(selectionOf(tableOf(2, refs))));

    expect(vtableCount).toBe(2 + 20); // The root's, the array's, and one for each row.
  });

  test("is refused when its bytes would not fit a FlatBuffer", async () => {
    await expect(encode(claimedRows(3, ROW_INLINE, 2 ** 30))).rejects.toMatchObject({
      kind: "serialization",
      details: { chunkRefCount: 3 },
    });
  });

  test("is refused when the official verifier would count its shared locations above 2 GiB", async () => {
    const strings = new ByteDictionary();
    strings.add(new Uint8Array(60_000).fill(97));
    const attempt = async (count: number): Promise<unknown> => {
      try {
        return (await encode(claimedRows(count, ROW_VIRTUAL, 1, strings))).length;
      } catch (error) {
        return isIcefloeError(error, "serialization");
      }
    };

    expect(await attempt(30_000)).toBeLessThan(2_000_000);
    expect(await attempt(36_000)).toBe(true);
  });
});

test("each compressed location of a manifest that is written anew is decompressed once", async () => {
  const count = 1300; // More than two blocks.
  const refs = Array.from({ length: count }, (_, at) => ({
    index: [at],
    length: 1n,
    compressedLocation: bytesOf(TV17_LOCATIONS[at % TV17_LOCATIONS.length]![0]),
  }));
  const old = await parseManifest(
    buildManifest({
      id: objectIdToBytes(MANIFEST_ID),
      arrays: [{ nodeId: nodeIdToBytes(NODE_A), refs }],
      dictionary: TV17_DICTIONARY,
    }),
    "old",
  );
  const rows = bulkRows(old.rows(NODE_A, 1)!);
  const buffer = rows.buffer!;
  const decode = vi.fn(buffer.decodeLocation!);
  const counted = { ...rows, buffer: { ...buffer, decodeLocation: decode } };

  await encode(selectRows({ rank: 1, base: [{ rows: counted }], within: WHOLE(1) }));

  expect(decode).toHaveBeenCalledTimes(count);
});
