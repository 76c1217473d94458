/** A repository after many commits, without doing them. */
import { encodeBase32 } from "../../src/codec/base32.ts";
import type { MetadataItem } from "../../src/format/metadata.ts";
import type { RepoInfo } from "../../src/format/repo/read.ts";
import type { RepoSnapshot } from "../../src/format/repo/snapshot-columns.ts";
import type { RepoUpdate } from "../../src/format/repo/update.ts";
import { emptyRepo, ROOT_ID } from "./assets/repo-values.ts";

const COMMIT_MICROS = 1_234_567; // Between two commits.

/** `main` with so many commits on top of the initial snapshot; every seventh has pruned ancestors. */
export function longHistory(commits: number): RepoInfo {
  const empty = emptyRepo();
  const snapshots = new Map(empty.snapshots);
  const updates: RepoUpdate[] = [{ ...(empty.latestUpdates[0] as RepoUpdate) }];
  let tip = ROOT_ID;
  for (let commit = 1; commit <= commits; commit++) {
    const snapshot = snapshotOf(commit, tip);
    tip = snapshot.id;
    snapshots.set(tip, snapshot);
    const last = updates.length - 1;
    updates[last] = { ...(updates[last] as RepoUpdate), backupPath: `backup-${commit}` };
    updates.push({
      update: { kind: "new-commit", branch: "main", newSnapshotId: tip },
      updatedAtMicros: snapshot.flushedAtMicros,
    });
  }
  return {
    ...empty,
    branches: new Map([["main", tip]]),
    snapshots,
    latestUpdates: updates.reverse(),
  };
}

function snapshotOf(commit: number, parentId: string): RepoSnapshot {
  const metadata: MetadataItem[] = [{ name: "by", value: Uint8Array.of(commit, commit >> 8, 1) }];
  const snapshot: RepoSnapshot = {
    id: idOf(commit),
    parentId,
    flushedAtMicros: commit * COMMIT_MICROS,
    message: `commit ${commit}`,
    metadata: commit % 3 === 0 ? metadata : [],
  };
  if (commit % 7 !== 0) return snapshot;
  return { ...snapshot, prunedAncestorTransactionLogs: [idOf(commit + 100_000)] };
}

/** Ids in no order. */
function idOf(commit: number): string {
  const words = Uint32Array.of(Math.imul(commit, 0x9e3779b1), commit, 7);
  return encodeBase32(new Uint8Array(words.buffer));
}
