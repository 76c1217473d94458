/** The official project's own compatibility fixtures: what their README tells. */
import { expect, test } from "vitest";
import { decodeEnvelope } from "../../src/format/envelope.ts";
import { parseManifest } from "../../src/format/manifest/read.ts";
import { snapshotPath } from "../../src/format/object-paths.ts";
import { parseRepoInfo, type RepoInfo } from "../../src/format/repo/read.ts";
import { parseSnapshot } from "../../src/format/snapshot/read.ts";
import { OFFICIAL_NAMES, officialFiles, readOfficial } from "../official-repositories.ts";
import { readRows } from "../unit/format/manifest/ref-model.ts";

const BYTES_MAX = 10_000_000;

async function readRepo(name: string): Promise<RepoInfo> {
  const options = { object: name, fileType: "repo-info", bytesMax: BYTES_MAX } as const;
  const { payload } = await decodeEnvelope(readOfficial(name, "repo"), options);
  return parseRepoInfo(payload, name);
}

test("all five are there", () => {
  expect(OFFICIAL_NAMES).toEqual([
    "split-repo-v1",
    "split-repo-v2",
    "test-repo-v1",
    "test-repo-v2",
    "test-repo-v2-migrated",
  ]);
});

test("test-repo-v2 has the branches, tags and history that its README tells", async () => {
  const repo = await readRepo("test-repo-v2");

  expect([...repo.branches.keys()]).toEqual(["main", "my-branch"]);
  expect([...repo.tags.keys()]).toEqual(["it also works!", "it works!"]);
  expect([...repo.deletedTags]).toEqual(["deleted"]);
  const messages: string[] = [];
  for (let id = repo.branches.get("main"); id !== undefined; ) {
    const snapshot = repo.snapshots.get(id);
    messages.push(snapshot?.message ?? "none");
    id = snapshot?.parentId;
  }
  expect(messages).toEqual([
    "set virtual chunk",
    "fill data",
    "empty structure",
    "Repository initialized",
  ]);
});

test("split-repo-v2: the last commit has 17 manifests over two arrays", async () => {
  const repo = await readRepo("split-repo-v2");
  const path = snapshotPath(repo.branches.get("main") as string);
  const options = { object: path, fileType: "snapshot", bytesMax: BYTES_MAX } as const;
  const { payload } = await decodeEnvelope(readOfficial("split-repo-v2", path), options);

  const snapshot = parseSnapshot(payload, 2, path);

  expect(snapshot.manifestFiles).toHaveLength(17);
  expect(snapshot.nodes.find((node) => node.path === "/group1/split")?.data).toMatchObject({
    dimensionNames: [null, "longitude"],
    shape: [
      { arrayLength: 10, chunkCount: 4 },
      { arrayLength: 10, chunkCount: 4 },
    ],
  });
});

test("all virtual references are to the one place that the README tells", async () => {
  const locations = new Set<string>();
  for (const name of OFFICIAL_NAMES) {
    for (const path of officialFiles(name, "manifests")) {
      const options = { object: path, fileType: "manifest", bytesMax: BYTES_MAX } as const;
      const { payload } = await decodeEnvelope(readOfficial(name, path), options);
      const manifest = await parseManifest(payload, path);
      for (const nodeId of manifest.nodeIds) {
        for (const [, ref] of readRows(manifest.rows(nodeId)!))
          if (ref?.type === "virtual") locations.add(ref.location);
      }
    }
  }

  expect([...locations]).toEqual(["s3://testbucket/can_read_old/chunk-1"]);
});
