/**
 * The vtables of a manifest's references, parsed once each and checked: builders share one among
 * all references with the same fields, so that reading a field is an addition.
 */
import { makeError } from "../../base/errors.ts";
import type { PartialBytes } from "../../base/partial-bytes.ts";
import { ROW_INLINE, ROW_NATIVE, ROW_VIRTUAL } from "./chunk-rows.ts";

/** Field ids of ChunkRef. */
export const REF_INDEX = 0;
export const REF_INLINE = 1;
export const REF_OFFSET = 2;
export const REF_LENGTH = 3;
export const REF_CHUNK_ID = 4;
export const REF_LOCATION = 5;
export const REF_ETAG = 6;
export const REF_LAST_MODIFIED = 7;
const REF_COMPRESSED_LOCATION = 8;

/** A reference without payload: damage, reported when it is looked at. */
export const ROW_EMPTY = -1;

/** Vtables remembered: icefloe writes one per 4 KiB or so, others a few; more are parsed again. */
const VTABLES_MAX = 2 ** 14;

/** Field offsets relative to the table, 0 = absent, all inside `tableBytes`. */
export interface RefVtable {
  readonly tableBytes: number;
  /** What the reader takes it for where several payloads are set (docs/format.md "Chunk references"). */
  readonly kind: number;
  readonly indexAt: number;
  readonly inlineAt: number;
  readonly offsetAt: number;
  readonly lengthAt: number;
  readonly chunkIdAt: number;
  readonly locationAt: number;
  readonly etagAt: number;
  readonly lastModifiedAt: number;
  readonly compressedLocationAt: number;
}

/** Throws: `object` is damaged at byte `offset`. */
export function failManifest(object: string, offset: number, what: string, cause?: unknown): never {
  throw makeError("deserialization", `${object}: damaged at byte ${offset}: ${what}`, {
    details: { object, offset },
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Vtables by position. */
export class RefVtables {
  readonly #view: DataView;
  readonly #object: string;
  readonly #partial: PartialBytes | undefined;
  readonly #vtables = new Map<number, RefVtable>();
  /** Whether a vtable of virtual references has been parsed. */
  hasVirtual = false;

  /** `partial`: where the bytes come from, unless all are there. */
  constructor(view: DataView, object: string, partial?: PartialBytes) {
    this.#view = view;
    this.#partial = partial;
    this.#object = object;
  }

  /** Throws: the manifest is damaged at byte `offset`. */
  fail(offset: number, what: string): never {
    failManifest(this.#object, offset, what);
  }

  /** The vtable at `position`, any number. */
  get(position: number): RefVtable {
    const known = this.#vtables.get(position);
    if (known !== undefined) return known;
    const vtable = this.#parse(position);
    if (this.#vtables.size >= VTABLES_MAX) this.#vtables.clear();
    this.#vtables.set(position, vtable);
    return vtable;
  }

  #parse(position: number): RefVtable {
    const view = this.#view;
    const fail = (what: string): never => this.fail(position, what);
    if (position < 0 || position + 4 > view.byteLength) fail("vtable lies outside the buffer");
    this.#partial?.ensure(position, position + 4);
    const vtableBytes = view.getUint16(position, true);
    const tableBytes = view.getUint16(position + 2, true);
    if (vtableBytes < 4 || position + vtableBytes > view.byteLength)
      fail("vtable has a wrong size");
    this.#partial?.ensure(position, position + vtableBytes);
    const field = (id: number, byteCount: number): number => {
      const entry = 4 + 2 * id;
      if (entry + 2 > vtableBytes) return 0;
      const at = view.getUint16(position + entry, true);
      if (at === 0) return 0;
      if (at < 4 || at + byteCount > tableBytes) fail(`field ${id} lies outside its table`);
      return at;
    };
    const indexAt = field(REF_INDEX, 4);
    if (indexAt === 0) fail("a chunk reference has no index");
    const inlineAt = field(REF_INLINE, 4);
    const chunkIdAt = field(REF_CHUNK_ID, 12);
    const locationAt = field(REF_LOCATION, 4);
    const compressedLocationAt = field(REF_COMPRESSED_LOCATION, 4);
    let kind = ROW_EMPTY;
    if (chunkIdAt !== 0) kind = ROW_NATIVE;
    else if (compressedLocationAt !== 0 || locationAt !== 0) kind = ROW_VIRTUAL;
    else if (inlineAt !== 0) kind = ROW_INLINE;
    this.hasVirtual ||= kind === ROW_VIRTUAL;
    return {
      tableBytes,
      kind,
      indexAt,
      inlineAt,
      offsetAt: field(REF_OFFSET, 8),
      lengthAt: field(REF_LENGTH, 8),
      chunkIdAt,
      locationAt,
      etagAt: field(REF_ETAG, 4),
      lastModifiedAt: field(REF_LAST_MODIFIED, 4),
      compressedLocationAt,
    };
  }
}
