/**
 * Writers that know nothing of each other: processes that append their number to one attribute
 * and commit when they like. Whoever loses the race tries again on what the winner left.
 *
 *   uncooperative.ts [folder or s3://bucket/prefix] [number of writers]
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { ConflictError, Repository } from "icefloe";
import { createGroup, updateAttributes } from "icefloe/zarr";
import { openStorage } from "./storage.ts";

const ATTEMPTS_MAX = 100;
const [folder = "uncooperative", writers = "4", number] = process.argv.slice(2);
const storage = await openStorage(folder);
if (number === undefined) await startWriters(Number(writers));
else await appendNumber(Number(number));

async function startWriters(count: number): Promise<void> {
  const repository = await Repository.openOrCreate(storage);
  const session = await repository.writableSession("main");
  await createGroup(session.store, "/", { attributes: { done: [] }, overwrite: true });
  await session.commit("nothing done yet");

  const program = fileURLToPath(import.meta.url);
  const exits = Array.from({ length: count }, async (_, index) => {
    const [code] = await once(fork(program, [folder, writers, `${index + 1}`]), "exit");
    if (code !== 0) throw new Error(`writer ${index + 1} ended with ${code}`);
  });
  await Promise.all(exits);

  const { store } = await repository.readonlySession("main");
  const root = JSON.parse(new TextDecoder().decode(await store.get("zarr.json")));
  console.log(`done: ${JSON.stringify(root.attributes.done)}`);
  for await (const { id, writtenAt, message } of repository.ancestry("main")) {
    console.log(`  ${id}  ${writtenAt.toISOString()}  ${message}`);
  }
}

async function appendNumber(writer: number): Promise<void> {
  const repository = await Repository.open(storage);
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    const session = await repository.writableSession("main");
    await updateAttributes(session.store, "/", ({ done }) => ({ done: [...(done as []), writer] }));
    try {
      const snapshotId = await session.commit(`writer ${writer} was here`);
      console.log(`writer ${writer} committed ${snapshotId}, attempt ${attempt}`);
      return;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      console.log(`writer ${writer} lost the race to ${error.actualParent}`);
    }
  }
  throw new Error(`writer ${writer} gave up after ${ATTEMPTS_MAX} attempts`);
}
