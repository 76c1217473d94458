/** What a commit says it did, beside what a counting storage and an injected clock saw. */
import { describe, expect, test } from "vitest";
import { basicConflictSolver, memoryStorage, Repository } from "../../../../src/index.ts";
import { interceptStorage } from "../../../../src/storage/intercept.ts";
import type { ObjectKind } from "../../../../src/storage/port.ts";
import { countingStorage, simulatedRuntime } from "../../../../src/testing/index.ts";
import { array, chunk, repositoryWithArray } from "../fixture.ts";

const IMMUTABLE = ["manifest", "snapshot", "transaction-log"] as const;

/** A repository with an array, opened again so that everything it asks for is counted. */
async function counted() {
  const inner = memoryStorage();
  const { repository: other } = await repositoryWithArray(inner);
  const storage = countingStorage(inner);
  const repository = await Repository.open(storage);
  const session = await repository.writableSession("main");
  const written = () =>
    IMMUTABLE.map((kind) => storage.byObjectKind[kind] ?? { requests: 0, sentBytes: 0 });
  return {
    other,
    storage,
    repository,
    session,
    objects: () => written().reduce((sum, { requests }) => sum + requests, 0),
    bytes: () => written().reduce((sum, { sentBytes }) => sum + sentBytes, 0),
  };
}

describe("the report of a commit", () => {
  test("has the requests, objects and bytes that left for the storage", async () => {
    const { storage, session, objects, bytes } = await counted();
    await session.store.set("b/zarr.json", array([4], [1]));
    for (const key of ["a/c/0", "b/c/0"]) await session.store.set(key, chunk(2));
    storage.reset();

    const snapshotId = await session.commit("two arrays");

    expect(session.lastCommit).toMatchObject({
      snapshotId,
      attempts: 1,
      manifestsWritten: 2,
      manifestsReused: 0,
      objectsWritten: 4,
    });
    expect(session.lastCommit).toMatchObject({
      requests: storage.total.requests,
      objectsWritten: objects(),
      bytesWritten: bytes(),
    });
  });

  test("counts what every attempt has written, when a race is lost", async () => {
    const { other, storage, session, objects, bytes } = await counted();
    await session.store.set("a/c/0", chunk(2));
    await other.transaction("main", ({ store }) => store.set("a/c/1", chunk(2, 7)), {
      message: "faster",
    });
    storage.reset();

    await session.commit("slower", { solver: basicConflictSolver() });

    expect(session.lastCommit?.attempts).toBe(2);
    expect(session.lastCommit).toMatchObject({
      requests: storage.total.requests,
      objectsWritten: objects(),
      bytesWritten: bytes(),
      manifestsWritten: storage.byObjectKind.manifest?.requests,
    });
  });

  test("counts no manifest where only metadata changed", async () => {
    const { repository, session } = await counted();
    await session.store.set("a/c/0", chunk(2));
    await session.commit("a manifest");
    const second = await repository.writableSession("main");
    await second.store.set("a/zarr.json", array([8], [1], { attributes: { note: "new" } }));

    await second.commit("metadata");

    expect(second.lastCommit).toMatchObject({ manifestsWritten: 0, objectsWritten: 2 });
  });

  test("takes its times from the injected clock, by phase", async () => {
    const runtime = simulatedRuntime({ autoAdvance: false });
    const puts: Partial<Record<ObjectKind, number>> = { manifest: 10, snapshot: 100, repo: 1000 };
    const storage = interceptStorage(memoryStorage(), {
      request({ objectKind }, run) {
        if (objectKind !== undefined) runtime.advance(puts[objectKind] ?? 0);
        return run();
      },
      list: (_, run) => run(),
    });
    const session = await (await Repository.create(storage, { runtime })).writableSession("main");
    await session.store.set("a/zarr.json", array([8], [1]));
    await session.store.set("a/c/0", chunk(2));
    const events: string[] = [];

    await session.commit("slow", { onProgress: ({ phase }) => void events.push(phase) });

    const { rebase, manifests, snapshot, publish } = session.lastCommit?.phasesMs ?? {};
    expect(events).toEqual(["manifests", "snapshot", "publish"]);
    expect({ rebase, publish }).toEqual({ rebase: 0, publish: 1000 });
    expect((manifests ?? 0) + (snapshot ?? 0)).toBe(110);
  });

  test("stays that of the last commit that landed, when the next one fails", async () => {
    const { repository, session } = await counted();
    await session.store.set("a/c/0", chunk(2));
    await session.commit("lands");
    const { lastCommit } = session;

    await expect(session.commit("again")).rejects.toMatchObject({ kind: "commit-not-allowed" });

    expect(session.lastCommit).toBe(lastCommit);
    const reader = await repository.readonlySession("main");
    expect(reader.lastCommit).toBeUndefined();
  });
});
