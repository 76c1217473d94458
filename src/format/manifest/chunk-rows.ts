/**
 * Chunk references of one array as rows over columns: what manifests, change sets and forks are
 * made of. A million references are a few typed arrays, never a million objects.
 */
import type { ChunkRef } from "./chunk-ref.ts";

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
