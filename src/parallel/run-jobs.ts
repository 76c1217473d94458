/** Runs jobs on a fixed number of runners and yields their results as they come: the core of executors. */
import { onAbort } from "../base/on-abort.ts";
import type { Job, JobResult } from "./executor.ts";

/** One runner: takes one job at a time. Never rejects: a failure is a result. */
type Runner = (job: Job, progress: (data: unknown) => void) => Promise<JobResult>;

/**
 * Pulls a job whenever a runner is free, and at most two results a runner wait to be taken. Ends
 * when the jobs have ended and all results are out; throws `signal.reason` on abort, whatever the
 * runners still do.
 */
export async function* runJobs(
  jobs: AsyncIterable<Job>,
  runners: readonly Runner[],
  signal: AbortSignal,
): AsyncGenerator<JobResult> {
  const results: JobResult[] = [];
  const held: (() => void)[] = [];
  let wake: () => void = () => undefined;
  let failure: { readonly reason: unknown } | undefined;
  let open = runners.length;
  const iterator = jobs[Symbol.asyncIterator]();
  const drive = async (runner: Runner): Promise<void> => {
    while (failure === undefined) {
      const next = await iterator.next();
      if (next.done === true || failure !== undefined) break;
      const { id, attempt } = next.value;
      const push = (result: JobResult): void => {
        results.push(result);
        wake();
      };
      push(await runner(next.value, (progress) => push({ id, attempt, progress })));
      if (results.length > runners.length) {
        await new Promise<void>((resolve) => held.push(resolve));
      }
    }
  };
  if (signal.aborted) throw signal.reason;
  const forget = onAbort(signal, () => {
    failure = { reason: signal.reason };
    wake();
  });
  for (const runner of runners) {
    drive(runner)
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
      if (results.length <= runners.length) for (const go of held.splice(0)) go();
      if (result !== undefined) yield result;
      else if (failure !== undefined) throw failure.reason;
      else if (open === 0) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    forget();
    failure ??= { reason: undefined }; // Nobody takes results any more: no runner begins another job.
  }
}
