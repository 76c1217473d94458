/**
 * Worker processes that share nothing but the folder: each gets a fork, fills a region and sends
 * its changes back; the session merges them, and one commit shows them all.
 *
 *   processes.ts [folder] [file.nc | grid.json | tutorial name] [processes]
 */
import { Repository } from "icefloe";
import { parallelWrite } from "icefloe/parallel";
import { processes } from "icefloe/parallel/node";
import { localFilesystemStorage } from "icefloe/storage/local";
import { drawChunks } from "./picture.ts";
import { planWrites } from "./plan.ts";
import { showProgress } from "./progress.ts";
import { openSource } from "./source.ts";

const [folder = "processes", source, concurrency = "4"] = process.argv.slice(2);
const dataset = await openSource(source);
const { name, encoding, regions, chunksPerDimension } = planWrites(dataset);

const repository = await Repository.openOrCreate(localFilesystemStorage(folder));
const session = await repository.writableSession("main");
// Metadata and coordinates; no data yet. Forks see it, although it is not committed.
await dataset.toZarr(session.store, { mode: "w", compute: false, encoding });

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
console.log(drawChunks(name, chunksPerDimension, writers));
for await (const { id, writtenAt, message } of repository.ancestry("main")) {
  console.log(`  ${id}  ${writtenAt.toISOString()}  ${message}`);
}
