/** icefloe behind the few calls that the cases make. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const UNCHECKED = { validateContainer: false };

/**
 * The engine that is built in the checkout `root`, at one place: `{ kind: "memory" }` or
 * `{ kind: "local", folder, durability }`. With `counted` every request is counted, which costs
 * time: such a run is not measured, unless it makes few.
 */
export async function openEngine(place, { counted = false, root }) {
  const load = (entry) => import(pathToFileURL(join(root, "dist", entry)).href);
  const [{ conflictDetector, ForkSession, isIcefloeError, memoryStorage, Repository }, local] =
    await Promise.all([load("index.js"), load("storage/local/index.js")]);
  const plain =
    place.kind === "memory"
      ? memoryStorage()
      : local.localFilesystemStorage(place.folder, { durability: place.durability });
  const storage = counted ? (await load("testing/index.js")).countingStorage(plain) : plain;
  return {
    create: () => Repository.create(storage),
    open: () => Repository.open(storage),
    readonly: (repository) => repository.readonlySession("main"),
    writable: (repository) => repository.writableSession("main"),
    setVirtualRefs: (session, path, refs) => session.store.setVirtualRefs(path, refs, UNCHECKED),
    setVirtualRefColumns: (session, path, columns) =>
      session.store.setVirtualRefColumns(path, columns, UNCHECKED),
    sizeOf: (session, key) => session.store.getSize(key),
    listDir: (session, prefix) => session.store.listDir(prefix).toArray(),
    isConflict: (error) => isIcefloeError(error, "commit-conflict"),
    /** Commits and lets the engine rebase until it lands: the official one has nothing like it. */
    commitWithSolver: (session, message) => session.commit(message, { solver: conflictDetector() }),
    countCommits: async (repository) => (await repository.ancestry("main").toArray()).length - 1,
    forkFromBytes: (bytes) => ForkSession.fromBytes(bytes, { storage }),
    counts: () => (counted ? countsOf(storage) : undefined),
  };
}

function countsOf(storage) {
  const { requests, sentBytes, receivedBytes } = storage.total;
  const byOperation = Object.entries(storage.byOperation).filter(([, { requests: n }]) => n > 0);
  return {
    requests,
    sentBytes,
    receivedBytes,
    byOperation: Object.fromEntries(byOperation.map(([name, count]) => [name, count.requests])),
  };
}
