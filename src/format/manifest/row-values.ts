/** Single rows of chunk references as values, and compared, whatever holds them. */
import { equalBytes } from "../../base/bytes.ts";
import { encodeBase32 } from "../../codec/base32.ts";
import type { ChunkRef } from "./chunk-ref.ts";
import { type ChunkRows, ROW_INLINE, ROW_NATIVE, ROW_TOMBSTONE } from "./chunk-rows.ts";

/** Writes the coordinates of `row` to `target`, from `at` on. */
export function readCoordinates(
  rows: Pick<ChunkRows, "rank" | "coordinate">,
  row: number,
  target: Uint32Array | Float64Array,
  at = 0,
): void {
  for (let d = 0; d < rows.rank; d++) target[at + d] = rows.coordinate(row, d);
}

/** The coordinates of `row`: a fresh list. */
export function coordinatesOf(rows: ChunkRows, row: number): number[] {
  return Array.from({ length: rows.rank }, (_, d) => rows.coordinate(row, d));
}

/** Row `row` as a value that shares no bytes with `rows`; `undefined` for a tombstone. */
export function refOfRow(rows: ChunkRows, row: number): ChunkRef | undefined {
  const kind = rows.kind(row);
  if (kind === ROW_TOMBSTONE) return undefined;
  if (kind === ROW_INLINE) return { type: "inline", bytes: rows.payload(row).slice() };
  const offset = rows.offset(row);
  const length = rows.byteLength(row);
  if (kind === ROW_NATIVE) {
    return { type: "native", id: encodeBase32(rows.chunkIdBytes(row)), offset, length };
  }
  const etag = rows.etag(row);
  const lastModifiedSeconds = rows.lastModifiedSeconds(row);
  return {
    type: "virtual",
    location: rows.location(row),
    offset,
    length,
    ...(etag === undefined ? {} : { etag }),
    ...(lastModifiedSeconds === 0 ? {} : { lastModifiedSeconds }),
  };
}

/** Whether both rows say the same about a chunk. Coordinates are not compared. */
export function equalRows(a: ChunkRows, rowA: number, b: ChunkRows, rowB: number): boolean {
  const kind = a.kind(rowA);
  if (kind !== b.kind(rowB)) return false;
  if (kind === ROW_TOMBSTONE) return true;
  if (a.byteLength(rowA) !== b.byteLength(rowB)) return false;
  if (kind === ROW_INLINE) return equalBytes(a.payload(rowA), b.payload(rowB));
  if (a.offset(rowA) !== b.offset(rowB)) return false;
  if (kind === ROW_NATIVE) return equalBytes(a.chunkIdBytes(rowA), b.chunkIdBytes(rowB));
  return (
    a.lastModifiedSeconds(rowA) === b.lastModifiedSeconds(rowB) &&
    a.etag(rowA) === b.etag(rowB) &&
    equalBytes(a.locationBytes(rowA), b.locationBytes(rowB))
  );
}
