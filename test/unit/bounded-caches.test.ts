/**
 * Memory while a repository of ten times the cache limit is read: caches are bounded in bytes.
 * A child process reads every manifest and prints its peak.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Repository } from "icefloe";
import { localFilesystemStorage } from "icefloe/storage/local";
import { createArray } from "icefloe/zarr";
import { afterAll, expect, test } from "vitest";

const MANIFESTS = 40;
const CHUNKS_PER_MANIFEST = 8000;
const CHUNK_BYTES = 500; // Inline, so that manifests are large: 4 MB each, 160 MB in all.
const CACHE_BYTES = 16_000_000; // A tenth. The configuration counts references, at 16 bytes each.

const folder = mkdtempSync(join(tmpdir(), "icefloe-caches-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const READER = `
  import { Repository } from "icefloe";
  import { localFilesystemStorage } from "icefloe/storage/local";
  const [folder, refs] = process.argv.slice(1);
  const repository = await Repository.open(localFilesystemStorage(folder), {
    config: { caching: { numChunkRefs: Number(refs) } },
  });
  const { store } = await repository.readonlySession("main");
  let peak = 0;
  for (let round = 0; round < 2; round++) {
    for (let at = 0; at < ${MANIFESTS}; at++) {
      const bytes = await store.get("a/c/" + (at * ${CHUNKS_PER_MANIFEST} + 7));
      // Not the process's own record: that starts with what its parent had.
      peak = Math.max(peak, process.memoryUsage.rss());
      if (bytes?.length !== ${CHUNK_BYTES}) throw new Error("chunk " + at);
    }
  }
  console.log(peak);
`;

function peakBytes(numChunkRefs: number): number {
  const args = ["--input-type=module", "-e", READER, folder, String(numChunkRefs)];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  const bytes = Number(stdout);
  if (!(bytes > 0)) throw new Error(stderr);
  return bytes;
}

test("reading ten times the cache limit stays far below what everything would take", async () => {
  const count = MANIFESTS * CHUNKS_PER_MANIFEST;
  const any = { path_matches: { regex: ".*" } };
  const repository = await Repository.create(
    localFilesystemStorage(folder, { durability: "none" }),
    {
      config: {
        manifest: {
          splitting: {
            split_sizes: [[any, [{ condition: "Any", num_chunks: CHUNKS_PER_MANIFEST }]]],
          },
        },
      },
    },
  );
  const session = await repository.writableSession("main");
  await createArray(session.store, "/a", { shape: [count], chunkShape: [1], dtype: "uint8" });
  const bytes = new Uint8Array(CHUNK_BYTES);
  for (let at = 0; at < count; at++) {
    bytes.fill(at % 251);
    await session.store.set(`a/c/${at}`, bytes);
  }
  await session.commit("large");

  const bounded = peakBytes(CACHE_BYTES / 16);
  const unbounded = peakBytes(15_000_000);

  const megabytes = (n: number): number => Math.round(n / 1e6);
  console.log(
    `peak memory, 160 MB of manifests: ${megabytes(bounded)} MB with a cache of 16 MB, ` +
      `${megabytes(unbounded)} MB with one of 240 MB`,
  );
  expect(unbounded - bounded).toBeGreaterThan(60_000_000);
});
