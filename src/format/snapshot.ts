/**
 * The snapshot file: every node of the hierarchy at one commit.
 * Spec: v2 "Snapshot Files".
 */
import type { MetadataItem } from "./metadata.ts";

/** Extent of one dimension: `arrayLength` elements in `chunkCount` chunks. */
export interface DimensionShape {
  readonly arrayLength: number;
  readonly chunkCount: number;
}

/** Chunk coordinates [start, end) of one dimension. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

/** A manifest that holds chunks of an array, and the box of coordinates it covers; [] for scalars. */
export interface ManifestRef {
  readonly id: string;
  readonly extents: readonly Extent[];
}

/** An array's part of a node. */
export interface ArrayData {
  readonly type: "array";
  readonly shape: readonly DimensionShape[];
  /** `undefined`: not declared; `null` entries: unnamed dimensions. */
  readonly dimensionNames?: readonly (string | null)[] | undefined;
  readonly manifests: readonly ManifestRef[];
}

/** A group's part of a node. */
export interface GroupData {
  readonly type: "group";
}

/** One array or group. `userData` is its zarr.json, byte for byte. */
export interface NodeSnapshot {
  readonly id: string;
  readonly path: string;
  readonly userData: Uint8Array;
  readonly data: ArrayData | GroupData;
}

/** A manifest object: `sizeBytes` counts the whole stored object. */
export interface ManifestFileInfo {
  readonly id: string;
  readonly sizeBytes: number;
  readonly chunkRefCount: number;
}

/** A decoded snapshot file. `nodes` is sorted by the UTF-8 bytes of the path. */
export interface Snapshot {
  readonly id: string;
  readonly parentId?: string | undefined;
  readonly flushedAtMicros: number;
  readonly message: string;
  readonly metadata: readonly MetadataItem[];
  readonly manifestFiles: readonly ManifestFileInfo[];
  readonly nodes: readonly NodeSnapshot[];
  /** Which codec the metadata values use: that of the file's header. */
  readonly specVersion: 1 | 2;
}
