/** icefloe behind the few calls that the cases make. */
import { conflictDetector, memoryStorage, Repository } from "icefloe";
import { localFilesystemStorage } from "icefloe/storage/local";
import { countingStorage } from "icefloe/testing";

const UNCHECKED = { validateContainer: false };

/**
 * The engine at one place: `{ kind: "memory" }` or `{ kind: "local", folder, durability }`.
 * With `counted` every request is counted, which costs time: such a run is not measured.
 */
export async function openEngine(place, { counted = false } = {}) {
  const plain =
    place.kind === "memory"
      ? memoryStorage()
      : localFilesystemStorage(place.folder, { durability: place.durability });
  const storage = counted ? countingStorage(plain) : plain;
  return {
    create: () => Repository.create(storage),
    open: () => Repository.open(storage),
    readonly: (repository) => repository.readonlySession("main"),
    writable: (repository) => repository.writableSession("main"),
    setVirtualRefs: (session, path, refs) => session.store.setVirtualRefs(path, refs, UNCHECKED),
    setVirtualRefColumns: (session, path, columns) =>
      session.store.setVirtualRefColumns(path, columns, UNCHECKED),
    sizeOf: (session, key) => session.store.getSize(key),
    /** Commits, rebasing until it lands. */
    land: (session, message) => session.commit(message, { solver: conflictDetector() }),
    countCommits: async (repository) => (await repository.ancestry("main").toArray()).length - 1,
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
