/**
 * `node bench/parallel/main.mjs`: how parallelWrite gains from workers on compute-bound tasks, how
 * many bytes a chunk reference takes on its way back, and how long merging takes. Prints a table.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { Repository } from "icefloe";
import { parallelWrite } from "icefloe/parallel";
import { processes, threads } from "icefloe/parallel/node";
import { localFilesystemStorage } from "icefloe/storage/local";
import { createArray } from "icefloe/zarr";

const TASKS = 16;
const ROUNDS = Number(process.env.ROUNDS ?? 8_000_000);
const FORKS = 10;
const REFS_PER_FORK = 10_000;

const folder = mkdtempSync(join(tmpdir(), "icefloe-bench-"));
const repository = await Repository.create(localFilesystemStorage(join(folder, "repo")));
const setup = await repository.writableSession("main");
await createArray(setup.store, "/a", {
  shape: [TASKS, 1000],
  chunkShape: [1, 1000],
  dtype: "float32",
});
await createArray(setup.store, "/v", {
  shape: [FORKS * REFS_PER_FORK],
  chunkShape: [1],
  dtype: "uint8",
});
await setup.commit("arrays");

async function seconds(executor) {
  const session = await repository.writableSession("main");
  const start = performance.now();
  await parallelWrite(session, {
    worker: new URL("./burn-worker.mjs", import.meta.url),
    tasks: Array.from({ length: TASKS }, (_, at) => ({ at, rounds: ROUNDS })),
    executor,
  });
  return (performance.now() - start) / 1000;
}

console.log(`${TASKS} compute-bound tasks, ${availableParallelism()} cores`);
for (const [name, executor] of [
  ["processes", processes],
  ["threads", threads],
]) {
  const one = await seconds(executor({ concurrency: 1 }));
  const two = await seconds(executor({ concurrency: 2 }));
  console.log(
    `${name}: 1 -> ${one.toFixed(2)} s, 2 -> ${two.toFixed(2)} s, speed-up ${(one / two).toFixed(2)}`,
  );
}

const session = await repository.writableSession("main");
const report = await parallelWrite(session, {
  worker: new URL("./refs-worker.mjs", import.meta.url),
  tasks: Array.from({ length: FORKS }, (_, i) => ({
    start: i * REFS_PER_FORK,
    count: REFS_PER_FORK,
  })),
  executor: processes({ concurrency: 2 }),
  onProgress: ({ type, bytes, refs }) => {
    if (type === "merged")
      console.log(`bytes back per virtual reference: ${(bytes / refs).toFixed(2)}`);
  },
});
const { chunks } = report.merge;
console.log(
  `merging ${chunks} references of ${FORKS} forks: ${((report.phasesMs.merge / chunks) * 100_000).toFixed(0)} ms per 100,000`,
);
rmSync(folder, { recursive: true });
