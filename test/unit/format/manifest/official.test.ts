/** Manifests of the official engines' repositories, each written and read again. */
import { expect, test } from "vitest";
import { decodeEnvelope } from "../../../../src/format/envelope.ts";
import { type Manifest, parseManifest } from "../../../../src/format/manifest/read.ts";
import { bulkRows } from "../../../../src/format/manifest/ref-columns.ts";
import { selectRows } from "../../../../src/format/manifest/row-selection.ts";
import { encodeManifest } from "../../../../src/format/manifest/write.ts";
import { OFFICIAL_NAMES, officialFiles, readOfficial } from "../../../official-repositories.ts";
import { readRows } from "./ref-model.ts";
import { verifyManifest } from "./verifier.ts";

const BYTES_MAX = 1 << 24;

async function readManifest(name: string, path: string): Promise<Manifest> {
  const options = { object: path, fileType: "manifest", bytesMax: BYTES_MAX } as const;
  const { payload } = await decodeEnvelope(readOfficial(name, path), options);
  return parseManifest(payload, path);
}

async function encodeAgain(manifest: Manifest): Promise<Uint8Array> {
  const arrays = manifest.nodeIds.map((nodeId) => {
    const rows = manifest.rows(nodeId)!;
    const within = Array.from({ length: rows.rank }, () => ({ start: 0, end: 2 ** 32 }));
    return {
      nodeId,
      selection: selectRows({ rank: rows.rank, base: [{ rows: bulkRows(rows) }], within }),
    };
  });
  return (await encodeManifest({ id: manifest.id, arrays })).payload;
}

test.each(OFFICIAL_NAMES)("%s: every manifest survives reading and writing", async (name) => {
  for (const path of officialFiles(name, "manifests")) {
    const manifest = await readManifest(name, path);
    const again = await encodeAgain(manifest);
    const copy = await parseManifest(again, path);

    verifyManifest(again);
    expect(path.endsWith(manifest.id)).toBe(true);
    expect(copy.nodeIds).toEqual(manifest.nodeIds);
    for (const nodeId of manifest.nodeIds) {
      expect(readRows(copy.rows(nodeId)!)).toEqual(readRows(manifest.rows(nodeId)!));
    }
  }
});

test("all together have references of every kind, in many manifests", async () => {
  const kinds = new Set<string>();
  let count = 0;
  for (const name of OFFICIAL_NAMES) {
    for (const path of officialFiles(name, "manifests")) {
      const manifest = await readManifest(name, path);
      for (const nodeId of manifest.nodeIds) {
        for (const [, ref] of readRows(manifest.rows(nodeId)!)) kinds.add(ref!.type);
      }
      count++;
    }
  }

  expect(count).toBeGreaterThan(60);
  expect([...kinds].sort()).toEqual(["inline", "native", "virtual"]);
});
