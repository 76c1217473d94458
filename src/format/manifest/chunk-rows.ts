/**
 * Chunk references of one array as rows over columns: what manifests, change sets and forks are
 * made of. A million references are a few typed arrays, never a million objects.
 */
import type { ByteDictionary } from "../../base/byte-dictionary.ts";
import type { Extent } from "../../base/extent.ts";
import type { ChunkRef } from "./chunk-ref.ts";
import type { RowColumns } from "./row-columns.ts";

/** A row that deletes a chunk. Only in change sets, never in manifests. */
export const ROW_TOMBSTONE = 0;
export const ROW_INLINE = 1;
export const ROW_NATIVE = 2;
export const ROW_VIRTUAL = 3;

/** Read access to rows [0, length). Views are valid until the rows change, and must not be written to. */
export interface ChunkRows {
  /** Coordinates per row; 0 for scalars. */
  readonly rank: number;
  readonly length: number;
  /** Coordinate `dimension` of `row`. */
  coordinate(row: number, dimension: number): number;
  /** One of the ROW_ constants. */
  kind(row: number): number;
  /** Inline bytes: a view. */
  payload(row: number): Uint8Array;
  /** Native chunk id: a view of 12 bytes. */
  chunkIdBytes(row: number): Uint8Array;
  /** Byte offset in the target; 0 for inline. */
  offset(row: number): number;
  /** Byte length of the chunk, of any kind. */
  byteLength(row: number): number;
  /** Virtual location as UTF-8: a view. */
  locationBytes(row: number): Uint8Array;
  location(row: number): string;
  etag(row: number): string | undefined;
  /** Seconds since the epoch; 0 = none. */
  lastModifiedSeconds(row: number): number;
  /** The row as a value that shares no bytes with the rows; `undefined` for a tombstone. */
  ref(row: number): ChunkRef | undefined;
}

/** Rows one after the other: those at [start, end) of `order`, or of all rows if that is left out. */
export interface RowRun {
  readonly order: Uint32Array | undefined;
  readonly start: number;
  readonly end: number;
}

/** Rows that manifests are made of: read in bulk. */
export interface BulkRows extends Pick<ChunkRows, "rank" | "length" | "coordinate"> {
  /** Whether there may be virtual ones. */
  readonly mayHoldVirtual: boolean;
  /** Where locations and etags are known by their numbers in a dictionary: that. Read only. */
  readonly strings?: ByteDictionary | undefined;
  /** The first position in a run of a tombstone or a row outside of `within`; its end if there is none. */
  firstUnfit(run: RowRun, within: readonly Extent[]): number;
  /** Reads a run, which holds no tombstones, to the rows of `columns` from `at` on. */
  readColumns(run: RowRun, columns: RowColumns, at: number): void;
  /** Without such a dictionary: a location by what `readColumns` gave for it. A view. */
  locationOf?(key: number): Uint8Array;
  /** The same of an etag. */
  etagOf?(key: number): Uint8Array;
}
