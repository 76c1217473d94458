/** What runs in each worker process of processes.ts: writes one region of the dataset. */
import { defineWorker, type NamedRegion } from "icefloe/parallel";
import { openSource } from "./source.ts";

interface Task {
  readonly source: string | null;
  readonly region: NamedRegion;
}

export default defineWorker<Task>(async ({ fork, task, report }) => {
  const dataset = await openSource(task.source ?? undefined);
  try {
    await dataset.isel(task.region).toZarr(fork.store, { region: "auto" });
    report(process.pid);
  } finally {
    await dataset.close();
  }
});
