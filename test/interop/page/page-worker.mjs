/** Fills one time step, as page_program.py's workers do. */
import { defineWorker } from "icefloe/parallel";
import { pageDataset } from "./page-dataset.mjs";

export default defineWorker(async ({ fork, task }) => {
  await pageDataset()
    .isel({ time: [task.time] })
    .toZarr(fork.store, { region: "auto" });
});
