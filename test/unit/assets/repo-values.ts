/** Repository states to test with. */
import type { RepoInfo } from "../../../src/format/repo/read.ts";
import type { RepoSnapshot } from "../../../src/format/repo/snapshot-columns.ts";

export const ROOT_ID = "1CECHNKREP0F1RSTCMT0";

/** The state of a repository with its initial snapshot, written at `micros`. */
export function emptyRepo(micros = 1): RepoInfo {
  return {
    branches: new Map([["main", ROOT_ID]]),
    tags: new Map(),
    deletedTags: new Set(),
    snapshots: new Map([[ROOT_ID, snapshotOf(ROOT_ID, undefined, micros)]]),
    status: { availability: "online", setAtMicros: micros },
    metadata: [],
    latestUpdates: [{ update: { kind: "repo-initialized" }, updatedAtMicros: micros }],
  };
}

export function snapshotOf(id: string, parentId: string | undefined, micros: number): RepoSnapshot {
  return { id, parentId, flushedAtMicros: micros, message: `snapshot ${id}`, metadata: [] };
}
