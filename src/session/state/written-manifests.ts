/** Manifests that a failed commit has written, kept for the next attempt. */

import type { ManifestRef } from "../../format/snapshot/array-data.ts";
import type { ManifestFileInfo } from "../../format/snapshot/read.ts";

/** A manifest that this session wrote; `ref` is absent where the cell has no chunks left. */
export interface WrittenManifest {
  readonly ref: ManifestRef | undefined;
  readonly file: ManifestFileInfo | undefined;
}

/** Manifests written for the changes of one revision, by what they were made of. */
export interface ManifestCache {
  readonly revision: number;
  readonly written: Map<string, WrittenManifest>;
}
