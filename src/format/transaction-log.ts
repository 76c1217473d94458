/** The transaction log: what one commit changed. Spec: v2 "Transaction Logs". */

/** Coordinates of changed chunks (set or deleted) of one array, flat: row r is data[r*rank .. (r+1)*rank). */
export interface UpdatedChunks {
  readonly nodeId: string;
  readonly rank: number;
  /** Number of coordinates; needed because scalars have rank 0. */
  readonly count: number;
  /** Sorted lexicographically as written; do not rely on it when reading (format.md "Versions"). */
  readonly data: Uint32Array;
}

/** One moved node. */
export interface MoveOperation {
  readonly from: string;
  readonly to: string;
  readonly nodeId: string;
  readonly nodeType: "group" | "array";
}

/** A decoded transaction log. Id lists are sorted. */
export interface TransactionLog {
  readonly id: string;
  readonly newGroups: readonly string[];
  readonly newArrays: readonly string[];
  readonly deletedGroups: readonly string[];
  readonly deletedArrays: readonly string[];
  readonly updatedGroups: readonly string[];
  readonly updatedArrays: readonly string[];
  readonly updatedChunks: readonly UpdatedChunks[];
  readonly movedNodes: readonly MoveOperation[];
}
