import { describe, expect, test } from "vitest";
import { uniteCoordinates } from "../../../src/base/coordinates.ts";
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
  OFFICIAL_NAMES,
  officialFiles,
  readOfficial,
  SPEC_2_NAMES,
} from "../../official-repositories.ts";

const BYTES_MAX = 10_000_000;

async function readRepo(name: string, path: string): Promise<RepoInfo> {
  const options = { object: path, fileType: "repo-info", bytesMax: BYTES_MAX } as const;
  const { payload } = await decodeEnvelope(readOfficial(name, path), options);
  return parseRepoInfo(payload, path);
}

async function readSnapshot(name: string, path: string): Promise<Snapshot> {
  const options = { object: path, fileType: "snapshot", bytesMax: BYTES_MAX } as const;
  const { payload, specVersion } = await decodeEnvelope(readOfficial(name, path), options);
  return parseSnapshot(payload, specVersion, path);
}

describe("repositories of the official engines", () => {
  test.each(OFFICIAL_NAMES)("%s: every snapshot survives reading and writing", async (name) => {
    for (const path of officialFiles(name, "snapshots")) {
      const snapshot = await readSnapshot(name, path);

      expect(snapshotPath(snapshot.id)).toBe(path);
      const ours = { ...snapshot, specVersion: 2, parentId: undefined } as const;
      expect(parseSnapshot(encodeSnapshot(ours), 2, path)).toEqual(ours);
      expect(() => decodeMetadata(snapshot.metadata, snapshot.specVersion)).not.toThrow();
    }
  });

  test.each(OFFICIAL_NAMES)(
    "%s: every transaction log survives reading and writing",
    async (name) => {
      for (const path of officialFiles(name, "transactions")) {
        const options = { object: path, fileType: "transaction-log", bytesMax: BYTES_MAX } as const;
        const { payload } = await decodeEnvelope(readOfficial(name, path), options);

        const log = parseTransactionLog(payload, path);

        expect(transactionLogPath(log.id)).toBe(path);
        // Engines of spec 1 wrote coordinates in any order.
        const sorted = {
          ...log,
          updatedChunks: log.updatedChunks.map((list) => ({
            ...list,
            ...uniteCoordinates([list]),
          })),
        };
        expect(parseTransactionLog(encodeTransactionLog(log), path)).toEqual(sorted);
      }
    },
  );

  test.each(SPEC_2_NAMES)("%s: repo and its backups survive reading and writing", async (name) => {
    for (const path of ["repo", ...officialFiles(name, "overwritten")]) {
      const repo = await readRepo(name, path);

      expect(repo.unknownFields).toBeUndefined();
      expect(parseRepoInfo(encodeRepoInfo(repo), path)).toEqual(repo);
    }
  });

  test.each(SPEC_2_NAMES)(
    "%s: the ops log links each update to the state right after it",
    async (name) => {
      const repo = await readRepo(name, "repo");
      // An upgrade tells what had happened before, of which there are no backups.
      const isUpgraded = repo.latestUpdates[0]?.update.kind === "repo-migrated";
      const older = repo.latestUpdates.slice(1).filter(() => !isUpgraded);

      for (const { backupPath, updatedAtMicros, update } of older) {
        const backup = await readRepo(name, `overwritten/${backupPath}`);
        expect(backup.latestUpdates[0]).toMatchObject({ updatedAtMicros, update });
      }
    },
  );
});
