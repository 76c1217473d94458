/**
 * Where everything in a manifest goes, before a byte of it is written. Refuses what the official
 * reader would refuse: 2 GiB, counted as its verifier does, with every shared location as often as
 * it is used. Order: vtables of the head, root, arrays, references by array with what
 * `ref-layout.ts` puts among them, etags; offsets in FlatBuffers point forward.
 * Spec: v2 "Chunk Manifest Files"; docs/format.md "FlatBuffers", "Sort orders" and "Limits".
 */
import { ByteDictionary } from "../../base/byte-dictionary.ts";
import { compareBytes } from "../../base/bytes.ts";
import { assert, makeError } from "../../base/errors.ts";
import { nodeIdToBytes } from "../ids.ts";
import { type ChunkRows, ROW_INLINE, ROW_VIRTUAL } from "./chunk-rows.ts";
import { type LocationNumbers, locationNumbers } from "./location-numbers.ts";
import { RefLayout, stringEnd } from "./ref-layout.ts";
import type { RowSelection } from "./row-selection.ts";
import { lastCoordinate } from "./row-values.ts";
import {
  ARRAY_TABLE_BYTES,
  ARRAY_VTABLE,
  HAS_ETAG,
  HAS_LAST_MODIFIED,
  HAS_OFFSET,
  LAYOUT_CODES_END,
  MANIFEST_TABLE_BYTES,
  MANIFEST_VTABLE,
  type RefTableLayout,
  refTableLayout,
} from "./table-layouts.ts";

/** The chunk references of one array, for a manifest. */
export interface ManifestArray {
  readonly nodeId: string;
  readonly selection: RowSelection;
}

const PAYLOAD_BYTES_MAX = 2 ** 31 - 64 * 1024; // FlatBuffers end at 2 GiB; a margin for the reader.
const HEADER_BYTES = 8; // Root offset and file identifier.

/** First vtable, right after the header. */
export const MANIFEST_VTABLE_AT: number = HEADER_BYTES;
export const ARRAY_VTABLE_AT: number = HEADER_BYTES + MANIFEST_VTABLE.byteLength;

/** One array of a layout. */
export interface ManifestArrayLayout {
  readonly nodeIdBytes: Uint8Array;
  readonly selection: RowSelection;
  /** Per reference: kind and HAS_ flags. */
  readonly layoutCodes: Uint8Array;
  /** Per reference: number of its location; allocated with the first virtual one. */
  locations: Uint32Array | undefined;
  refsAt: number;
  /** Where its tables and what stands among them end. */
  endAt: number;
}

const align = (at: number, alignment: number): number => Math.ceil(at / alignment) * alignment;

/** Positions of everything in the payload. */
export class ManifestLayout {
  readonly arrays: ManifestArrayLayout[];
  readonly tableLayouts: (RefTableLayout | undefined)[] = new Array(LAYOUT_CODES_END).fill(
    undefined,
  );
  readonly locations: LocationNumbers;
  readonly etags: ByteDictionary = new ByteDictionary();
  rootAt = 0;
  /** By location: where it stands. */
  locationAt: Uint32Array = new Uint32Array(0);
  /** By location: the last reference that uses it, counted over all arrays. */
  lastUse: Uint32Array = new Uint32Array(0);
  etagAt: Uint32Array = new Uint32Array(0);
  sizeBytes = 0;
  #apparentBytes = 0;

  constructor(arrays: readonly ManifestArray[]) {
    this.locations = locationNumbers(arrays.map(({ selection }) => selection));
    this.arrays = arrays
      .map(({ nodeId, selection }) => ({
        nodeIdBytes: nodeIdToBytes(nodeId),
        selection,
        layoutCodes: new Uint8Array(selection.length),
        locations: undefined,
        refsAt: 0,
        endAt: 0,
      }))
      .sort((a, b) => compareBytes(a.nodeIdBytes, b.nodeIdBytes));
    for (const array of this.arrays) this.#classify(array);
    this.#findLastUses();
    this.locationAt = new Uint32Array(this.locations.length);
    let at = this.#layOutHead();
    let number = 0;
    for (const array of this.arrays) {
      array.refsAt = at;
      array.endAt = this.#measureRefs(array, at + 4 + 4 * array.selection.length, number);
      number += array.selection.length;
      at = array.endAt;
    }
    this.etagAt = new Uint32Array(this.etags.length);
    for (const array of this.arrays) this.#countLocations(array);
    this.sizeBytes = layOutStrings(this.etagAt, this.etags, at);
    this.#assertSize(this.sizeBytes);
  }

  #findLastUses(): void {
    this.lastUse = new Uint32Array(this.locations.length);
    let number = 0;
    for (const { locations, layoutCodes, selection } of this.arrays) {
      for (let i = 0; locations !== undefined && i < selection.length; i++) {
        if (((layoutCodes[i] as number) & 3) === ROW_VIRTUAL)
          this.lastUse[locations[i] as number] = number + i;
      }
      number += selection.length;
    }
  }

  /** Chooses each reference's layout and numbers its strings. */
  #classify(array: ManifestArrayLayout): void {
    const { selection, layoutCodes } = array;
    const { sources, sourceOf, rowOf, length } = selection;
    for (let i = 0; i < length; i++) {
      const rows = sources[sourceOf[i] as number] as ChunkRows;
      const row = rowOf[i] as number;
      const kind = rows.kind(row);
      let code = kind;
      if (kind !== ROW_INLINE && rows.offset(row) !== 0) code |= HAS_OFFSET;
      if (kind === ROW_VIRTUAL) {
        array.locations ??= new Uint32Array(length);
        array.locations[i] = this.locations.numberOf(rows, row);
        const etag = rows.etag(row);
        if (etag !== undefined) {
          code |= HAS_ETAG;
          this.etags.addText(etag);
        }
        if (rows.lastModifiedSeconds(row) !== 0) code |= HAS_LAST_MODIFIED;
      }
      assert(kind !== 0, "a manifest holds no tombstones");
      layoutCodes[i] = code;
      this.tableLayouts[code] ??= refTableLayout(code);
    }
  }

  /** Vtables, root table, arrays vector and array tables; returns where they end. */
  #layOutHead(): number {
    this.rootAt = align(ARRAY_VTABLE_AT + ARRAY_VTABLE.byteLength, 4);
    return this.rootAt + MANIFEST_TABLE_BYTES + 4 + this.arrays.length * (4 + ARRAY_TABLE_BYTES);
  }

  #measureRefs(array: ManifestArrayLayout, start: number, firstNumber: number): number {
    const { selection, layoutCodes, locations } = array;
    const { sources, sourceOf, rowOf, length, rank } = selection;
    const indexBytes = 4 + 4 * rank;
    const layout = new RefLayout(start);
    let apparentBytes = 0;
    for (let i = 0; i < length; i++) {
      const code = layoutCodes[i] as number;
      const tableLayout = this.tableLayouts[code] as RefTableLayout;
      const rows = sources[sourceOf[i] as number] as ChunkRows;
      const row = rowOf[i] as number;
      layout.openTable(code, tableLayout, indexBytes, lastCoordinate(rows, row));
      apparentBytes += tableLayout.apparentBytes + indexBytes;
      if (tableLayout.alignment === 4) {
        const byteLength = rows.byteLength(row);
        layout.addPayload(byteLength);
        apparentBytes += 4 + byteLength;
      } else if (locations !== undefined && (code & 3) === ROW_VIRTUAL) {
        const location = locations[i] as number;
        if (this.lastUse[location] === firstNumber + i)
          this.locationAt[location] = layout.addString(this.locations.byteLength(location));
      }
      if (layout.at > PAYLOAD_BYTES_MAX) break;
    }
    this.#apparentBytes += apparentBytes + ARRAY_TABLE_BYTES;
    this.#assertSize(layout.at);
    return layout.at;
  }

  /** Counts every use of a location in full, as the official verifier does. */
  #countLocations({ locations, layoutCodes }: ManifestArrayLayout): void {
    if (locations === undefined) return;
    const byteCounts = new Uint32Array(this.locations.length);
    for (let number = 0; number < byteCounts.length; number++) {
      byteCounts[number] = 4 + this.locations.byteLength(number);
    }
    for (let i = 0; i < locations.length; i++) {
      if (((layoutCodes[i] as number) & 3) !== ROW_VIRTUAL) continue;
      this.#apparentBytes += byteCounts[locations[i] as number] as number;
    }
  }

  #assertSize(end: number): void {
    const sizeBytes = Math.max(end, this.#apparentBytes);
    if (sizeBytes <= PAYLOAD_BYTES_MAX) return;
    const chunkRefCount = this.arrays.reduce((sum, { selection }) => sum + selection.length, 0);
    throw makeError(
      "serialization",
      `a manifest of ${chunkRefCount} chunk references takes at least ${sizeBytes} bytes, more than the ${PAYLOAD_BYTES_MAX} that readers accept: split it`,
      { details: { chunkRefCount, sizeBytes, sizeBytesMax: PAYLOAD_BYTES_MAX } },
    );
  }
}

/** Lays strings out one after the other from `at`; returns where they end. */
function layOutStrings(
  positions: Uint32Array,
  strings: Pick<LocationNumbers, "byteLength">,
  start: number,
): number {
  let at = start;
  for (let number = 0; number < positions.length; number++) {
    positions[number] = at;
    at = stringEnd(at, strings.byteLength(number));
  }
  return at;
}
