/** Manifests that are decoded as far as they are asked for. */
import { describe, expect, test } from "vitest";
import { concatBytes } from "../../../../src/base/bytes.ts";
import type { PartialBytes } from "../../../../src/base/partial-bytes.ts";
import { compressFrames } from "../../../../src/codec/zstd/compress-frames.ts";
import { decodeZstd } from "../../../../src/codec/zstd/decode.ts";
import { encodeZstd } from "../../../../src/codec/zstd/encode.ts";
import { openFrames } from "../../../../src/codec/zstd/framed-content.ts";
import { parseSeekTable } from "../../../../src/codec/zstd/seek-table.ts";
import { decodeEnvelope, openEnvelope } from "../../../../src/format/envelope.ts";
import { encodeEnvelope } from "../../../../src/format/envelope-write.ts";
import { nodeIdToBytes, objectIdToBytes } from "../../../../src/format/ids.ts";
import type { ChunkRef } from "../../../../src/format/manifest/chunk-ref.ts";
import { type Manifest, parseManifest } from "../../../../src/format/manifest/read.ts";
import { encodeManifest } from "../../../../src/format/manifest/write.ts";
import { ENVELOPE_HEADER_BYTES } from "../official-files.ts";
import { type BuiltRef, buildManifest } from "./builder.ts";
import {
  coordinatesOf,
  MANIFEST_ID,
  NODE_A,
  NODE_B,
  readRows,
  selectionOf,
  tableOf,
} from "./ref-model.ts";

const SIDE = 300;
const EXPECTED = { object: "manifests/M", fileType: "manifest", bytesMax: 1 << 26 } as const;

/** References of the three kinds in a grid, every `step`th of them. */
function refsOf(step: number): [number[], ChunkRef][] {
  const refs: [number[], ChunkRef][] = [];
  for (let at = 0; at < SIDE * SIDE; at += step) {
    const noise = Uint8Array.from({ length: 12 }, (_, i) => Math.imul(at + i, 0x9e3779b1) >>> 13);
    const kinds: ChunkRef[] = [
      { type: "inline", bytes: noise },
      { type: "native", id: MANIFEST_ID, offset: at, length: at * 3 + 1 },
      { type: "virtual", location: `s3://b/${at >> 8}`, offset: at, length: 9, etag: '"e"' },
    ];
    refs.push([[Math.floor(at / SIDE), at % SIDE], kinds[at % 3] as ChunkRef]);
  }
  return refs;
}

const DENSE = refsOf(1);
const SPARSE = refsOf(7);
const { payload: PAYLOAD } = await encodeManifest({
  id: MANIFEST_ID,
  arrays: [
    { nodeId: NODE_A, selection: selectionOf(tableOf(2, DENSE)) },
    { nodeId: NODE_B, selection: selectionOf(tableOf(2, SPARSE)) },
  ],
});
const FILE = await encodeEnvelope({
  fileType: "manifest",
  payload: PAYLOAD,
  compressionLevel: 3,
});
const TABLE = parseSeekTable(FILE, FILE.length - ENVELOPE_HEADER_BYTES)!;

async function open(file: Uint8Array): Promise<{ manifest: Manifest; partial: PartialBytes }> {
  const partial = (await openEnvelope(file, EXPECTED)) as PartialBytes;
  return { manifest: await parseManifest(partial, EXPECTED.object), partial };
}

/** A payload in frames, whatever it holds. */
async function inFrames(payload: Uint8Array): Promise<Manifest> {
  const file = await compressFrames(payload, async (part) => encodeZstd(part, 3));
  const partial = openFrames(file, 1 << 26, decodeZstd, { rename: (error) => error });
  return parseManifest(partial as PartialBytes, EXPECTED.object);
}

const refused = (what: string) =>
  expect.objectContaining({
    kind: "deserialization",
    message: expect.stringMatching(new RegExp(`^manifests/M: .*${what}`)),
    details: expect.objectContaining({ object: "manifests/M", offset: expect.any(Number) }),
  });

describe("a manifest in frames", () => {
  test("is read whole as any other", async () => {
    const whole = await parseManifest((await decodeEnvelope(FILE, EXPECTED)).payload, "whole");
    const { manifest } = await open(FILE);

    expect(TABLE.frames.length).toBeGreaterThan(3);
    expect(manifest.nodeIds).toEqual(whole.nodeIds);
    for (const nodeId of whole.nodeIds)
      expect(readRows(manifest.rows(nodeId)!)).toEqual(readRows(whole.rows(nodeId)!));
  });

  test("finds and reads a chunk without decoding everything", async () => {
    for (const [nodeId, refs] of [
      [NODE_A, DENSE],
      [NODE_B, SPARSE],
    ] as const) {
      const { manifest, partial } = await open(FILE);
      const [coordinates, ref] = refs[refs.length >> 1]!;
      const rows = manifest.lookup(nodeId, 2)!;

      expect(rows.ref(rows.find(coordinates))).toEqual(ref);
      expect(partial.isWhole).toBe(false);
    }
  });

  test("answers every lookup as if it were whole, also while it becomes so", async () => {
    const { manifest, partial } = await open(FILE);
    const known = new Map(SPARSE.map(([coordinates, ref]) => [coordinates.join(), ref]));
    const rows = manifest.lookup(NODE_B, 2)!;
    for (let at = 0; at < SIDE * SIDE; at += 11) {
      const scattered = (at * 7919) % (SIDE * SIDE);
      const coordinates = [Math.floor(scattered / SIDE), scattered % SIDE];
      const row = rows.find(coordinates);
      const ref = known.get(coordinates.join());
      expect(row < 0 ? undefined : rows.ref(row)).toEqual(ref);
    }
    manifest.rows(NODE_A);

    expect(partial.isWhole).toBe(true);
    for (const absent of [[SIDE, 0], [0, SIDE], [0], [0, 0, 0], [0.5, 0], [-1, 0], [2 ** 32, 0]]) {
      expect(rows.find(absent)).toBe(-1);
      expect(manifest.lookup(NODE_A, 2)!.find(absent)).toBe(-1);
    }
    const dense = manifest.lookup(NODE_A, 2)!;
    const found = DENSE.map(([coordinates]) => dense.find(coordinates));
    expect(found).toEqual(DENSE.map((_, row) => row));
  });

  test("asks for every byte that it looks at", async () => {
    // Makes not one byte more than it is asked for.
    const bytes = new Uint8Array(PAYLOAD.length);
    const strict: PartialBytes = {
      bytes,
      isWhole: false,
      sizeBytes: bytes.length,
      ensure: (start, end) => bytes.set(PAYLOAD.subarray(start, end), start),
      ensureAll: () => bytes.set(PAYLOAD),
    };
    const rows = (await parseManifest(strict, EXPECTED.object)).lookup(NODE_B, 2)!;
    for (let at = 0; at < SPARSE.length; at += 101) {
      const [coordinates, ref] = SPARSE[at]!;

      expect(rows.ref(rows.find(coordinates))).toEqual(ref);
    }
  });

  test("holds what is made of it, and its file until it is whole", async () => {
    const { manifest } = await open(FILE);
    const before = manifest.sizeBytes;
    manifest.rows(NODE_A);

    const fileBytes = FILE.length - ENVELOPE_HEADER_BYTES;
    expect(before).toBeGreaterThan(fileBytes);
    expect(before).toBeLessThan(fileBytes + PAYLOAD.length);
    expect(manifest.sizeBytes).toBe(PAYLOAD.length);
  });

  test("hides references of another rank than the one that is asked for", async () => {
    const { manifest } = await open(FILE);

    expect(manifest.lookup(NODE_A, 3)?.length).toBe(0);
    expect(manifest.lookup(NODE_A, 3)?.find([0, 0, 0])).toBe(-1);
    expect(manifest.rows(NODE_A, 1)?.length).toBe(0);
    expect(manifest.lookup("0000000000000", 2)).toBeUndefined();
  });
});

describe("a damaged manifest in frames", () => {
  test("is refused when its damaged frame is reached, and then every time", async () => {
    const damaged = FILE.slice();
    const { start } = TABLE.frames[TABLE.frames.length >> 1]!;
    damaged[ENVELOPE_HEADER_BYTES + start + 500]! ^= 1;
    const { manifest } = await open(damaged);
    const rows = manifest.lookup(NODE_B, 2)!;
    const last = SPARSE.at(-1)!;

    expect(rows.ref(rows.find(last[0]))).toEqual(last[1]);
    const where = `frame at byte ${start}: zstd: `;
    const dense = manifest.lookup(NODE_A, 2)!;
    for (let time = 0; time < 2; time++) {
      expect(() => DENSE.map(([coordinates]) => dense.find(coordinates))).toThrowError(
        refused(where),
      );
      expect(() => manifest.rows(NODE_A)).toThrowError(refused(where));
    }
    expect(rows.ref(rows.find(last[0]))).toEqual(last[1]);
  });

  test("is refused if its references are not sorted, as its writer promised", async () => {
    const refs = [3, 1, 2].map((at): BuiltRef => ({ index: [at], inline: Uint8Array.of(at) }));
    const arrays = [{ nodeId: nodeIdToBytes(NODE_A), refs }];
    const payload = buildManifest({ id: objectIdToBytes(MANIFEST_ID), arrays });
    const manifest = await inFrames(payload);

    expect(manifest.lookup(NODE_A, 1)!.length).toBe(3);
    expect(() => manifest.rows(NODE_A)).toThrowError(refused("references are not sorted"));
  });

  test("is refused if a reference has another rank than the first", async () => {
    const refs = [[1], [2], [3, 3]].map(
      (index): BuiltRef => ({ index, inline: new Uint8Array(2) }),
    );
    const arrays = [{ nodeId: nodeIdToBytes(NODE_A), refs }];
    const payload = buildManifest({ id: objectIdToBytes(MANIFEST_ID), arrays });

    const rows = (await inFrames(concatBytes([payload, new Uint8Array(200_000)]))).lookup(
      NODE_A,
      1,
    )!;

    expect(rows.coordinate(1, 0)).toBe(2);
    expect(() => rows.coordinate(2, 0)).toThrowError(/2 coordinates, the first one 1/);
    expect(() => coordinatesOf("3").map((at) => rows.find([at]))).toThrowError(/damaged/);
  });
});
