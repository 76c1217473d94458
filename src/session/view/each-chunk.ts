/** All chunks of an array, or those whose coordinates begin alike; loaded with the first listing. */
import { lazyPart } from "../../base/lazy-part.ts";
import type { ChunkBatch } from "./chunk-runs.ts";

const loadChunkRuns = /* @__PURE__ */ lazyPart(() => import("./chunk-runs.ts"));
type ChunkRuns = Awaited<ReturnType<typeof loadChunkRuns>>;

/** As `batchesOfRuns` of `chunk-runs.ts`. */
export async function* chunkBatches(
  ...options: Parameters<ChunkRuns["batchesOfRuns"]>
): AsyncGenerator<ChunkBatch> {
  yield* (await loadChunkRuns()).batchesOfRuns(...options);
}

/** As `coordinatesInRuns` of `chunk-runs.ts`. */
export async function coordinatesAfter(
  ...options: Parameters<ChunkRuns["coordinatesInRuns"]>
): Promise<number[]> {
  return (await loadChunkRuns()).coordinatesInRuns(...options);
}
