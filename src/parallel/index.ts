/** `icefloe/parallel`: many workers, one commit. Runs everywhere; threads and processes are in `icefloe/parallel/node`. */
export {
  type ChunkedArray,
  type ChunkedVariable,
  type ChunkRegionsOptions,
  chunkRegions,
  type NamedRegion,
  type RegionExtent,
} from "./chunk-regions.ts";
export {
  defineWorker,
  type WorkerDefinition,
  type WorkerInput,
  type WorkerOptions,
} from "./define-worker.ts";
export { decodeError, type ErrorValue, encodeError } from "./error-value.ts";
export type { ParallelEvent, ParallelOccurrence } from "./event.ts";
export type { Executor, ExecutorRun, Job, JobResult } from "./executor.ts";
export { type ParallelWriteOptions, parallelWrite } from "./parallel-write.ts";
export type { ParallelReport } from "./report.ts";
export { type RunJobOptions, runJob } from "./run-job.ts";
export { type TasksOptions, tasks } from "./tasks.ts";
