/** What `parallelWrite` reports when it is done. */
import type { MergeReport } from "../session/merge/report.ts";

/** What a run did. */
export interface ParallelReport {
  readonly tasks: number;
  readonly attempts: number;
  readonly retries: number;
  readonly failures: readonly { readonly task: number; readonly errors: readonly unknown[] }[];
  readonly merge: MergeReport;
  readonly phasesMs: { readonly plan: number; readonly work: number; readonly merge: number };
  /** What failed beside the work: `onProgress`, or ending the executor. The first hundred. */
  readonly warnings: readonly unknown[];
}
