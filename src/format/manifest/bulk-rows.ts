/** Rows of chunk references that manifests are made of: read in bulk, without a call for each. */
import type { ByteDictionary } from "../../base/byte-dictionary.ts";
import type { Extent } from "../../base/extent.ts";
import type { ManifestBuffer } from "./buffer.ts";
import type { ChunkRows } from "./chunk-rows.ts";
import type { RowColumns } from "./row-columns.ts";

/** Flags of a row's code, beside its ROW_ kind in the lowest two bits. */
export const HAS_OFFSET = 4;
export const HAS_ETAG = 8;
export const HAS_LAST_MODIFIED = 16;

/** Rows one after the other: those at [start, end) of `order`, or of all rows if that is left out. */
export interface RowRun {
  readonly order: Uint32Array | undefined;
  readonly start: number;
  readonly end: number;
}

/** Rows to choose from, and to read what is chosen. */
export interface BulkRows extends Pick<ChunkRows, "rank" | "length" | "coordinate"> {
  /** Whether there may be virtual ones. */
  readonly mayHoldVirtual: boolean;
  /** What `readColumns` numbers locations and etags by, if they are numbered. Read only. */
  readonly strings?: ByteDictionary | undefined;
  /** Else what they are read from, by keys: see `ref-strings.ts`. */
  readonly buffer?: ManifestBuffer | undefined;
  /** The first position in a run of a tombstone or a row outside of `within`; its end if there is none. */
  firstUnfit(run: RowRun, within: readonly Extent[]): number;
  /** Reads a run, which holds no tombstones, to the rows of `columns` from `at` on. */
  readColumns(run: RowRun, columns: RowColumns, at: number): void;
}
