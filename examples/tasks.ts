/**
 * Tasks that share one session: each writes its region, one commit shows them all.
 *
 *   tasks.ts [folder or s3://bucket/prefix] [file.nc | grid.json | tutorial name]
 */
import { Repository } from "icefloe";
import { planWrites } from "./plan.ts";
import { showProgress } from "./progress.ts";
import { openSource } from "./source.ts";
import { openStorage } from "./storage.ts";

const AT_ONCE = 4; // Regions in memory at the same time.
const [folder = "tasks", source] = process.argv.slice(2);
const dataset = await openSource(source);
const { name, encoding, regions } = planWrites(dataset);

const repository = await Repository.openOrCreate(await openStorage(folder));
// Metadata and coordinates, no data yet; committed, so that whoever goes on after a crash finds them.
await repository.transaction(
  "main",
  ({ store }) => dataset.toZarr(store, { mode: "w", compute: false, encoding }),
  { message: `${name}, no data yet` },
);
const session = await repository.writableSession("main");

const progress = showProgress(`${name}, tasks`, regions.length);
const waiting = regions.values();
async function fill(): Promise<void> {
  for (const region of waiting) {
    await dataset.isel(region).toZarr(session.store, { region: "auto" });
    progress();
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, fill));
await dataset.close();

const snapshotId = await session.commit(`${name}, written by ${regions.length} tasks`);
console.log(`committed ${snapshotId}`);
for await (const { id, writtenAt, message } of repository.ancestry("main")) {
  console.log(`  ${id}  ${writtenAt.toISOString()}  ${message}`);
}
