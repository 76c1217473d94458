/** In which order a commit stores what: nothing is published before all that it names is stored. */
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { memoryStorage, Repository, type Storage } from "../../../../src/index.ts";
import { interceptStorage } from "../../../../src/storage/intercept.ts";
import { faultyStorage } from "../../../../src/testing/faulty-storage.ts";
import { array, chunk, kindOf, repositoryWithArray } from "../fixture.ts";
import { heldStorage } from "../held-storage.ts";

const folderOf = (path: string): string => path.slice(0, path.indexOf("/") + 1);

/** Whether every put below one of `folders` has begun before the first of them ends. */
function together(storage: Storage, folders: readonly string[]): Storage {
  const missing = new Set(folders);
  let allBegun: () => void;
  const begun = new Promise<void>((resolve) => {
    allBegun = resolve;
  });
  return interceptStorage(storage, {
    async request({ operation, path }, run) {
      if (operation !== "put" || !folders.includes(folderOf(path))) return run();
      missing.delete(folderOf(path));
      if (missing.size === 0) allBegun();
      await begun;
      return run();
    },
    list: (_, run) => run(),
  });
}

/** `storage`, which puts nothing below `folder` until it is mended. */
function failingPuts(inner: Storage, folder: string): { storage: Storage; mend(): void } {
  let fails = true;
  const path = (of: string): boolean => fails && folderOf(of) === folder;
  const storage = faultyStorage(inner, {
    faults: [{ effect: "fail-before", operations: ["put"], path }],
  });
  return {
    storage,
    mend() {
      fails = false;
    },
  };
}

test("manifest, snapshot and transaction log of a small commit are stored at the same time", async () => {
  const { storage } = await repositoryWithArray();
  const folders = ["manifests/", "snapshots/", "transactions/"];
  const session = await (await Repository.open(together(storage, folders))).writableSession("main");
  await session.store.set("a/c/0", chunk(1));

  await session.commit("together");

  const { store } = await (await Repository.open(storage)).readonlySession("main");
  expect(await store.get("a/c/0")).toEqual(chunk(1));
});

test("a commit is published when its manifest is stored, not before", async () => {
  const { storage } = await repositoryWithArray();
  const held = heldStorage(storage);
  const session = await (await Repository.open(held.storage)).writableSession("main");
  await session.store.set("a/c/0", chunk(1));
  held.holds = ({ operation, path }) =>
    operation === "put" && (folderOf(path) === "manifests/" || path === "repo");
  const committing = session.commit("late");
  const manifest = await held.next();
  for (let turns = 0; turns < 10; turns++) await turn();

  expect(folderOf(manifest.request.path)).toBe("manifests/");
  expect(held.held).toEqual([manifest]);
  manifest.release();
  expect((await held.next()).request.path).toBe("repo");
  held.releaseAll();
  await committing;
});

test("a manifest whose put failed is written again by the next try", async () => {
  const storage = memoryStorage();
  await repositoryWithArray(storage);
  const faulty = failingPuts(storage, "manifests/");
  const session = await (await Repository.open(faulty.storage)).writableSession("main");
  await session.store.set("b/zarr.json", array([1], [1]));
  for (const key of ["a/c/0", "b/c/0"]) await session.store.set(key, chunk(1));
  expect(await kindOf(session.commit("fails"))).toBe("object-store");
  faulty.mend();

  await session.commit("again");

  expect(session.lastCommit).toMatchObject({ manifestsWritten: 2, manifestsReused: 0 });
  const { store } = await (await Repository.open(storage)).readonlySession("main");
  for (const key of ["a/c/0", "b/c/0"]) expect(await store.get(key)).toEqual(chunk(1));
});

test("a manifest that was stored by a try that failed is used by the next one", async () => {
  const { storage } = await repositoryWithArray();
  const faulty = failingPuts(storage, "snapshots/");
  const session = await (await Repository.open(faulty.storage)).writableSession("main");
  await session.store.set("a/c/0", chunk(1));
  expect(await kindOf(session.commit("fails"))).toBe("object-store");
  faulty.mend();

  await session.commit("again");

  expect(session.lastCommit).toMatchObject({ manifestsWritten: 0, manifestsReused: 1 });
  const { store } = await (await Repository.open(storage)).readonlySession("main");
  expect(await store.get("a/c/0")).toEqual(chunk(1));
});

test("a commit that fails meanwhile waits for its manifest, which the next try uses", async () => {
  const { storage } = await repositoryWithArray();
  const held = heldStorage(storage);
  const session = await (await Repository.open(held.storage)).writableSession("main");
  await session.store.set("a/c/0", chunk(1));
  held.holds = ({ operation, path }) => operation === "put" && folderOf(path) === "manifests/";
  const stop = new Error("stop here");
  const failing = session.commit("fails", {
    onProgress({ phase }) {
      if (phase === "snapshot") throw stop;
    },
  });
  const manifest = await held.next();
  expect(await Promise.race([failing.catch(() => "failed"), turn().then(turn)])).not.toBe("failed");
  manifest.release();
  await expect(failing).rejects.toBe(stop);
  held.releaseAll();

  await session.commit("again");

  expect(session.lastCommit).toMatchObject({ manifestsWritten: 0, manifestsReused: 1 });
});

test("a log too large to be read fails the commit, whatever becomes of its snapshot", async () => {
  const storage = memoryStorage();
  const failing = failingPuts(storage, "snapshots/");
  await Repository.create(storage);
  const any = { path_matches: { regex: ".*" } };
  const repository = await Repository.open(failing.storage, {
    metadataBytesMax: 20_000,
    config: {
      manifest: { splitting: { split_sizes: [[any, [{ condition: "Any", num_chunks: 50 }]]] } },
    },
  });
  const session = await repository.writableSession("main");
  await session.store.set("b/zarr.json", array([1100], [1]));
  for (let at = 0; at < 1100; at++) await session.store.set(`b/c/${at}`, chunk(4));

  expect(await kindOf(session.commit("too much"))).toBe("serialization");
});
