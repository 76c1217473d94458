/**
 * Where everything in a manifest goes, before a byte of it is written. Refuses what the official
 * reader would refuse: 2 GiB, counted as its verifier does, with every shared location as often as
 * it is used. Order: vtables of the head, root, arrays, references by array with what
 * `ref-layout.ts` puts among them, etags; offsets in FlatBuffers point forward.
 * Spec: v2 "Chunk Manifest Files"; docs/format.md "FlatBuffers", "Sort orders" and "Limits".
 */
import { compareBytes } from "../../base/bytes.ts";
import { TightBox } from "../../base/coordinates.ts";
import { makeError } from "../../base/errors.ts";
import type { Extent } from "../../base/extent.ts";
import { nodeIdToBytes } from "../ids.ts";
import type { ManifestStrings } from "./manifest-strings.ts";
import { RefLayout } from "./ref-layout.ts";
import { RowBlocks } from "./row-blocks.ts";
import type { RowSelection } from "./row-selection.ts";
import { coverRows, extentsOf } from "./rows-within.ts";
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
  readonly refsAt: number;
  /** How many references of other arrays come before. */
  readonly firstNumber: number;
  /** Its tables and what stands among them. */
  readonly refs: RefLayout;
  /** The smallest box around its chunks; of none [0, 0) in every dimension. */
  readonly extents: readonly Extent[];
}

const align = (at: number, alignment: number): number => Math.ceil(at / alignment) * alignment;

/** Positions of everything in the payload. */
export class ManifestLayout {
  /** In order of node ids. */
  readonly arrays: readonly ManifestArrayLayout[];
  readonly rootAt: number = align(ARRAY_VTABLE_AT + ARRAY_VTABLE.byteLength, 4);
  readonly sizeBytes: number;

  /** `strings`: of the sources of all arrays, in that order. */
  constructor(input: readonly ManifestArray[], strings: ManifestStrings | undefined) {
    const arrays = [];
    let source = 0;
    for (const { nodeId, selection } of input) {
      const blocks = new RowBlocks(selection, source, strings);
      arrays.push({ nodeId, nodeIdBytes: nodeIdToBytes(nodeId), blocks });
      source += selection.sources.length;
    }
    arrays.sort((a, b) => compareBytes(a.nodeIdBytes, b.nodeIdBytes));
    strings?.findLastUses(arrays);
    // Vtables, root table, arrays vector and array tables.
    let at = this.rootAt + MANIFEST_TABLE_BYTES + 4 + arrays.length * (4 + ARRAY_TABLE_BYTES);
    let apparentBytes = 0;
    let number = 0;
    this.arrays = arrays.map(({ nodeId, nodeIdBytes, blocks }) => {
      const { length } = blocks.selection;
      const refs = new RefLayout(blocks, strings);
      const layout = { nodeId, nodeIdBytes, refsAt: at, firstNumber: number, refs };
      const extents = measure(refs, at + 4 + 4 * length, number);
      at = refs.at;
      number += length;
      apparentBytes += refs.apparentBytes + ARRAY_TABLE_BYTES;
      assertSize(Math.max(at, apparentBytes), input);
      return { ...layout, extents };
    });
    this.sizeBytes = strings?.layOutEtags(at) ?? at;
    assertSize(this.sizeBytes, input);
  }
}

/** Lays out all references from `at` on, or as many as fit; the box around them. */
function measure(refs: RefLayout, at: number, firstNumber: number): Extent[] {
  const { columns, selection } = refs.blocks;
  const box = new TightBox(selection.rank);
  refs.start(at, firstNumber);
  for (let count = refs.next(); count > 0; count = refs.next()) {
    coverRows(box, columns.coordinates, count);
    if (refs.at > PAYLOAD_BYTES_MAX) break;
  }
  return extentsOf(box);
}

/** How many references there are. */
export function countRefs(arrays: readonly ManifestArray[]): number {
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
