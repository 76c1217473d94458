/**
 * Opens what a program wrote, in a process of its own, and compares everything with the source:
 * verify.ts <folder or URL> <file.nc | grid.json | tutorial name>
 */
import { Repository } from "icefloe";
import { assertIdentical, openZarr } from "icefloe/dataset/node";
import { openSource } from "../../examples/source.ts";
import { openStorage } from "../../examples/storage.ts";

const [address, source] = process.argv.slice(2) as [string, string];
const expected = await openSource(source);
const repository = await Repository.open(await openStorage(address));
const { store, snapshotId } = await repository.readonlySession("main");
const found = await openZarr(store);
await assertIdentical(expected, found);
await expected.close();
const values = Object.values(found.variables).reduce((sum, { size }) => sum + size, 0);
console.log(
  `process ${process.pid} read ${values} values of ${snapshotId}: identical to the source`,
);
