/** A worker for the tests: its program says all kinds of things on the channel, also when idle. */
import { parentPort } from "node:worker_threads";
import { defineWorker } from "icefloe/parallel";
import { writeRegion } from "icefloe/zarr";

const MESSAGES = [
  { type: "metrics" },
  null,
  "a text",
  17,
  { type: "result" },
  { type: "error", id: "0", attempt: 1 },
  { type: "ready" },
];

function talk() {
  for (const message of MESSAGES) {
    if (parentPort === null) process.send(message);
    else parentPort.postMessage(message);
  }
}

talk();

export default defineWorker(async ({ fork, task }) => {
  talk();
  // A result of this very job, as somebody might make it up.
  const fake = { type: "result", id: String(task.row), attempt: 1, bytes: new Uint8Array(9) };
  if (parentPort === null) process.send(fake);
  await writeRegion(fork.store, "/a", {
    region: [{ start: task.row, end: task.row + 1 }, null],
    data: new Int32Array(task.columns).fill(task.row + 1),
  });
  queueMicrotask(talk);
});
