/**
 * FlatBuffers layouts of the tables in a manifest. References with the same fields share one
 * vtable, so a reference costs its fields only; zero offsets and absent checksums are left out, as
 * the format demands of defaults. Spec: v2 "Chunk Manifest Files"; docs/format.md "Chunk
 * references".
 */
import { HAS_ETAG, HAS_LAST_MODIFIED, HAS_OFFSET } from "./bulk-rows.ts";
import { ROW_INLINE, ROW_NATIVE } from "./chunk-rows.ts";
import {
  REF_CHUNK_ID,
  REF_ETAG,
  REF_INDEX,
  REF_INLINE,
  REF_LAST_MODIFIED,
  REF_LENGTH,
  REF_LOCATION,
  REF_OFFSET,
} from "./ref-vtables.ts";

/** Layout codes lie below this. */
export const LAYOUT_CODES_END = 32;

const CHUNK_ID_BYTES = 12;

/** A table's layout: where fields are, relative to the table. 0 = absent. */
export interface RefTableLayout {
  readonly sizeBytes: number;
  readonly alignment: 4 | 8;
  readonly vtable: Uint16Array;
  readonly indexAt: number;
  readonly payloadAt: number;
  readonly lengthAt: number;
  readonly offsetAt: number;
  readonly chunkIdAt: number;
  readonly locationAt: number;
  readonly etagAt: number;
  readonly lastModifiedAt: number;
  /** What the official verifier counts per table without its vectors and strings. */
  readonly apparentBytes: number;
}

/**
 * The layout of references of one kind and flags. What differs from one reference to the next comes
 * first and what stays last, in front of the coordinates: the compressor then finds one long
 * repetition per reference instead of several short ones.
 */
function refTableLayout(code: number): RefTableLayout {
  const kind = code & 3;
  const isInline = kind === ROW_INLINE;
  const isNative = kind === ROW_NATIVE;
  const fields = new Map<number, number>();
  let sizeBytes = 4;
  const put = (field: number, byteCount: number, isPresent: boolean): number => {
    if (!isPresent) return 0;
    if (byteCount === 8) sizeBytes = Math.ceil(sizeBytes / 8) * 8;
    const at = sizeBytes;
    fields.set(field, at);
    sizeBytes += byteCount;
    return at;
  };
  const chunkIdAt = put(REF_CHUNK_ID, CHUNK_ID_BYTES, isNative);
  const locationAt = put(REF_LOCATION, 4, !isInline && !isNative);
  const offsetAt = put(REF_OFFSET, 8, (code & HAS_OFFSET) !== 0);
  const lengthAt = put(REF_LENGTH, 8, !isInline);
  const etagAt = put(REF_ETAG, 4, (code & HAS_ETAG) !== 0);
  const lastModifiedAt = put(REF_LAST_MODIFIED, 4, (code & HAS_LAST_MODIFIED) !== 0);
  const payloadAt = put(REF_INLINE, 4, isInline);
  const indexAt = put(REF_INDEX, 4, true);
  const vtable = encodeVtable(fields, sizeBytes);
  return {
    sizeBytes,
    alignment: isInline ? 4 : 8,
    vtable,
    indexAt,
    payloadAt,
    lengthAt,
    offsetAt,
    chunkIdAt,
    locationAt,
    etagAt,
    lastModifiedAt,
    // Vector slot (twice), the table, its vtable with its length and each of its slots.
    apparentBytes: 8 + sizeBytes + 2 + vtable.byteLength + (vtable.byteLength - 4),
  };
}

/** By code: a ROW_ kind and HAS_ flags. Some of them no row has. */
export const REF_TABLE_LAYOUTS: readonly RefTableLayout[] = Array.from(
  { length: LAYOUT_CODES_END },
  (_, code) => refTableLayout(code),
);

/** A vtable: its size, the table's size, then field offsets by id up to the last present one. */
function encodeVtable(fields: ReadonlyMap<number, number>, sizeBytes: number): Uint16Array {
  const fieldCount = Math.max(...fields.keys()) + 1;
  const vtable = new Uint16Array(2 + fieldCount);
  vtable[0] = vtable.byteLength;
  vtable[1] = sizeBytes;
  for (const [field, at] of fields) vtable[2 + field] = at;
  return vtable;
}

/** Layout of the root table `Manifest` and of `ArrayManifest`. */
export const MANIFEST_TABLE_BYTES = 24;
export const MANIFEST_ARRAYS_AT = 4;
export const MANIFEST_ID_AT = 8;
const MANIFEST_ALGORITHM_AT = 20;
export const MANIFEST_VTABLE: Uint16Array = encodeVtable(
  new Map([
    [0, MANIFEST_ID_AT],
    [1, MANIFEST_ARRAYS_AT],
    [3, MANIFEST_ALGORITHM_AT], // Stored though it is 0: absent would mean 1, zstd.
  ]),
  MANIFEST_TABLE_BYTES,
);
export const ARRAY_TABLE_BYTES = 16;
export const ARRAY_REFS_AT = 4;
export const ARRAY_NODE_ID_AT = 8;
export const ARRAY_VTABLE: Uint16Array = encodeVtable(
  new Map([
    [0, ARRAY_NODE_ID_AT],
    [1, ARRAY_REFS_AT],
  ]),
  ARRAY_TABLE_BYTES,
);
