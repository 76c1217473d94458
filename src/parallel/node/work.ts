/** What threads and processes of workers share: one job at a time, and whose work it is. */
import { AsyncLocalStorage } from "node:async_hooks";
import { makeError } from "../../base/errors.ts";
import { describe } from "../../base/options.ts";
import { loadWorkerOf, runJobIn } from "../job.ts";
import { enterWorkerScope } from "../worker-scope.ts";

const working = new AsyncLocalStorage<boolean>();

enterWorkerScope({ isWorking: () => working.getStore() === true });

/** Runs a job. `send` takes what the worker reports, and throws what it can't send. */
export async function work(
  bytes: Uint8Array,
  signal: AbortSignal,
  send: (data: unknown) => void,
): Promise<Uint8Array> {
  const report = (data: unknown): void => {
    try {
      send(data);
    } catch (cause) {
      throw makeError("invalid-option", `report: ${describe(data)} can't be sent as it is`, {
        cause,
      });
    }
  };
  const worker = await loadWorkerOf(bytes); // Not as work: nor is what the module starts.
  return working.run(true, () => runJobIn(bytes, { worker, signal, report }));
}
