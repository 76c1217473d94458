import { describe, expect, test } from "vitest";
import { decodeEnvelope } from "../../../src/format/envelope.ts";
import { decodeMetadata } from "../../../src/format/metadata.ts";
import { snapshotPath, transactionLogPath } from "../../../src/format/object-paths.ts";
import { parseRepoInfo, type RepoInfo } from "../../../src/format/repo/read.ts";
import { encodeRepoInfo } from "../../../src/format/repo/write.ts";
import { parseSnapshot, type Snapshot } from "../../../src/format/snapshot/read.ts";
import { encodeSnapshot } from "../../../src/format/snapshot/write.ts";
import { parseTransactionLog } from "../../../src/format/transaction-log/read.ts";
import { encodeTransactionLog } from "../../../src/format/transaction-log/write.ts";
import {
  ALL_FIXTURES,
  fixtureFiles,
  hasFixtures,
  readFixture,
  SPEC_2_FIXTURES,
} from "./fixtures.ts";

const BYTES_MAX = 10_000_000;

async function readRepo(name: string, path: string): Promise<RepoInfo> {
  const options = { object: path, fileType: "repo-info", bytesMax: BYTES_MAX } as const;
  const { payload } = await decodeEnvelope(readFixture(name, path), options);
  return parseRepoInfo(payload, path);
}

async function readSnapshot(name: string, path: string): Promise<Snapshot> {
  const options = { object: path, fileType: "snapshot", bytesMax: BYTES_MAX } as const;
  const { payload, specVersion } = await decodeEnvelope(readFixture(name, path), options);
  return parseSnapshot(payload, specVersion, path);
}

describe.runIf(hasFixtures())("repositories of the official engine", () => {
  test.each(ALL_FIXTURES)("%s: every snapshot survives reading and writing", async (name) => {
    for (const path of fixtureFiles(name, "snapshots")) {
      const snapshot = await readSnapshot(name, path);

      expect(snapshotPath(snapshot.id)).toBe(path);
      expect(parseSnapshot(encodeSnapshot(snapshot), snapshot.specVersion, path)).toEqual(snapshot);
      expect(() => decodeMetadata(snapshot.metadata, snapshot.specVersion)).not.toThrow();
    }
  });

  test.each(ALL_FIXTURES)(
    "%s: every transaction log survives reading and writing",
    async (name) => {
      for (const path of fixtureFiles(name, "transactions")) {
        const options = { object: path, fileType: "transaction-log", bytesMax: BYTES_MAX } as const;
        const { payload } = await decodeEnvelope(readFixture(name, path), options);

        const log = parseTransactionLog(payload, path);

        expect(transactionLogPath(log.id)).toBe(path);
        expect(parseTransactionLog(encodeTransactionLog(log), path)).toEqual(log);
      }
    },
  );

  test.each(SPEC_2_FIXTURES)(
    "%s: repo and its backups survive reading and writing",
    async (name) => {
      for (const path of ["repo", ...fixtureFiles(name, "overwritten")]) {
        const repo = await readRepo(name, path);

        expect(repo.unknownFields).toBeUndefined();
        expect(parseRepoInfo(encodeRepoInfo(repo), path)).toEqual(repo);
      }
    },
  );

  test("test-repo-v2 has the branches, tags and history that its README tells", async () => {
    const repo = await readRepo("test-repo-v2", "repo");

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

  test("test-repo-v2: the ops log links each update to the state right after it", async () => {
    const repo = await readRepo("test-repo-v2", "repo");

    for (const { backupPath, updatedAtMicros, update } of repo.latestUpdates.slice(1)) {
      const backup = await readRepo("test-repo-v2", `overwritten/${backupPath}`);
      expect(backup.latestUpdates[0]).toMatchObject({ updatedAtMicros, update });
    }
  });

  test("split-repo-v2: the last commit has 17 manifests over two arrays", async () => {
    const repo = await readRepo("split-repo-v2", "repo");
    const tip = repo.branches.get("main") as string;

    const snapshot = await readSnapshot("split-repo-v2", snapshotPath(tip));

    expect(snapshot.manifestFiles).toHaveLength(17);
    expect(snapshot.nodes.find(({ path }) => path === "/group1/split")?.data).toMatchObject({
      dimensionNames: [null, "longitude"],
      shape: [
        { arrayLength: 10, chunkCount: 4 },
        { arrayLength: 10, chunkCount: 4 },
      ],
    });
  });
});
