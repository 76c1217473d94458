/**
 * A program that is its own worker and does not ask whether it is the main one. `UNGUARDED` says
 * how it starts its run: with a top-level `await`, or without.
 */

import { Repository } from "icefloe";
import { defineWorker, parallelWrite } from "icefloe/parallel";
import { processes, threads } from "icefloe/parallel/node";
import { localFilesystemStorage } from "icefloe/storage/local";

export default defineWorker(async () => undefined);

async function main() {
  const { folder, executor } = JSON.parse(process.env.UNGUARDED);
  const repository = await Repository.open(localFilesystemStorage(folder));
  const session = await repository.writableSession("main");
  const report = await parallelWrite(session, {
    worker: import.meta.url,
    tasks: [0, 1],
    executor: executor === "threads" ? threads({ concurrency: 2 }) : processes({ concurrency: 2 }),
  });
  console.log(JSON.stringify({ tasks: report.tasks, attempts: report.attempts }));
}

if (JSON.parse(process.env.UNGUARDED).waits) await main();
else void main();
