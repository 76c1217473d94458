/**
 * Snapshots that other writers may make and we never do: one manifest for several arrays, extents
 * wider than what is in them, nodes in any order. Commits on top change what they mean to, and
 * nothing else.
 */
import { expect, test } from "vitest";
import type { Extent } from "../../../../src/base/extent.ts";
import { objectIdToBytes, randomNodeId, randomObjectId } from "../../../../src/format/ids.ts";
import { selectRows } from "../../../../src/format/manifest/row-selection.ts";
import { encodeManifest } from "../../../../src/format/manifest/write.ts";
import type { NodeSnapshot } from "../../../../src/format/snapshot/read.ts";
import { encodeSnapshot } from "../../../../src/format/snapshot/write.ts";
import {
  emptyTransactionLog,
  encodeTransactionLog,
} from "../../../../src/format/transaction-log/write.ts";
import { memoryStorage, Repository, systemRuntime } from "../../../../src/index.ts";
import { ChunkTable } from "../../../../src/session/changes/chunk-table.ts";
import { mustGetState } from "../../../../src/session/state/access.ts";
import { array, chunk, GROUP } from "../fixture.ts";

const runtime = systemRuntime();
const LENGTH = 8;

interface ForeignArray {
  readonly path: string;
  readonly id: string;
  /** Chunks by manifest. */
  readonly chunks: readonly (readonly number[])[];
  readonly extents: readonly Extent[];
}

/** A repository whose tip is as described; arrays share their manifests, by number. */
async function foreign(arrays: readonly ForeignArray[]): Promise<Repository> {
  const repository = await Repository.create(memoryStorage());
  const session = await repository.writableSession("main");
  const { assets, repoState } = mustGetState(session).engine;
  const manifestIds = [0, 1].map(() => randomObjectId(runtime));
  const files = [];
  for (const [number, id] of manifestIds.entries()) {
    const parts = arrays
      .filter(({ chunks }) => (chunks[number] ?? []).length > 0)
      .map(({ id: nodeId, chunks }) => {
        const rows = new ChunkTable(1);
        for (const at of chunks[number] as readonly number[]) {
          rows.setInline([at], chunk(2, at), { origin: "x", epoch: 1 });
        }
        const within = [{ start: 0, end: LENGTH }];
        const selection = selectRows({
          rank: 1,
          base: [],
          changes: { rows, order: rows.sortedOrder() },
          within,
        });
        return { nodeId, selection };
      })
      .sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1));
    const { payload } = await encodeManifest({ id, arrays: parts });
    const { sizeBytes, stored } = await assets.beginManifest(id, payload);
    await stored;
    const chunkRefCount = parts.reduce((sum, { selection }) => sum + selection.length, 0);
    files.push({ id, sizeBytes, chunkRefCount });
  }
  const nodes: NodeSnapshot[] = arrays.map(({ path, id, extents, chunks }) => ({
    id,
    path,
    userData: array([LENGTH], [1]),
    data: {
      type: "array",
      shape: [{ arrayLength: LENGTH, chunkCount: LENGTH }],
      manifests: extents.flatMap((extent, number) =>
        (chunks[number] ?? []).length > 0
          ? [{ id: manifestIds[number] as string, extents: [extent] }]
          : [],
      ),
    },
  }));
  nodes.push({ id: randomNodeId(runtime), path: "/", userData: GROUP, data: { type: "group" } });
  const id = randomObjectId(runtime);
  expect(objectIdToBytes(id)).toHaveLength(12);
  const flushedAtMicros = runtime.nowMicros();
  const snapshot = {
    id,
    flushedAtMicros,
    message: "foreign",
    metadata: [],
    manifestFiles: files,
    nodes,
    specVersion: 2,
  } as const;
  await assets.writeSnapshot(snapshot, encodeSnapshot(snapshot));
  const log = emptyTransactionLog(id);
  await assets.writeTransactionLog(log, encodeTransactionLog(log));
  await repoState.update((repo) => ({
    repo: {
      ...repo,
      branches: new Map(repo.branches).set("main", id),
      snapshots: new Map(repo.snapshots).set(id, {
        id,
        parentId: session.snapshotId,
        flushedAtMicros,
        message: "foreign",
        metadata: [],
      }),
    },
    updates: [{ kind: "new-commit", branch: "main", newSnapshotId: id }],
  }));
  return Repository.open(repository.storage);
}

/** Chunks of an array as the branch has them, with the first byte of each. */
async function chunksOf(repository: Repository, path: string): Promise<[number, number][]> {
  const { store } = await (await Repository.open(repository.storage)).readonlySession("main");
  const found: [number, number][] = [];
  for await (const { coordinates } of store.arrayChunks(path)) {
    const at = coordinates[0] as number;
    found.push([at, (await store.get(`${path}/c/${at}`))?.[0] as number]);
  }
  return found.sort(([a], [b]) => a - b);
}

const WIDE = [
  { start: 0, end: 4 },
  { start: 4, end: LENGTH },
];

test("a manifest shared by arrays stays for those that do not change", async () => {
  const repository = await foreign([
    { path: "/z", id: randomNodeId(runtime), chunks: [[0, 3], [5]], extents: WIDE },
    { path: "/a", id: randomNodeId(runtime), chunks: [[1], [4, 7]], extents: WIDE },
    { path: "/empty", id: randomNodeId(runtime), chunks: [], extents: [] },
  ]);
  const before = await repository.listManifestFiles(await repository.lookupBranch("main"));
  const session = await repository.writableSession("main");
  expect(await session.store.listDir("").toArray()).toEqual(["zarr.json", "a", "empty", "z"]);
  await session.store.set("a/c/2", chunk(2, 22));
  await session.store.delete("a/c/4");
  const id = await session.commit("ours");
  expect(await chunksOf(repository, "a")).toEqual([
    [1, 1],
    [2, 22],
    [7, 7],
  ]);
  expect(await chunksOf(repository, "z")).toEqual([
    [0, 0],
    [3, 3],
    [5, 5],
  ]);
  const after = (await repository.listManifestFiles(id)).map((file) => file.id);
  expect(after).toHaveLength(3);
  for (const file of before) expect(after).toContain(file.id);
});

test("the last array that uses a manifest takes it along", async () => {
  const repository = await foreign([
    { path: "/b", id: randomNodeId(runtime), chunks: [[0], []], extents: WIDE },
    { path: "/a", id: randomNodeId(runtime), chunks: [[1], [4]], extents: WIDE },
  ]);
  const session = await repository.writableSession("main");
  await session.store.delete("a/zarr.json");
  const id = await session.commit("without a");
  expect(await repository.listManifestFiles(id)).toHaveLength(1);
  expect(await chunksOf(repository, "b")).toEqual([[0, 0]]);
});

test("extents wider than their chunks may be resized, split and written into", async () => {
  const repository = await foreign([
    {
      path: "/a",
      id: randomNodeId(runtime),
      chunks: [
        [0, 2],
        [5, 6],
      ],
      extents: WIDE,
    },
  ]);
  const splitting = {
    split_sizes: [["any_array", [[{ condition: "Any", num_chunks: 3 }]].flat()]],
  };
  const split = await repository.reopen({ config: { manifest: { splitting } } as never });
  const session = await split.writableSession("main");
  await session.store.set("a/zarr.json", array([6], [1]));
  await session.store.set("a/c/4", chunk(2, 44));
  const id = await session.commit("split");
  expect(await chunksOf(repository, "a")).toEqual([
    [0, 0],
    [2, 2],
    [4, 44],
    [5, 5],
  ]);
  const { node } = await mustGetState(session).engine.assets.readSnapshot(id);
  const data = node("/a")?.data;
  if (data?.type !== "array") throw new Error("no array");
  const extents = data.manifests
    .map(({ extents: [extent] }) => extent)
    .sort((x, y) => (x?.start ?? 0) - (y?.start ?? 0));
  expect(extents).toEqual([
    { start: 0, end: 3 },
    { start: 4, end: 6 },
  ]);
});
