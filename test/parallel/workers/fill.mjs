/**
 * A worker for the tests: fills row `task.row` of /a. `task.fault` makes it fail in a given way, as
 * long as the file `task.faultFile` does not exist (so that a retry succeeds).
 */
import { existsSync, writeFileSync } from "node:fs";
import { defineWorker } from "icefloe/parallel";
import { writeRegion } from "icefloe/zarr";

function isFirstTry({ faultFile }) {
  if (faultFile === undefined) return true;
  if (existsSync(faultFile)) return false;
  writeFileSync(faultFile, "");
  return true;
}

export default defineWorker(async ({ fork, task, report, signal }) => {
  await writeRegion(fork.store, "/a", {
    region: [{ start: task.row, end: task.row + 1 }, null],
    data: new Int32Array(task.columns).fill(task.row + 1),
  });
  report({ row: task.row, pid: process.pid });
  if (task.fault !== undefined && isFirstTry(task)) {
    if (task.fault === "throw") throw new Error(`row ${task.row} fails`);
    if (task.fault === "exit") process.exit(3);
    if (task.fault === "kill") process.kill(process.pid, "SIGKILL");
    if (task.fault === "hang") {
      await new Promise((_, reject) => {
        const alive = setInterval(() => undefined, 1000);
        signal.addEventListener("abort", () => {
          clearInterval(alive);
          reject(signal.reason);
        });
      });
    }
  }
});
