/** The official npm binding behind the same calls as `icefloe.mjs`. It has no forks. */
import { createRequire } from "node:module";
import { join } from "node:path";
import { ENGINES } from "../../scripts/oracles.mjs";

const require = createRequire(join(ENGINES.npm, "package.json"));
const { Repository, Storage } = require("@earthmover/icechunk");

const MAIN = { branch: "main" };
const LOST_RACE = /conflict|parent|branch tip/i;

/** The engine at one place, as in `icefloe.mjs`; its durability can't be chosen: it never syncs. */
export async function openEngine(place) {
  const storage =
    place.kind === "memory"
      ? await Storage.newInMemory()
      : await Storage.newLocalFilesystem(place.folder);
  return {
    create: () => Repository.create(storage),
    open: () => Repository.open(storage),
    readonly: (repository) => repository.readonlySession(MAIN),
    writable: (repository) => repository.writableSession("main"),
    async setVirtualRefs(session, path, refs) {
      const refused = await session.store.setVirtualRefs(path, refs, false);
      if (refused !== null) throw new Error(`${refused.length} references were refused`);
    },
    sizeOf: (session, key) => session.store.getsize(key),
    listDir: (session, prefix) => session.store.listDir(prefix),
    isConflict: (error) => LOST_RACE.test(error.message),
    countCommits: async (repository) => (await repository.ancestry(MAIN)).length - 1,
    counts: () => undefined,
  };
}
