/** What the references of a manifest are read from. */
import type { TightBox } from "../../base/coordinates.ts";
import type { PartialBytes } from "../../base/partial-bytes.ts";
import type { LocationDecoder } from "./location-decoder.ts";
import type { RefVtable, RefVtables } from "./ref-vtables.ts";

/** Where one reference stands. */
export interface RefPosition {
  readonly table: number;
  readonly vtable: RefVtable;
  /** Position of its index's length. */
  readonly index: number;
  readonly rank: number;
}

/** What the references of all arrays of a manifest share. */
export interface ManifestBuffer {
  readonly object: string;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Where `bytes` come from, unless all were there from the start. */
  readonly partial: PartialBytes | undefined;
  readonly vtables: RefVtables;
  /** `undefined`: the manifest has no dictionary, or an algorithm that is not known. */
  readonly decodeLocation: LocationDecoder | undefined;
}

/** Where references of an array stand that are checked and in order. */
export interface StoredRefs {
  readonly buffer: ManifestBuffer;
  /** Position of the vector's first slot. */
  readonly slotsAt: number;
  /** Slot numbers by row; `undefined`: row = slot. */
  readonly slots: Uint32Array | undefined;
  /** The box around all of them, if it is known. */
  readonly box: TightBox | undefined;
}
