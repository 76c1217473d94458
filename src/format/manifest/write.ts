/**
 * Writes manifests front to back into a buffer of exactly the size needed. Equal content gives
 * equal bytes, whatever tables or manifests the references come from.
 * Spec: v2 "Chunk Manifest Files"; docs/format.md "Manifest files".
 */

import { objectIdToBytes } from "../ids.ts";
import { FILE_IDENTIFIER } from "../table-fields.ts";
import { type ChunkRows, ROW_INLINE, ROW_NATIVE, ROW_VIRTUAL } from "./chunk-rows.ts";
import {
  ARRAY_VTABLE_AT,
  MANIFEST_VTABLE_AT,
  type ManifestArray,
  type ManifestArrayLayout,
  ManifestLayout,
} from "./layout.ts";
import type { LocationNumbers } from "./location-numbers.ts";
import { RefLayout } from "./ref-layout.ts";
import { lastCoordinate } from "./row-values.ts";
import {
  ARRAY_NODE_ID_AT,
  ARRAY_REFS_AT,
  ARRAY_TABLE_BYTES,
  ARRAY_VTABLE,
  MANIFEST_ARRAYS_AT,
  MANIFEST_ID_AT,
  MANIFEST_TABLE_BYTES,
  MANIFEST_VTABLE,
  type RefTableLayout,
} from "./table-layouts.ts";

/** What goes into a manifest. */
interface ManifestInput {
  readonly id: string;
  /** In any order; one per node. */
  readonly arrays: readonly ManifestArray[];
}

const IDENTIFIER_AT = 4;
const UINT32_END = 2 ** 32;

/**
 * The payload of a manifest file; `compression_algorithm` is stored as 0 (plain locations).
 * @throws {serialization} if readers would refuse it for its size
 */
export function encodeManifest(input: ManifestInput): Uint8Array {
  const layout = new ManifestLayout(input.arrays);
  const writer = new ManifestWriter(layout);
  writer.writeHead(objectIdToBytes(input.id));
  let number = 0;
  for (const array of layout.arrays) {
    writer.writeRefs(array, number);
    number += array.selection.length;
  }
  writer.writeEtags();
  return writer.bytes;
}

class ManifestWriter {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #words: Uint32Array;
  readonly #layout: ManifestLayout;

  constructor(layout: ManifestLayout) {
    this.#layout = layout;
    this.bytes = new Uint8Array(layout.sizeBytes);
    this.#view = new DataView(this.bytes.buffer);
    this.#words = new Uint32Array(this.bytes.buffer);
  }

  /** Everything before the references. */
  writeHead(manifestId: Uint8Array): void {
    const { arrays, rootAt } = this.#layout;
    this.#setUint32(0, rootAt);
    this.#setUint32(IDENTIFIER_AT, FILE_IDENTIFIER);
    this.#writeVtable(MANIFEST_VTABLE_AT, MANIFEST_VTABLE);
    this.#writeVtable(ARRAY_VTABLE_AT, ARRAY_VTABLE);
    // The algorithm's byte stays 0.
    this.#setUint32(rootAt, rootAt - MANIFEST_VTABLE_AT);
    this.bytes.set(manifestId, rootAt + MANIFEST_ID_AT);
    const vectorAt = rootAt + MANIFEST_TABLE_BYTES;
    this.#point(rootAt + MANIFEST_ARRAYS_AT, vectorAt);
    this.#setUint32(vectorAt, arrays.length);
    const tablesAt = vectorAt + 4 + 4 * arrays.length;
    for (const [i, array] of arrays.entries()) {
      const at = tablesAt + i * ARRAY_TABLE_BYTES;
      this.#point(vectorAt + 4 + 4 * i, at);
      this.#setUint32(at, at - ARRAY_VTABLE_AT);
      this.#point(at + ARRAY_REFS_AT, array.refsAt);
      this.bytes.set(array.nodeIdBytes, at + ARRAY_NODE_ID_AT);
    }
  }

  /** The vector of references of one array, and all that `RefLayout` lays out. */
  writeRefs(array: ManifestArrayLayout, firstNumber: number): void {
    const words = this.#words;
    const { tableLayouts, locationAt, lastUse } = this.#layout;
    const { sources, sourceOf, rowOf, length, rank } = array.selection;
    this.#setUint32(array.refsAt, length);
    let slotAt = array.refsAt + 4;
    const layout = new RefLayout(slotAt + 4 * length);
    for (let i = 0; i < length; i++, slotAt += 4) {
      const rows = sources[sourceOf[i] as number] as ChunkRows;
      const row = rowOf[i] as number;
      const code = array.layoutCodes[i] as number;
      const tableLayout = tableLayouts[code] as RefTableLayout;
      if (layout.openTable(code, tableLayout, 4 + 4 * rank, lastCoordinate(rows, row)))
        this.#writeVtable(layout.vtableAt, tableLayout.vtable);
      const at = layout.tableAt;
      let word = (at + tableLayout.sizeBytes) >>> 2;
      words[slotAt >>> 2] = at - slotAt;
      words[at >>> 2] = at - layout.vtableAt;
      words[(at + tableLayout.indexAt) >>> 2] = tableLayout.sizeBytes - tableLayout.indexAt;
      words[word++] = rank;
      for (let d = 0; d < rank; d++) words[word++] = rows.coordinate(row, d);
      if ((code & 3) === ROW_INLINE) {
        this.#writePayload(at + tableLayout.payloadAt, layout, rows, row);
        continue;
      }
      const location = array.locations?.[i] ?? 0;
      this.#writeTarget(at, tableLayout, code, rows, row, location);
      if ((code & 3) === ROW_VIRTUAL && lastUse[location] === firstNumber + i) {
        this.#writeString(locationAt[location] as number, this.#layout.locations, location);
        layout.addString(this.#layout.locations.byteLength(location));
      }
    }
  }

  writeEtags(): void {
    const { etags, etagAt } = this.#layout;
    for (let number = 0; number < etags.length; number++)
      this.#writeString(etagAt[number] as number, etags, number);
  }

  /** A string with its length in front and a NUL behind. */
  #writeString(
    at: number,
    strings: Pick<LocationNumbers, "byteLength" | "copyTo">,
    number: number,
  ): void {
    this.#setUint32(at, strings.byteLength(number));
    strings.copyTo(number, this.#words, (at >>> 2) + 1);
  }

  #writePayload(fieldAt: number, layout: RefLayout, rows: ChunkRows, row: number): void {
    const byteLength = rows.byteLength(row);
    const at = layout.addPayload(byteLength);
    this.#point(fieldAt, at);
    this.#setUint32(at, byteLength);
    if (rows.copyPayload === undefined) this.bytes.set(rows.payload(row), at + 4);
    else rows.copyPayload(row, this.bytes, at + 4);
  }

  #writeTarget(
    at: number,
    tableLayout: RefTableLayout,
    code: number,
    rows: ChunkRows,
    row: number,
    location: number,
  ): void {
    this.#setUint64(at + tableLayout.lengthAt, rows.byteLength(row));
    if (tableLayout.offsetAt !== 0) this.#setUint64(at + tableLayout.offsetAt, rows.offset(row));
    if ((code & 3) === ROW_NATIVE)
      this.bytes.set(rows.chunkIdBytes(row), at + tableLayout.chunkIdAt);
    if ((code & 3) !== ROW_VIRTUAL) return;
    this.#point(at + tableLayout.locationAt, this.#layout.locationAt[location] as number);
    if (tableLayout.etagAt !== 0) {
      const number = this.#layout.etags.addText(rows.etag(row) ?? "");
      this.#point(at + tableLayout.etagAt, this.#layout.etagAt[number] as number);
    }
    if (tableLayout.lastModifiedAt !== 0) {
      this.#setUint32(at + tableLayout.lastModifiedAt, rows.lastModifiedSeconds(row));
    }
  }

  /** Writes the offset from a field to what it points to. */
  #point(fieldAt: number, targetAt: number): void {
    this.#words[fieldAt >>> 2] = targetAt - fieldAt;
  }

  #setUint32(at: number, value: number): void {
    this.#words[at >>> 2] = value;
  }

  #setUint64(at: number, value: number): void {
    this.#words[at >>> 2] = value;
    if (value >= UINT32_END) this.#words[(at >>> 2) + 1] = Math.floor(value / UINT32_END);
  }

  #writeVtable(at: number, vtable: Uint16Array): void {
    for (const [i, slot] of vtable.entries()) this.#view.setUint16(at + 2 * i, slot, true);
  }
}
