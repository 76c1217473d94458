/** A compute-bound worker: `task.rounds` rounds of arithmetic, then one chunk. */
import { defineWorker } from "icefloe/parallel";
import { writeRegion } from "icefloe/zarr";

export default defineWorker(async ({ fork, task }) => {
  let sum = 0;
  for (let i = 0; i < task.rounds; i++) sum = Math.fround(sum + Math.sqrt(i) * Math.sin(i));
  await writeRegion(fork.store, "/a", {
    region: [{ start: task.at, end: task.at + 1 }, null],
    data: new Float32Array(1000).fill(sum),
  });
});
