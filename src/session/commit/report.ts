/** What a commit reports while it runs, and what it did. */

/** What a commit is doing. `attempt` counts from 1. */
export interface CommitEvent {
  readonly phase: "rebase" | "manifests" | "snapshot" | "publish";
  readonly attempt: number;
  readonly elapsedMs: number;
}

/** What a commit did. */
export interface CommitReport {
  readonly snapshotId: string;
  /** 1 = no lost race; who waits for its turn rebases before the first one, and loses none. */
  readonly attempts: number;
  readonly manifestsWritten: number;
  /** Manifests of changed arrays that stayed valid, and those an earlier attempt had written. */
  readonly manifestsReused: number;
  /** Bytes of manifests, snapshots and logs; chunks were written before. */
  readonly bytesWritten: number;
  /** Objects put, `repo` and its backup not counted. */
  readonly objectsWritten: number;
  /** Requests, reads included, made while it ran; also those of other sessions of the repository. */
  readonly requests: number;
  /** Milliseconds by phase, over all attempts. Few manifests are stored while `snapshot` runs. */
  readonly phasesMs: Readonly<Record<CommitEvent["phase"], number>>;
}
