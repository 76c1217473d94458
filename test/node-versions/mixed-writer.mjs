/**
 * A process that leaves marks in one place for as long as it lives, under any runtime. Started
 * and killed by mixed-writers.mjs. Arguments: `object` (by read and conditional put of one object)
 * or `commit` (one commit per mark), the folder, a name, a lane, how many marks to get through.
 * Prints `try MARK` before each, then `ack MARK`, `lost MARK` or `unknown MARK`.
 */
import { writeSync } from "node:fs";
import { basicConflictSolver, isIcefloeError, Repository } from "icefloe";
import { localFilesystemStorage } from "icefloe/storage/local";

const [mode, folder, name, lane, count] = process.argv.slice(2);
const storage = localFilesystemStorage(folder, { durability: "none" });
const say = (line) => void writeSync(1, `${line}\n`);

/** Adds a line to the object; true if ours was the put that won. */
async function append(mark) {
  const { bytes, version } = await storage.get("repo");
  const body = new TextEncoder().encode(`${new TextDecoder().decode(bytes)}${mark}\n`);
  say(`try ${mark}`);
  const condition = { ifMatch: version };
  const { outcome } = await storage.put("repo", body, { objectKind: "repo", condition });
  return outcome === "written";
}

/** Commits the mark as the chunk of our lane, after whatever others have committed meanwhile. */
async function commit(repository, mark) {
  const session = await repository.writableSession("main");
  await session.store.set(`marks/c/${lane}`, new TextEncoder().encode(mark));
  say(`try ${mark}`);
  await session.commit(mark, { solver: basicConflictSolver() });
  return true;
}

const repository = mode === "commit" ? await Repository.open(storage) : undefined;
let acknowledged = 0;
for (let turn = 0; acknowledged < Number(count); turn++) {
  const mark = `${name}.${turn}`;
  try {
    const isOurs = await (repository === undefined ? append(mark) : commit(repository, mark));
    if (isOurs) acknowledged++;
    say(`${isOurs ? "ack" : "lost"} ${mark}`);
  } catch (error) {
    if (isIcefloeError(error, "unknown-outcome")) say(`unknown ${mark}`);
    else if (isIcefloeError(error, "commit-conflict")) say(`lost ${mark}`);
    else throw error;
  }
}
