/** Snapshots as users see them. */
import { decodeMetadata } from "../format/metadata.ts";
import type { RepoSnapshot } from "../format/repo/snapshot-columns.ts";

/** One snapshot of the history. */
export interface SnapshotInfo {
  readonly id: string;
  /** `undefined` for the first one. */
  readonly parentId?: string;
  /** `writtenAtMicros` cut to milliseconds. */
  readonly writtenAt: Date;
  /** Microseconds since the epoch; greater than the parent's. */
  readonly writtenAtMicros: number;
  readonly message: string;
  readonly metadata: Record<string, unknown>;
}

/** What `repo` says about a snapshot, with its metadata decoded. */
export function describeSnapshot(snapshot: RepoSnapshot): SnapshotInfo {
  const { id, parentId, flushedAtMicros, message, metadata } = snapshot;
  return {
    id,
    ...(parentId === undefined ? {} : { parentId }),
    writtenAt: new Date(Math.floor(flushedAtMicros / 1000)),
    writtenAtMicros: flushedAtMicros,
    message,
    metadata: decodeMetadata(metadata, 2), // `repo` is always spec 2.
  };
}
