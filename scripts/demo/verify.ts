/**
 * Reads the precipitation grid back with zarrita, in a process of its own, and compares every
 * value with the file it was written from: verify.ts <folder> <grid.json>
 */
import { readFile } from "node:fs/promises";
import { Repository } from "icefloe";
import { localFilesystemStorage } from "icefloe/storage/local";
import * as zarr from "zarrita";

const [folder, file] = process.argv.slice(2) as [string, string];
const { width, height, values } = JSON.parse(await readFile(file, "utf8"));
const repository = await Repository.open(localFilesystemStorage(folder));
const { store, snapshotId } = await repository.readonlySession("main");
const array = await zarr.open.v3(zarr.root(store).resolve("/precipitation"), { kind: "array" });
const { data, shape } = await zarr.get(array);

const found = data as Int32Array;
const differing = values.findIndex((value: number, index: number) => found[index] !== value);
if (`${shape}` !== `${[height, width]}` || differing >= 0) {
  console.error(`not identical: shape [${shape}], first difference at ${differing}`);
  process.exit(1);
}
console.log(`process ${process.pid} read ${found.length} values of ${snapshotId}: identical`);
