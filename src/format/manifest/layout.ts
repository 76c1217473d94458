/**
 * Where everything in a manifest goes, before a byte of it is written. Refuses what the official
 * reader would refuse: 2 GiB, counted as its verifier does, with every shared location as often as
 * it is used. Order: vtables of the head, root, arrays, references by array with what
 * `ref-layout.ts` puts among them, etags; offsets in FlatBuffers point forward.
 * Spec: v2 "Chunk Manifest Files"; docs/format.md "FlatBuffers", "Sort orders" and "Limits".
 */
import { compareBytes } from "../../base/bytes.ts";
import { TightBox, volumeOf } from "../../base/coordinates.ts";
import { makeError } from "../../base/errors.ts";
import { nodeIdToBytes } from "../ids.ts";
import { ROW_VIRTUAL } from "./chunk-rows.ts";
import type { RefFacts } from "./ref-facts.ts";
import { type LocationColumns, RefLayout, stringEnd } from "./ref-layout.ts";
import { type ManifestStrings, RowBlocks } from "./row-blocks.ts";
import type { RowSelection } from "./row-selection.ts";
import { coverRows } from "./rows-within.ts";
import { StringNumbers } from "./string-numbers.ts";
import {
  ARRAY_TABLE_BYTES,
  ARRAY_VTABLE,
  MANIFEST_TABLE_BYTES,
  MANIFEST_VTABLE,
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
  readonly nodeId: string;
  readonly nodeIdBytes: Uint8Array;
  /** How many references it has. */
  readonly length: number;
  readonly refsAt: number;
  /** Its tables and what stands among them. */
  readonly refs: RefLayout;
  readonly facts: RefFacts;
}

const align = (at: number, alignment: number): number => Math.ceil(at / alignment) * alignment;

/** Positions of everything in the payload. */
export class ManifestLayout {
  readonly arrays: readonly ManifestArrayLayout[];
  /** `undefined`: no reference is virtual. */
  readonly strings: ManifestStrings | undefined;
  readonly locations: LocationColumns | undefined;
  /** By etag: where it stands. */
  readonly etagAt: Float64Array;
  readonly rootAt: number = align(ARRAY_VTABLE_AT + ARRAY_VTABLE.byteLength, 4);
  readonly sizeBytes: number;

  constructor(input: readonly ManifestArray[]) {
    this.strings = stringsOf(input);
    const arrays = [];
    let source = 0;
    for (const { nodeId, selection } of input) {
      const blocks = new RowBlocks(selection, source, this.strings);
      arrays.push({ nodeId, nodeIdBytes: nodeIdToBytes(nodeId), blocks });
      source += selection.sources.length;
    }
    arrays.sort((a, b) => compareBytes(a.nodeIdBytes, b.nodeIdBytes));
    this.locations = this.strings && findLocations(this.strings, arrays);
    // Vtables, root table, arrays vector and array tables.
    let at = this.rootAt + MANIFEST_TABLE_BYTES + 4 + arrays.length * (4 + ARRAY_TABLE_BYTES);
    let apparentBytes = 0;
    let number = 0;
    this.arrays = arrays.map(({ nodeId, nodeIdBytes, blocks }) => {
      const { length, rank } = blocks.selection;
      const refsAt = at;
      const refs = new RefLayout(blocks, refsAt + 4 + 4 * length, number, this.locations);
      const box = new TightBox(rank);
      for (let count = refs.next(); count > 0; count = refs.next()) {
        coverRows(box, blocks.columns.coordinates, count);
        if (refs.at > PAYLOAD_BYTES_MAX) break;
      }
      at = refs.at;
      number += length;
      apparentBytes += refs.apparentBytes + ARRAY_TABLE_BYTES;
      assertSize(Math.max(at, apparentBytes), input);
      const facts = {
        rank,
        isSorted: true,
        isBox: volumeOf(box.lengths()) === length,
        extents: box.extents(),
        mayHoldVirtual: this.strings !== undefined,
      };
      return { nodeId, nodeIdBytes, length, refsAt, refs, facts };
    });
    const etags = this.strings?.etags;
    this.etagAt = new Float64Array(etags?.length ?? 0);
    for (let etag = 0; etag < this.etagAt.length; etag++) {
      this.etagAt[etag] = at;
      at = stringEnd(at, etags?.byteLength(etag) ?? 0);
    }
    this.sizeBytes = at;
    assertSize(at, input);
  }
}

function stringsOf(arrays: readonly ManifestArray[]): ManifestStrings | undefined {
  const sources = arrays.flatMap(({ selection }) => selection.sources.map(({ rows }) => rows));
  if (!sources.some(({ mayHoldVirtual }) => mayHoldVirtual)) return undefined;
  const rowCount = countRefs(arrays);
  return {
    locations: new StringNumbers(sources, rowCount, "locationOf"),
    etags: new StringNumbers(sources, rowCount, "etagOf"),
  };
}

/** Numbers all strings, and looks for the last use of each location. */
function findLocations(
  { locations }: ManifestStrings,
  arrays: readonly { readonly blocks: RowBlocks }[],
): LocationColumns {
  let lastUse = new Uint32Array(0);
  let number = 0;
  for (const { blocks } of arrays) {
    const { columns } = blocks;
    for (let count = blocks.next(); count > 0; count = blocks.next()) {
      if (locations.length > lastUse.length) {
        const grown = new Uint32Array(Math.max(locations.length, 2 * lastUse.length));
        grown.set(lastUse);
        lastUse = grown;
      }
      for (let i = 0; i < count; i++) {
        if (((columns.codes[i] as number) & 3) === ROW_VIRTUAL)
          lastUse[columns.locations[i] as number] = number + i;
      }
      number += count;
    }
  }
  const byteLengths = new Uint32Array(locations.length);
  for (let location = 0; location < byteLengths.length; location++)
    byteLengths[location] = locations.byteLength(location);
  return { byteLengths, lastUse, at: new Float64Array(byteLengths.length) };
}

function countRefs(arrays: readonly ManifestArray[]): number {
  return arrays.reduce((sum, { selection }) => sum + selection.length, 0);
}

function assertSize(sizeBytes: number, arrays: readonly ManifestArray[]): void {
  if (sizeBytes <= PAYLOAD_BYTES_MAX) return;
  const chunkRefCount = countRefs(arrays);
  throw makeError(
    "serialization",
    `a manifest of ${chunkRefCount} chunk references takes at least ${sizeBytes} bytes, more than the ${PAYLOAD_BYTES_MAX} that readers accept: split it`,
    { details: { chunkRefCount, sizeBytes, sizeBytesMax: PAYLOAD_BYTES_MAX } },
  );
}
