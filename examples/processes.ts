/**
 * Worker processes that share nothing but the storage: each gets a fork, fills a region and sends
 * its changes back; the session merges them, and one commit shows them all. Beside a folder it
 * leaves a picture of who wrote what.
 *
 *   processes.ts [folder or s3://bucket/prefix] [file.nc | grid.json | tutorial name] [processes] [picture]
 */
import { writeFile } from "node:fs/promises";
import { Repository } from "icefloe";
import { parallelWrite } from "icefloe/parallel";
import { processes } from "icefloe/parallel/node";
import { drawChunks, numberWriters } from "./picture.ts";
import { planWrites } from "./plan.ts";
import { showProgress } from "./progress.ts";
import { openSource } from "./source.ts";
import { isUrl, openStorage } from "./storage.ts";

const [folder = "processes", source, concurrency = "4", drawing] = process.argv.slice(2);
const dataset = await openSource(source);
const { name, encoding, regions, chunksPerDimension } = planWrites(dataset);

const repository = await Repository.openOrCreate(await openStorage(folder));
// Metadata and coordinates, no data yet. Committed first: were this process to die now or later, what
// workers have sent back could still be merged into a new session on this snapshot.
await repository.transaction(
  "main",
  ({ store }) => dataset.toZarr(store, { mode: "w", compute: false, encoding }),
  { message: `${name}, no data yet` },
);
const session = await repository.writableSession("main");

const progress = showProgress(`${name}, processes`, regions.length);
const writers: number[] = [];
const extension = import.meta.url.endsWith(".ts") ? "ts" : "mjs";
const report = await parallelWrite(session, {
  worker: new URL(`./fill-worker.${extension}`, import.meta.url),
  tasks: regions.map((region) => ({ source: source ?? null, region })),
  executor: processes({ concurrency: Number(concurrency) }),
  onProgress: ({ type, task, data }) => {
    if (type === "reported") writers[task as number] = data as number;
    if (type === "done") progress();
  },
});
const { forks, chunks, bytes } = report.merge;
console.log(`merged ${forks} forks: ${chunks} chunks, ${bytes} bytes`);
await dataset.close();

const snapshotId = await session.commit(`${name}, written by ${new Set(writers).size} processes`);
console.log(`committed ${snapshotId}`);
const picture = { name, chunksPerDimension, writers: numberWriters(writers) };
const file = drawing ?? `${isUrl(folder) ? "processes" : folder}.svg`;
await writeFile(file, drawChunks(picture));
console.log(`${file} shows which process wrote which chunk`);
for await (const { id, writtenAt, message } of repository.ancestry("main")) {
  console.log(`  ${id}  ${writtenAt.toISOString()}  ${message}`);
}
