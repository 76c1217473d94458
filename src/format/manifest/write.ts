/**
 * Writes manifests front to back into a buffer of exactly the size needed. Equal content gives
 * equal bytes, whatever tables or manifests the references come from.
 * Spec: v2 "Chunk Manifest Files"; docs/format.md "Manifest files".
 */
import type { Extent } from "../../base/extent.ts";
import { lazyPart } from "../../base/lazy-part.ts";
import { objectIdToBytes } from "../ids.ts";
import { FILE_IDENTIFIER } from "../table-fields.ts";
import { ROW_INLINE, ROW_NATIVE } from "./chunk-rows.ts";
import {
  ARRAY_VTABLE_AT,
  countRefs,
  MANIFEST_VTABLE_AT,
  type ManifestArray,
  type ManifestArrayLayout,
  ManifestLayout,
} from "./layout.ts";
import type { ManifestStrings } from "./manifest-strings.ts";
import type { RefLayout } from "./ref-layout.ts";
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

/** A manifest to be stored. */
interface EncodedManifest {
  readonly payload: Uint8Array;
  /** By node id: the smallest box around its chunks; of none [0, 0) in every dimension. */
  readonly extents: ReadonlyMap<string, readonly Extent[]>;
}

const loadStrings = /* @__PURE__ */ lazyPart(() => import("./manifest-strings.ts"));

const IDENTIFIER_AT = 4;
const UINT32_END = 2 ** 32;
const CHUNK_ID_BYTES = 12;
const COPY_LOOP_MAX = 64; // Up to here a loop beats `set(subarray)`: it makes no view object.

/**
 * The payload of a manifest file, and what it covers; `compression_algorithm` is stored as 0 (plain
 * locations).
 * @throws {serialization} if readers would refuse it for its size
 */
export async function encodeManifest({ id, arrays }: ManifestInput): Promise<EncodedManifest> {
  const sources = arrays.flatMap(({ selection }) => selection.sources.map(({ rows }) => rows));
  let strings: ManifestStrings | undefined;
  if (sources.some(({ mayHoldVirtual }) => mayHoldVirtual)) {
    const part = loadStrings.loaded ?? (await loadStrings());
    strings = new part.ManifestStrings(sources, countRefs(arrays));
  }
  const layout = new ManifestLayout(arrays, strings);
  const writer = new ManifestWriter(layout.sizeBytes, strings);
  writer.writeHead(objectIdToBytes(id), layout);
  for (const array of layout.arrays) writer.writeArray(array);
  writer.writeEtags();
  const extents = new Map(layout.arrays.map((array) => [array.nodeId, array.extents]));
  return { payload: writer.bytes, extents };
}

class ManifestWriter {
  readonly bytes: Uint8Array;
  readonly #halfWords: Uint16Array;
  readonly #words: Uint32Array;
  readonly #strings: ManifestStrings | undefined;

  constructor(sizeBytes: number, strings: ManifestStrings | undefined) {
    this.bytes = new Uint8Array(sizeBytes);
    this.#halfWords = new Uint16Array(this.bytes.buffer);
    this.#words = new Uint32Array(this.bytes.buffer);
    this.#strings = strings;
  }

  /** Everything before the references. */
  writeHead(manifestId: Uint8Array, { arrays, rootAt }: ManifestLayout): void {
    const words = this.#words;
    words[0] = rootAt;
    words[IDENTIFIER_AT >>> 2] = FILE_IDENTIFIER;
    this.#writeVtable(MANIFEST_VTABLE_AT, MANIFEST_VTABLE);
    this.#writeVtable(ARRAY_VTABLE_AT, ARRAY_VTABLE);
    // The algorithm's byte stays 0.
    words[rootAt >>> 2] = rootAt - MANIFEST_VTABLE_AT;
    this.bytes.set(manifestId, rootAt + MANIFEST_ID_AT);
    const vectorAt = rootAt + MANIFEST_TABLE_BYTES;
    this.#point(rootAt + MANIFEST_ARRAYS_AT, vectorAt);
    words[vectorAt >>> 2] = arrays.length;
    const tablesAt = vectorAt + 4 + 4 * arrays.length;
    for (const [i, array] of arrays.entries()) {
      const at = tablesAt + i * ARRAY_TABLE_BYTES;
      this.#point(vectorAt + 4 + 4 * i, at);
      words[at >>> 2] = at - ARRAY_VTABLE_AT;
      this.#point(at + ARRAY_REFS_AT, array.refsAt);
      this.bytes.set(array.nodeIdBytes, at + ARRAY_NODE_ID_AT);
    }
  }

  /** The vector of references of one array, and all that `RefLayout` lays out. */
  writeArray({ refs, refsAt, firstNumber }: ManifestArrayLayout): void {
    const { length } = refs.blocks.selection;
    this.#words[refsAt >>> 2] = length;
    let slotAt = refsAt + 4;
    refs.start(slotAt + 4 * length, firstNumber);
    for (let count = refs.next(); count > 0; count = refs.next()) {
      this.#writeTables(refs, count, slotAt);
      this.#strings?.writeBlock(this.#words, refs, count);
      slotAt += 4 * count;
    }
  }

  writeEtags(): void {
    this.#strings?.writeEtags(this.#words);
  }

  /** Vtables, tables, coordinates and payloads of a block, without what `ManifestStrings` adds. */
  #writeTables(refs: RefLayout, count: number, firstSlotAt: number): void {
    const { blocks, layouts, tableAt, vtableAt } = refs;
    const { rank, codes, coordinates, lengths, offsets, bytesIn, bytesAt } = blocks.columns;
    const { bytes } = this;
    const words = this.#words;
    for (let i = 0, coordinateAt = 0, slotAt = firstSlotAt; i < count; i++, slotAt += 4) {
      const code = codes[i] as number;
      const layout = layouts[code] as RefTableLayout;
      const at = tableAt[i] as number;
      const toVtable = at - (vtableAt[i] as number);
      // The first table behind a vtable brings it along.
      if (toVtable < layout.vtable.byteLength + 8) this.#writeVtable(at - toVtable, layout.vtable);
      const length = lengths[i] as number;
      let word = (at + layout.sizeBytes) >>> 2;
      words[slotAt >>> 2] = at - slotAt;
      words[at >>> 2] = toVtable;
      words[(at + layout.indexAt) >>> 2] = layout.sizeBytes - layout.indexAt;
      words[word++] = rank;
      for (let d = 0; d < rank; d++) words[word++] = coordinates[coordinateAt++] as number;
      let byteCount = 0;
      let to = 0;
      if ((code & 3) === ROW_INLINE) {
        const fieldAt = at + layout.payloadAt;
        words[fieldAt >>> 2] = 4 * word - fieldAt;
        words[word++] = length;
        byteCount = length;
        to = 4 * word;
      } else {
        const lengthWord = (at + layout.lengthAt) >>> 2;
        words[lengthWord] = length;
        if (length >= UINT32_END) words[lengthWord + 1] = Math.floor(length / UINT32_END);
        if (layout.offsetAt !== 0) {
          const offsetWord = (at + layout.offsetAt) >>> 2;
          const offset = offsets[i] as number;
          words[offsetWord] = offset;
          if (offset >= UINT32_END) words[offsetWord + 1] = Math.floor(offset / UINT32_END);
        }
        if ((code & 3) === ROW_NATIVE) {
          byteCount = CHUNK_ID_BYTES;
          to = at + layout.chunkIdAt;
        }
      }
      if (byteCount === 0) continue;
      const source = bytesIn[i] as Uint8Array;
      const from = bytesAt[i] as number;
      if (byteCount > COPY_LOOP_MAX) bytes.set(source.subarray(from, from + byteCount), to);
      else for (let k = 0; k < byteCount; k++) bytes[to + k] = source[from + k] as number;
    }
  }

  /** Writes the offset from a field to what it points to. */
  #point(fieldAt: number, targetAt: number): void {
    this.#words[fieldAt >>> 2] = targetAt - fieldAt;
  }

  #writeVtable(at: number, vtable: Uint16Array): void {
    this.#halfWords.set(vtable, at >>> 1);
  }
}
