import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { equalBytes } from "../../../../src/base/bytes.ts";
import { decodeEnvelope } from "../../../../src/format/envelope.ts";
import { nodeIdToBytes, objectIdToBytes } from "../../../../src/format/ids.ts";
import { type Manifest, parseManifest } from "../../../../src/format/manifest/read.ts";
import { type BuiltManifest, type BuiltRef, buildManifest } from "./builder.ts";
import { MANIFEST_ID, NODE_A, NODE_B, readRows } from "./ref-model.ts";
import {
  bytesOf,
  TV7_FILE,
  TV7_PAYLOAD,
  TV11_FILE,
  TV11_PAYLOAD,
  TV17_DICTIONARY,
  TV17_LOCATIONS,
} from "./vectors.ts";

const BYTES_MAX = 1 << 24;

const ID = objectIdToBytes(MANIFEST_ID);
const CHUNK = bytesOf("000102030405060708090a0b");
const CHUNK_ID = "000G40R40M30E209185G";

function open(refs: readonly BuiltRef[], more: Partial<BuiltManifest> = {}): Promise<Manifest> {
  const arrays = [{ nodeId: nodeIdToBytes(NODE_A), refs }];
  return parseManifest(buildManifest({ id: ID, arrays, ...more }), "manifests/M");
}

async function rowsOf(refs: readonly BuiltRef[], rank?: number) {
  return (await open(refs)).rows(NODE_A, rank)!;
}

describe("manifests of the official engine", () => {
  test("an inline and a native reference are read (TV7)", async () => {
    const { payload } = await decodeEnvelope(TV7_FILE, {
      object: "TV7",
      fileType: "manifest",
      bytesMax: BYTES_MAX,
    });
    const manifest = await parseManifest(payload, "TV7");

    expect(equalBytes(payload, TV7_PAYLOAD)).toBe(true);
    expect(manifest.id).toBe("CGVMHF0RXNAWA3HNGKT0");
    expect(manifest.nodeIds).toEqual(["1J5JJ9X1SEYJ8"]);
    expect(readRows(manifest.rows("1J5JJ9X1SEYJ8")!)).toEqual([
      ["0,0", { type: "inline", bytes: Uint8Array.of(1, 2, 3, 4, 5, 6) }],
      ["1,0", { type: "native", id: "SXXD17H1QVKSXPJXDJP0", offset: 0, length: 600 }],
    ]);
  });

  test("virtual references with etag, time and neither are read (TV11)", async () => {
    const { payload } = await decodeEnvelope(TV11_FILE, {
      object: "TV11",
      fileType: "manifest",
      bytesMax: BYTES_MAX,
    });
    const manifest = await parseManifest(payload, "TV11");

    expect(equalBytes(payload, TV11_PAYLOAD)).toBe(true);
    expect(manifest.id).toBe("6DBDD0SM46T8WJR1CWHG");
    expect(readRows(manifest.rows(manifest.nodeIds[0]!)!)).toEqual([
      [
        "0",
        { type: "virtual", location: "s3://bkt/a.nc", offset: 4096, length: 100, etag: '"etag-0"' },
      ],
      [
        "1",
        {
          type: "virtual",
          location: "s3://bkt/b.nc",
          offset: 0,
          length: 100,
          lastModifiedSeconds: 1_700_000_000,
        },
      ],
      ["2", { type: "virtual", location: "vcc://cont/c.nc", offset: 7, length: 1 }],
    ]);
  });

  test("compressed locations are read with their dictionary (TV17)", async () => {
    const refs = TV17_LOCATIONS.map(([frame], i) => ({
      index: [i],
      length: 1n,
      compressedLocation: bytesOf(frame),
    }));
    // The algorithm is left out: absent means zstd.
    const manifest = await open(refs, { dictionary: TV17_DICTIONARY });
    const rows = manifest.rows(NODE_A)!;

    expect(refs.map((_, row) => rows.location(row))).toEqual(TV17_LOCATIONS.map(([, url]) => url));
    expect(rows.ref(3)).toMatchObject({ type: "virtual", location: TV17_LOCATIONS[3]![1] });
  });

  test("locations with and without compression may be mixed", async () => {
    const [frame, url] = TV17_LOCATIONS[0]!;
    const refs = [
      { index: [0], length: 1n, location: "s3://plain" },
      { index: [1], length: 1n, compressedLocation: bytesOf(frame) },
    ];
    const rows = (await open(refs, { dictionary: TV17_DICTIONARY })).rows(NODE_A)!;

    expect([rows.location(0), rows.location(1)]).toEqual(["s3://plain", url]);
  });
});

describe("manifests of other writers", () => {
  test("fields of newer versions are ignored", async () => {
    const rows = await rowsOf([{ index: [4], inline: Uint8Array.of(7), unknown: 5 }]);

    expect(rows.ref(rows.find([4]))).toEqual({ type: "inline", bytes: Uint8Array.of(7) });
  });

  test("of several payloads the chunk id counts, then the locations, then the inline bytes", async () => {
    const inline = Uint8Array.of(1);
    const location = "s3://b/l";
    const rows = await rowsOf([
      { index: [0], inline, location, chunkId: CHUNK, length: 5n },
      { index: [1], inline, location, length: 5n },
      { index: [2], inline },
    ]);

    expect(rows.ref(0)).toEqual({ type: "native", id: CHUNK_ID, offset: 0, length: 5 });
    expect(rows.ref(1)).toEqual({ type: "virtual", location, offset: 0, length: 5 });
    expect(rows.ref(2)).toEqual({ type: "inline", bytes: inline });
  });

  test("a compressed location counts before a plain one", async () => {
    const [frame, url] = TV17_LOCATIONS[1]!;
    const ref = { index: [0], location: "s3://plain", compressedLocation: bytesOf(frame) };
    const rows = (await open([ref], { dictionary: TV17_DICTIONARY })).rows(NODE_A)!;

    expect(rows.location(0)).toBe(url);
  });

  test("unsorted references are found and listed in order", async () => {
    const refs = [5, 1, 4_294_967_294, 0, 70_000, 2].map((c) => ({
      index: [c, 0],
      inline: Uint8Array.of(c % 251),
    }));
    const rows = await rowsOf(refs);

    expect(Array.from({ length: 6 }, (_, row) => rows.coordinate(row, 0))).toEqual([
      0, 1, 2, 5, 70_000, 4_294_967_294,
    ]);
    for (const { index, inline } of refs) expect(rows.payload(rows.find(index))).toEqual(inline);
    expect(rows.find([3, 0])).toBe(-1);
  });

  test("of two references to one chunk the first in the file counts", async () => {
    const rows = await rowsOf([
      { index: [1], inline: Uint8Array.of(1) },
      { index: [0], inline: Uint8Array.of(2) },
      { index: [1], inline: Uint8Array.of(3) },
    ]);

    expect(readRows(rows).map(([key]) => key)).toEqual(["0", "1"]);
    expect(rows.payload(1)).toEqual(Uint8Array.of(1));
  });

  test("references of another rank are hidden: that of the array, or else of most", async () => {
    const refs = [
      { index: [], inline: Uint8Array.of(1) },
      { index: [0], inline: Uint8Array.of(2) },
      { index: [0, 0], inline: Uint8Array.of(3) },
      { index: [1], inline: Uint8Array.of(4) },
    ];
    const manifest = await open(refs);

    expect(readRows(manifest.rows(NODE_A)!).map(([key]) => key)).toEqual(["0", "1"]);
    expect(manifest.rows(NODE_A, 0)?.payload(0)).toEqual(Uint8Array.of(1));
    expect(readRows(manifest.rows(NODE_A, 2)!).map(([key]) => key)).toEqual(["0,0"]);
    expect(manifest.rows(NODE_A, 3)).toMatchObject({ length: 0, rank: 3 });
    expect(manifest.rows(NODE_A, 3)?.find([0, 0, 0])).toBe(-1);
    expect(manifest.rows(NODE_A, 1)?.find([1])).toBe(1);
  });

  test("a node without references has no rows", async () => {
    const manifest = await open([]);

    expect(manifest.rows(NODE_A)).toBeUndefined();
    expect(manifest.rows(NODE_B)).toBeUndefined();
  });

  test("chunks are found in full boxes, in boxes with holes and beside them", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(fc.nat(4), fc.nat(4)), {
          selector: (pair) => pair.join(),
          minLength: 1,
          maxLength: 25,
        }),
        async (chunks) => {
          const rows = await rowsOf(
            chunks.map(([i, j]) => ({ index: [i + 2, j], inline: Uint8Array.of(i, j) })),
          );
          for (let i = -1; i < 9; i++) {
            for (let j = -1; j < 6; j++) {
              const row = rows.find([i, j]);
              const isKnown = chunks.some(([a, b]) => a + 2 === i && b === j);
              expect(row >= 0).toBe(isKnown);
              if (isKnown) expect(rows.payload(row)).toEqual(Uint8Array.of(i - 2, j));
            }
          }
        },
      ),
      { numRuns: 50 },
    );
  });
});
