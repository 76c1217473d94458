/** Which manifests a snapshot refers to. Spec: docs/semantics.md "Snapshots and history". */
import { mustGetRepoSnapshot } from "../assets/ancestry.ts";
import type { Engine } from "../assets/engine.ts";

/** A manifest of a snapshot. */
export interface ManifestFile {
  readonly id: string;
  /** Bytes of the whole stored object. */
  readonly sizeBytes: number;
  readonly numChunkRefs: number;
}

/** The manifests that snapshot `id` refers to. One conditional GET, and one GET unless cached. */
export async function listManifestFiles(
  { assets, repoState }: Engine,
  id: string,
  signal?: AbortSignal,
): Promise<ManifestFile[]> {
  mustGetRepoSnapshot(await repoState.read(signal), id);
  const { snapshot } = await assets.readSnapshot(id, signal);
  return snapshot.manifestFiles.map(({ id, sizeBytes, chunkRefCount }) => ({
    id,
    sizeBytes,
    numChunkRefs: chunkRefCount,
  }));
}
