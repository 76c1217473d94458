/** Hostile and broken manifests. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nodeIdToBytes, objectIdToBytes } from "../../../../src/format/ids.ts";
import { type Manifest, parseManifest } from "../../../../src/format/manifest/read.ts";
import { bulkRows } from "../../../../src/format/manifest/ref-columns.ts";
import { selectRows } from "../../../../src/format/manifest/row-selection.ts";
import { encodeManifest } from "../../../../src/format/manifest/write.ts";
import { type BuiltManifest, type BuiltRef, buildManifest } from "./builder.ts";
import { MANIFEST_ID, NODE_A } from "./ref-model.ts";
import { bytesOf, TV7_PAYLOAD, TV11_PAYLOAD, TV17_DICTIONARY, TV17_LOCATIONS } from "./vectors.ts";

const ID = objectIdToBytes(MANIFEST_ID);
const CHUNK = bytesOf("000102030405060708090a0b");
const DAMAGED = expect.objectContaining({ kind: "deserialization", category: "format" });

function open(refs: readonly BuiltRef[], more: Partial<BuiltManifest> = {}): Promise<Manifest> {
  const arrays = [{ nodeId: nodeIdToBytes(NODE_A), refs }];
  return parseManifest(buildManifest({ id: ID, arrays, ...more }), "manifests/M");
}

async function rowsOf(refs: readonly BuiltRef[], rank?: number) {
  return (await open(refs)).rows(NODE_A, rank)!;
}

describe("damaged manifests", () => {
  test("what the format requires is missed by name", async () => {
    const nodeId = nodeIdToBytes(NODE_A);
    const missing: [BuiltManifest, string][] = [
      [{ arrays: [] }, "a manifest has no id"],
      [{ id: ID }, "a manifest has no list of arrays"],
      [{ id: ID, arrays: [{ refs: [] }] }, "an array manifest has no node id"],
      [{ id: ID, arrays: [{ nodeId }] }, "an array manifest has no list of references"],
      [
        {
          id: ID,
          arrays: [
            { nodeId, refs: [] },
            { nodeId, refs: [] },
          ],
        },
        "listed twice",
      ],
    ];
    for (const [manifest, what] of missing) {
      const parsed = parseManifest(buildManifest(manifest), "manifests/M");
      await expect(parsed).rejects.toThrow(what);
      await expect(parsed).rejects.toThrow(DAMAGED);
    }
  });

  test("a reference without index or payload is refused when it is looked at", async () => {
    const withoutIndex = await open([{ inline: Uint8Array.of(1) }]);
    expect(() => withoutIndex.rows(NODE_A)).toThrow(DAMAGED);

    const rows = await rowsOf([{ index: [0], length: 3n }]);
    expect(rows.find([0])).toBe(0);
    expect(() => rows.ref(0)).toThrow(DAMAGED);
  });

  test("compressed locations without dictionary, with another algorithm or damaged are refused", async () => {
    const [frame] = TV17_LOCATIONS[0]!;
    const refs = [{ index: [0], length: 1n, compressedLocation: bytesOf(frame) }];
    const short = [{ index: [0], length: 1n, compressedLocation: bytesOf(frame).slice(0, -4) }];
    const manifests = [
      await open(refs),
      await open(refs, { dictionary: TV17_DICTIONARY, algorithm: 0 }),
      await open(refs, { dictionary: TV17_DICTIONARY.slice(0, 40) }),
      await open(short, { dictionary: TV17_DICTIONARY }),
    ];
    for (const manifest of manifests) {
      const rows = manifest.rows(NODE_A)!;
      expect(rows.byteLength(0)).toBe(1);
      expect(() => rows.location(0)).toThrow(DAMAGED);
    }
  });

  test("lengths beyond 2^53 are refused, never rounded", async () => {
    const rows = await rowsOf([
      { index: [0], location: "s3://b/l", offset: 2n ** 53n, length: 2n ** 53n - 1n },
    ]);

    expect(rows.byteLength(0)).toBe(2 ** 53 - 1);
    expect(() => rows.offset(0)).toThrow(DAMAGED);
  });

  test("indices that overlap are refused instead of being read again and again", async () => {
    const index = Array.from({ length: 5000 }, (_, d) => d);
    const refs = Array.from({ length: 200 }, () => ({ index, inline: Uint8Array.of(1) }));
    const bytes = buildManifest({ id: ID, arrays: [{ nodeId: nodeIdToBytes(NODE_A), refs }] });
    const view = new DataView(bytes.buffer);
    const stored = await parseManifest(bytes.slice(), "manifests/M");
    expect(stored.rows(NODE_A)?.rank).toBe(5000);

    // Let every reference claim an index as long as what follows it.
    for (let at = 0; at + 4 <= bytes.length; at += 4) {
      if (view.getUint32(at, true) === 5000) {
        view.setUint32(at, Math.floor((bytes.length - at - 4) / 4), true);
      }
    }
    const hostile = await parseManifest(bytes, "manifests/M");
    expect(() => hostile.rows(NODE_A)).toThrow(DAMAGED);
  });

  test("mutated bytes give references or a format error, never anything else", async () => {
    const built = await open([
      { index: [0, 0], inline: Uint8Array.of(1, 2, 3) },
      { index: [0, 1], chunkId: CHUNK, offset: 3n, length: 9n },
      { index: [1, 0], location: "s3://b/k", length: 9n, etag: '"e"', lastModified: 7 },
      { index: [1, 1], compressedLocation: bytesOf(TV17_LOCATIONS[0]![0]), length: 1n },
    ]);
    expect(built.rows(built.nodeIds[0]!)?.length).toBe(4);
    const seeds = [TV7_PAYLOAD, TV11_PAYLOAD, await payloadOfOwnWriter()];
    const mutation = fc.record({
      seed: fc.nat(seeds.length - 1),
      edits: fc.array(
        fc.record({
          at: fc.nat(400),
          value: fc.oneof(
            fc.nat(255),
            fc.constantFrom(0xff_ff_ff_ff, 0x7f_ff_ff_ff, 0x80_00_00_00, 0, 4),
          ),
          isWord: fc.boolean(),
        }),
        { minLength: 1, maxLength: 4 },
      ),
      cut: fc.option(fc.nat(400), { freq: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(mutation, async ({ seed, edits, cut }) => {
        const bytes = seeds[seed]!.slice(0, cut ?? undefined);
        const view = new DataView(bytes.buffer);
        for (const { at, value, isWord } of edits) {
          if (isWord && at * 4 + 4 <= bytes.length) view.setUint32(at * 4, value, true);
          else if (at < bytes.length) bytes[at] = value;
        }
        await readAll(bytes);
      }),
      { numRuns: 6000 },
    );
  });
});

async function payloadOfOwnWriter(): Promise<Uint8Array> {
  const manifest = await parseManifest(TV11_PAYLOAD, "seed");
  const nodeId = manifest.nodeIds[0]!;
  const within = [{ start: 0, end: 9 }];
  const selection = selectRows({
    rank: 1,
    base: [{ rows: bulkRows(manifest.rows(nodeId)!) }],
    within,
  });
  return (await encodeManifest({ id: manifest.id, arrays: [{ nodeId, selection }] })).payload;
}

/** Reads everything; anything but a format error fails the test. */
async function readAll(bytes: Uint8Array): Promise<void> {
  const tolerate = (error: unknown): void => {
    expect(error).toMatchObject({ category: "format", details: { object: "manifests/M" } });
  };
  let manifest: Manifest;
  try {
    manifest = await parseManifest(bytes, "manifests/M");
  } catch (error) {
    return tolerate(error);
  }
  for (const nodeId of manifest.nodeIds) {
    try {
      const rows = manifest.rows(nodeId);
      for (let row = 0; row < (rows?.length ?? 0); row++) {
        try {
          rows!.ref(row);
        } catch (error) {
          tolerate(error);
        }
        rows!.find(Array.from({ length: rows!.rank }, (_, d) => rows!.coordinate(row, d)));
      }
    } catch (error) {
      tolerate(error);
    }
  }
}
