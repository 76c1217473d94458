/** What a merge is told to do, and what it reports. */

/** What to do with a chunk that both sides wrote, deletes included. */
export type OverlapPolicy = "error" | "ours" | "theirs";

/** What became of the writes of merged forks. */
export interface MergeReport {
  /** Forks merged. */
  readonly forks: number;
  /** Chunk writes taken, deletes included. */
  readonly chunks: number;
  /** Chunk writes that both sides made and the policy decided. */
  readonly overlaps: number;
  /** Chunk and node writes that the receiver held already. */
  readonly skipped: number;
  /** Bytes of the chunks taken. */
  readonly bytes: number;
}

export const EMPTY_MERGE_REPORT: MergeReport = {
  forks: 0,
  chunks: 0,
  overlaps: 0,
  skipped: 0,
  bytes: 0,
};
