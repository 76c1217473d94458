/** What happened, for `onProgress`. `done` and `total` count tasks; `total` grows with an unknown source. */
export type ParallelEvent = {
  readonly done: number;
  readonly total: number;
  /** Chunk references merged so far. */
  readonly refs: number;
  /** Bytes that came back from workers so far. */
  readonly bytes: number;
  readonly elapsedMs: number;
} & ParallelOccurrence;

/** What happened, and to which task, by its index. */
export type ParallelOccurrence =
  | { readonly type: "planned" | "merged"; readonly task?: undefined; readonly data?: undefined }
  | {
      /** Something failed that does not decide the outcome, such as the executor's `close()`. */
      readonly type: "warned";
      readonly task?: undefined;
      readonly data: unknown;
    }
  | { readonly type: "started" | "done"; readonly task: number; readonly data?: undefined }
  | {
      readonly type: "retried" | "failed" | "reported";
      readonly task: number;
      /** What the worker reported, or the error. */
      readonly data: unknown;
    };
