/** What the committed repositories of the official engines hold, read through the public entry. */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { decodeEnvelope } from "../../../src/format/envelope.ts";
import { parseManifest } from "../../../src/format/manifest/read.ts";
import { parseRepoInfo } from "../../../src/format/repo/read.ts";
import { parseSnapshot } from "../../../src/format/snapshot/read.ts";
import { Repository } from "../../../src/index.ts";
import { localFilesystemStorage } from "../../../src/storage/local/index.ts";
import { officialFiles, officialPath, readOfficial } from "../../official-repositories.ts";
import { readRows } from "../format/manifest/ref-model.ts";
import { GROUP, kindOf } from "../session/fixture.ts";

const BYTES_MAX = 10_000_000;
const storageOf = (name: string) => localFilesystemStorage(officialPath(name));
const open = (name: string) => Repository.open(storageOf(name));
const messagesOf = async (repository: Repository, branch: string) =>
  (await repository.ancestry({ branch }).toArray()).map(({ message }) => message);

const MAIN = ["set virtual chunk", "fill data", "empty structure", "Repository initialized"];
const DELETED = ["delete a chunk", ...MAIN];

describe.each(["python-2.3.0-history", "python-2.3.0-upgraded"])("%s", (name) => {
  test("has the branches and tags that were made, and not those that were deleted", async () => {
    const repository = await open(name);
    const { payload } = await decodeEnvelope(readOfficial(name, "repo"), {
      object: "repo",
      fileType: "repo-info",
      bytesMax: BYTES_MAX,
    });

    expect(await repository.listBranches()).toEqual(["main", "moved", "my-branch"]);
    expect(await repository.listTags()).toEqual(["it also works!", "it works!"]);
    expect([...parseRepoInfo(payload, "repo").deletedTags]).toEqual(["deleted"]);
    expect(await repository.lookupTag("it works!")).toBe(await repository.lookupBranch("moved"));
  });

  test("has the history of each branch", async () => {
    const repository = await open(name);

    expect(await messagesOf(repository, "main")).toEqual(MAIN);
    expect(await messagesOf(repository, "moved")).toEqual(DELETED);
    expect((await messagesOf(repository, "my-branch")).slice(-5)).toEqual(DELETED);
    const filled = (await repository.ancestry("main").toArray())[1];
    expect(filled?.metadata).toMatchObject({ by: "a test", list: [1, 2.5, null] });
  });

  test("gives virtual references with a time, an etag and neither, beside native and inline chunks", async () => {
    const { store } = await (await open(name)).readonlySession("main");

    const big = [];
    for await (const chunk of store.arrayChunks("/group1/big_chunks")) big.push(chunk);
    expect(
      big.map(({ type, location, offset, length }) => [type, location, offset, length]),
    ).toEqual([
      ["virtual", "s3://testbucket/can_read_old/chunk-1", 0, 100],
      ["virtual", "s3://testbucket/can_read_old/chunk-2", 7, 100],
      ["virtual", "s3://testbucket/can_read_old/chunk-3", 1, 100],
      ["native", undefined, 0, 19],
    ]);
    const small = [];
    for await (const { type } of store.arrayChunks("/group1/small_chunks")) small.push(type);
    expect(small).toEqual(["inline", "inline", "inline", "inline", "inline"]);
    expect(await checksumsOf(name)).toEqual(['"etag"', 1_735_689_600, undefined]);
    expect(await store.get("group1/small_chunks/c/0")).toBeDefined();
    expect(await store.get("group1/big_chunks/c/1/1")).toBeDefined();
  });
});

/** Etags and times of all virtual references, each once. */
async function checksumsOf(name: string): Promise<unknown[]> {
  const found = new Set<unknown>();
  for (const path of officialFiles(name, "manifests")) {
    const options = { object: path, fileType: "manifest", bytesMax: BYTES_MAX } as const;
    const manifest = await parseManifest(
      (await decodeEnvelope(readOfficial(name, path), options)).payload,
      path,
    );
    for (const nodeId of manifest.nodeIds) {
      for (const [, ref] of readRows(manifest.rows(nodeId)!)) {
        if (ref?.type === "virtual") found.add(ref.etag ?? ref.lastModifiedSeconds);
      }
    }
  }
  return [...found].sort((a, b) => (String(a) < String(b) ? -1 : 1));
}

test("python-2.3.0-history: the ops log has an entry of every kind that its program made", async () => {
  const { payload } = await decodeEnvelope(readOfficial("python-2.3.0-history", "repo"), {
    object: "repo",
    fileType: "repo-info",
    bytesMax: BYTES_MAX,
  });
  const { latestUpdates } = parseRepoInfo(payload, "repo");

  expect([...new Set(latestUpdates.map(({ update }) => update.kind))].sort()).toEqual([
    "branch-created",
    "branch-deleted",
    "branch-reset",
    "commit-amended",
    "config-changed",
    "expiration-ran",
    "feature-flag-changed",
    "gc-ran",
    "metadata-changed",
    "new-commit",
    "new-detached-snapshot",
    "repo-initialized",
    "tag-created",
    "tag-deleted",
  ]);
});

test("python-2.3.0-history: an amended commit and a move are read, and the last configuration", async () => {
  const repository = await open("python-2.3.0-history");

  expect((await messagesOf(repository, "my-branch")).slice(0, 2)).toEqual([
    "move a group",
    "some more structure, amended",
  ]);
  const { store } = await repository.readonlySession("my-branch");
  const bytes = await store.get("group2/moved/group4/inner/zarr.json");
  expect(JSON.parse(new TextDecoder().decode(bytes))).toMatchObject({ shape: [10, 10] });
  expect(await store.get("group2/more/zarr.json")).toBeUndefined();
  expect(repository.config.inlineChunkThresholdBytes).toBe(10);
});

test("python-2.3.0-history: a commit that moved nodes is not amended, but written over", async () => {
  const folder = mkdtempSync(join(tmpdir(), "icefloe-moved-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  cpSync(officialPath("python-2.3.0-history"), folder, { recursive: true });
  const repository = await Repository.open(localFilesystemStorage(folder));
  const session = await repository.writableSession("my-branch");
  const tip = session.snapshotId;
  expect(await kindOf(session.amend("nothing"))).toBe("no-changes-to-commit");
  expect(await kindOf(session.amend("empty", { allowEmpty: true }))).toBe("rearrange-session-only");
  await session.store.set("added/zarr.json", GROUP);

  expect(await kindOf(session.amend("amended"))).toBe("rearrange-session-only");

  expect(await repository.lookupBranch("my-branch")).toBe(tip);
  await session.commit("on top");
  const next = await repository.writableSession("my-branch");
  await next.store.delete("added/zarr.json");
  await next.amend("amended");
  expect((await messagesOf(repository, "my-branch")).slice(0, 2)).toEqual([
    "amended",
    "move a group",
  ]);
});

test.each(["python-2.3.0-splits", "python-1.1.21-splits"])(
  "%s: commits have as many manifests as their rules split two arrays into",
  async (name) => {
    const counts = [];
    for (const path of officialFiles(name, "snapshots")) {
      const options = { object: path, fileType: "snapshot", bytesMax: BYTES_MAX } as const;
      const { payload, specVersion } = await decodeEnvelope(readOfficial(name, path), options);
      const snapshot = parseSnapshot(payload, specVersion, path);
      counts.push([snapshot.message, snapshot.manifestFiles.length]);
      const split = snapshot.nodes.find((node) => node.path === "/group1/split_array");
      if (split === undefined) continue;
      expect(split.data).toMatchObject({
        dimensionNames: [null, "longitude"],
        shape: [
          { arrayLength: 10, chunkCount: 4 },
          { arrayLength: 10, chunkCount: 4 },
        ],
      });
    }

    expect(Object.fromEntries(counts)).toEqual({
      "Repository initialized": 0,
      "empty structure": 0,
      "write data": 5,
      "write data again": 5,
      "write data again with more splits": 17,
    });
  },
);

test("python-2.3.0-splits: the last configuration's rules are read", async () => {
  const { config } = await open("python-2.3.0-splits");

  expect(config.manifest?.splitting?.split_sizes).toEqual([
    [
      { name_matches: { regex: "split_*" } },
      [
        { condition: { Axis: 0 }, num_chunks: 1 },
        { condition: { DimensionName: "longitude" }, num_chunks: 1 },
      ],
    ],
  ]);
});

test("npm-2.2.2: what was amended, flushed and branched is read", async () => {
  const repository = await open("npm-2.2.2");

  expect(await messagesOf(repository, "main")).toEqual([
    "amended",
    "structure",
    "Repository initialized",
  ]);
  expect(await messagesOf(repository, "side")).toEqual([
    "aside",
    "structure",
    "Repository initialized",
  ]);
  expect(await repository.listTags()).toEqual(["v1"]);
  const { store } = await repository.readonlySession({ tag: "v1" });
  const chunks = [];
  for await (const { coordinates, type } of store.arrayChunks("/a"))
    chunks.push([...coordinates, type]);
  expect(chunks).toEqual([
    [0, "inline"],
    [1, "inline"],
    [2, "native"],
  ]);
  expect(await store.get("a/c/2")).toEqual(Uint8Array.from({ length: 40 }, (_, i) => i + 2));
});

describe.each(["python-1.1.21-history", "python-1.1.21-splits"])("%s", (name) => {
  test("is known as a repository of spec 1, which is refused by a typed error", async () => {
    expect(await Repository.fetchSpecVersion(storageOf(name))).toBe(1);
    await expect(open(name)).rejects.toMatchObject({
      kind: "unimplemented",
      details: { specVersion: 1 },
    });
  });
});
