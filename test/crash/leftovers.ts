/** Objects that nothing refers to: what an operation that was stopped leaves behind. */
import { decodeEnvelope } from "../../src/format/envelope.ts";
import { objectIdFromBytes } from "../../src/format/ids.ts";
import { parseManifest } from "../../src/format/manifest/read.ts";
import {
  chunkPath,
  manifestPath,
  REPO_PATH,
  snapshotPath,
  transactionLogPath,
} from "../../src/format/object-paths.ts";
import { parseRepoInfo } from "../../src/format/repo/read.ts";
import { parseSnapshot } from "../../src/format/snapshot/read.ts";
import type { Storage } from "../../src/storage/port.ts";

const ROW_NATIVE = 2;
const BYTES_MAX = 1 << 24;

async function payloadOf(
  storage: Storage,
  path: string,
  fileType: Parameters<typeof decodeEnvelope>[1]["fileType"],
): Promise<{ payload: Uint8Array; specVersion: 1 | 2 }> {
  const stored = await storage.get(path);
  if (stored === undefined) throw new Error(`${path} is referred to, and is not there`);
  return decodeEnvelope(stored.bytes, { object: path, fileType, bytesMax: BYTES_MAX });
}

/** Paths of all objects that the repository does not refer to, sorted. Fails if one it needs is gone. */
export async function leftoversIn(storage: Storage): Promise<string[]> {
  const { payload } = await payloadOf(storage, REPO_PATH, "repo-info");
  const repo = parseRepoInfo(payload, REPO_PATH);
  const needed = new Set<string>([REPO_PATH]);
  const manifests = new Set<string>();
  for (const { id, prunedAncestorTransactionLogs = [] } of repo.snapshots.values()) {
    for (const log of [id, ...prunedAncestorTransactionLogs]) needed.add(transactionLogPath(log));
    needed.add(snapshotPath(id));
    const file = await payloadOf(storage, snapshotPath(id), "snapshot");
    const snapshot = parseSnapshot(file.payload, file.specVersion, snapshotPath(id));
    for (const manifest of snapshot.manifestFiles) manifests.add(manifest.id);
  }
  for (const id of manifests) {
    needed.add(manifestPath(id));
    for (const path of await chunksOf(storage, id)) needed.add(path);
  }
  for await (const path of backupsOf(storage, repo)) needed.add(path);
  const found: string[] = [];
  for await (const { path } of storage.list("")) if (!needed.has(path)) found.push(path);
  return found.sort();
}

async function chunksOf(storage: Storage, id: string): Promise<string[]> {
  const { payload } = await payloadOf(storage, manifestPath(id), "manifest");
  const manifest = await parseManifest(payload, id);
  const paths: string[] = [];
  for (const nodeId of manifest.nodeIds) {
    const rows = manifest.rows(nodeId);
    for (let row = 0; row < (rows?.length ?? 0); row++) {
      if (rows?.kind(row) !== ROW_NATIVE) continue;
      const path = chunkPath(objectIdFromBytes(rows.chunkIdBytes(row)));
      if ((await storage.head(path)) === undefined) throw new Error(`${path} is gone`);
      paths.push(path);
    }
  }
  return paths;
}

/** Old states of `repo` that the ops log names, page by page. */
async function* backupsOf(
  storage: Storage,
  repo: ReturnType<typeof parseRepoInfo>,
): AsyncGenerator<string> {
  for (let page: typeof repo | undefined = repo; page !== undefined; ) {
    for (const { backupPath } of page.latestUpdates) {
      if (backupPath !== undefined) yield `overwritten/${backupPath}`;
    }
    const older: string | undefined = page.repoBeforeUpdates;
    if (older === undefined) return;
    const path = `overwritten/${older}`;
    yield path;
    page = parseRepoInfo((await payloadOf(storage, path, "repo-info")).payload, path);
  }
}
