/** What is known of the references of one array together: found by a scan, or by who wrote them. */
import type { Extent } from "../../base/extent.ts";
import type { ManifestBuffer } from "./buffer.ts";

/** True of all references of an array in a manifest. */
export interface RefFacts {
  /** How many coordinates most of them have. */
  readonly rank: number;
  /** All have so many, and they are strictly ascending. */
  readonly isSorted: boolean;
  /** Sorted, and exactly the chunks of the box from the first to the last one. */
  readonly isBox: boolean;
  /** If they are sorted: the smallest box around them; of none [0, 0) in every dimension. */
  readonly extents: readonly Extent[];
  readonly mayHoldVirtual: boolean;
}

/** A manifest to be stored. */
export interface EncodedManifest {
  readonly payload: Uint8Array;
  /** By node id. */
  readonly facts: ReadonlyMap<string, RefFacts>;
}

/** The references of an array, all checked. */
export interface CheckedRefs {
  readonly buffer: ManifestBuffer;
  /** Position of the first slot. */
  readonly slotsAt: number;
  /** Slot numbers by row; `undefined`: row = slot. */
  readonly slots: Uint32Array | undefined;
  readonly facts: RefFacts;
}
