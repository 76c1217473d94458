/** Runs jobs in a fixed number of lanes and yields their results as they come: the core of executors. */
import type { Job, JobResult } from "./executor.ts";

/** One lane: takes one job at a time. Never rejects: a failure is a result. */
export type Lane = (job: Job, progress: (data: unknown) => void) => Promise<JobResult>;

/**
 * Pulls a job whenever a lane is free. Ends when the jobs have ended and all results are out;
 * throws `signal.reason` on abort, whatever the lanes still do.
 */
export async function* runLanes(
  jobs: AsyncIterable<Job>,
  lanes: readonly Lane[],
  signal: AbortSignal,
): AsyncGenerator<JobResult> {
  const results: JobResult[] = [];
  let wake: () => void = () => undefined;
  let failure: { readonly reason: unknown } | undefined;
  let open = lanes.length;
  const iterator = jobs[Symbol.asyncIterator]();
  const onAbort = (): void => {
    failure = { reason: signal.reason };
    wake();
  };
  const drive = async (lane: Lane): Promise<void> => {
    while (failure === undefined) {
      const next = await iterator.next();
      if (next.done === true) break;
      const { id, attempt } = next.value;
      const push = (result: JobResult): void => {
        results.push(result);
        wake();
      };
      push(await lane(next.value, (progress) => push({ id, attempt, progress })));
    }
  };
  if (signal.aborted) throw signal.reason;
  signal.addEventListener("abort", onAbort, { once: true });
  for (const lane of lanes) {
    drive(lane)
      .catch((reason: unknown) => {
        failure ??= { reason };
      })
      .finally(() => {
        open--;
        wake();
      });
  }
  try {
    for (;;) {
      const result = results.shift();
      if (result !== undefined) yield result;
      else if (failure !== undefined) throw failure.reason;
      else if (open === 0) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
