/** Copying one chunk reference from table to table, with its dot. */
import type { ByteDictionary } from "../../base/byte-dictionary.ts";
import {
  type ChunkRows,
  ROW_INLINE,
  ROW_NATIVE,
  ROW_TOMBSTONE,
} from "../../format/manifest/chunk-rows.ts";
import type { Dot } from "./dot.ts";
import type { CodedVirtualRef } from "./virtual-rows.ts";

interface RowTarget {
  setTombstone(coordinates: ArrayLike<number>, dot: Dot): void;
  setInline(coordinates: ArrayLike<number>, bytes: Uint8Array, dot: Dot): void;
  setNative(
    coordinates: ArrayLike<number>,
    idBytes: Uint8Array,
    offset: number,
    length: number,
    dot: Dot,
  ): void;
  setVirtualCoded(coordinates: ArrayLike<number>, ref: CodedVirtualRef, dot: Dot): void;
}

interface RowSource extends ChunkRows {
  readonly strings: ByteDictionary;
  locationCode(row: number): number;
  etagCode(row: number): number;
  dot(row: number): Dot;
}

/** Writes a row of `source` to `target`; `recode` gives the target's number of a string. */
export function copyRow(
  source: RowSource,
  row: number,
  target: RowTarget,
  coordinates: ArrayLike<number>,
  recode: (strings: ByteDictionary, code: number) => number,
): void {
  const dot = source.dot(row);
  const kind = source.kind(row);
  const offset = source.offset(row);
  const length = source.byteLength(row);
  if (kind === ROW_TOMBSTONE) target.setTombstone(coordinates, dot);
  else if (kind === ROW_INLINE) target.setInline(coordinates, source.payload(row), dot);
  else if (kind === ROW_NATIVE) {
    target.setNative(coordinates, source.chunkIdBytes(row), offset, length, dot);
  } else {
    const location = recode(source.strings, source.locationCode(row));
    const etagCode = source.etagCode(row);
    const etag = etagCode === 0 ? 0 : recode(source.strings, etagCode - 1) + 1;
    const lastModifiedSeconds = source.lastModifiedSeconds(row);
    target.setVirtualCoded(
      coordinates,
      { location, etag, offset, length, lastModifiedSeconds },
      dot,
    );
  }
}
