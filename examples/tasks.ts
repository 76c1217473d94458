/**
 * Tasks that share one session: each writes its band of latitudes, one commit shows them all.
 *
 *   tasks.ts [folder] [grid.json]     grid.json: { width, height, values }, rows from north to south
 */
import { readFile } from "node:fs/promises";
import { Repository } from "icefloe";
import { localFilesystemStorage } from "icefloe/storage/local";
import { createArray, createGroup, writeRegion } from "icefloe/zarr";

const ROWS = 24; // Latitudes per band: one task and one chunk each.
const [folder = "precipitation", file] = process.argv.slice(2);
const { width, height, values }: { width: number; height: number; values: number[] } =
  file === undefined ? madeUp(360, 168) : JSON.parse(await readFile(file, "utf8"));

const repository = await Repository.openOrCreate(localFilesystemStorage(folder));
const session = await repository.writableSession("main");
const { store } = session;
await createGroup(store, "/", { attributes: { title: "Annual precipitation" }, overwrite: true });
for (const [name, length, first, step] of [
  ["latitude", height, 87, -1],
  ["longitude", width, -180, 1],
] as const) {
  await createArray(store, name, { shape: [length], dtype: "float64", dimensionNames: [name] });
  await writeRegion(store, name, { data: Array.from({ length }, (_, i) => first + i * step) });
}
await createArray(store, "precipitation", {
  shape: [height, width],
  chunkShape: [ROWS, width],
  dtype: "int32",
  dimensionNames: ["latitude", "longitude"],
  attributes: { units: "mm" },
});

const starts = Array.from({ length: Math.ceil(height / ROWS) }, (_, band) => band * ROWS);
let done = 0;
await Promise.all(
  starts.map(async (start) => {
    const end = Math.min(start + ROWS, height);
    const data = Int32Array.from(values.slice(start * width, end * width));
    await writeRegion(store, "precipitation", { region: [{ start, end }, null], data });
    console.log(`rows ${start} to ${end - 1} written, ${++done} of ${starts.length} tasks done`);
  }),
);

const snapshotId = await session.commit(`precipitation, written by ${starts.length} tasks`);
console.log(`committed ${snapshotId}`);
for await (const { id, writtenAt, message } of repository.ancestry("main")) {
  console.log(`  ${id}  ${writtenAt.toISOString()}  ${message}`);
}

/** A grid for those who have no file at hand. */
function madeUp(width: number, height: number) {
  const values = Array.from({ length: width * height }, (_, i) => (i * 7919) % 2500);
  return { width, height, values };
}
