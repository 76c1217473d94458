import { describe, expect, it } from "vitest";
import { Repository } from "../../../src/repository/repository.ts";
import { recordingStorage } from "../assets/recording-storage.ts";
import { ROOT_ID } from "../assets/repo-values.ts";
import { commitGroup, newRepository, rejection, tamper } from "./repositories.ts";

const ARRAY = new TextEncoder().encode(
  JSON.stringify({
    zarr_format: 3,
    node_type: "array",
    shape: [4],
    data_type: "uint8",
    chunk_grid: { name: "regular", configuration: { chunk_shape: [2] } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: 0,
    codecs: [{ name: "bytes" }],
  }),
);

async function commitArray(repository: Repository): Promise<string> {
  const session = await repository.writableSession("main");
  await session.store.set("x/zarr.json", ARRAY);
  await session.store.set("x/c/1", Uint8Array.of(1, 2));
  return session.commit("add x", { metadata: { n: 1, nested: { list: [1, "two", null] } } });
}

describe("ancestry", () => {
  it("goes from the newest to the root, with times that rise", async () => {
    const repository = await newRepository();
    const a = await commitGroup(repository, "a");
    const b = await commitArray(repository);

    const history = await repository.ancestry("main").toArray();

    expect(history.map(({ id, parentId, message }) => ({ id, parentId, message }))).toEqual([
      { id: b, parentId: a, message: "add x" },
      { id: a, parentId: ROOT_ID, message: "add a" },
      { id: ROOT_ID, parentId: undefined, message: "Repository initialized" },
    ]);
    expect(history[0]?.metadata).toEqual({ n: 1, nested: { list: [1, "two", null] } });
    const times = history.map(({ writtenAtMicros }) => writtenAtMicros);
    expect(times).toEqual([...times].sort((x, y) => y - x));
    expect(new Set(times).size).toBe(3);
    expect(history[0]?.writtenAt.getTime()).toBe(Math.floor((times[0] as number) / 1000));
  });

  it("starts anew with each iteration, and reads no snapshot file", async () => {
    const inner = await newRepository();
    await commitGroup(inner, "a");
    const storage = recordingStorage(inner.storage);
    const repository = await Repository.open(storage);
    const list = repository.ancestry({ branch: "main" });

    expect(await list.toArray()).toHaveLength(2);
    await commitGroup(inner, "b");
    expect(await list.toArray()).toHaveLength(3);

    expect(storage.requests).toEqual(["get repo", "getIfChanged repo", "getIfChanged repo"]);
  });

  it("can be left early, and stops at an aborted signal", async () => {
    const repository = await newRepository();
    const a = await commitGroup(repository, "a");

    for await (const { id } of repository.ancestry("main")) {
      expect(id).toBe(a);
      break;
    }
    const signal = AbortSignal.abort("no");
    await expect(repository.ancestry("main", { signal }).toArray()).rejects.toBe("no");
  });

  it("refuses versions that are ill-formed at once, and absent ones when iterated", async () => {
    const repository = await newRepository();

    expect(() => repository.ancestry({} as never)).toThrowError(
      expect.objectContaining({ kind: "invalid-option" }),
    );
    expect((await rejection(repository.ancestry("dev").toArray())).kind).toBe("branch-not-found");
  });
});

describe("lookupSnapshot", () => {
  it("finds any snapshot that is listed, reachable or not", async () => {
    const repository = await newRepository();
    const a = await commitGroup(repository, "a");
    await repository.resetBranch("main", ROOT_ID);

    expect(await repository.lookupSnapshot(a.toLowerCase())).toMatchObject({
      id: a,
      parentId: ROOT_ID,
    });
    expect((await rejection(repository.lookupSnapshot("ZZZZZZZZZZZZZZZZZZZG"))).kind).toBe(
      "snapshot-not-found",
    );
    expect((await rejection(repository.lookupSnapshot("a"))).kind).toBe("invalid-snapshot-id");
  });
});

describe("ancestryGraph", () => {
  it("holds every snapshot, newest first, with the names that point at it", async () => {
    const repository = await newRepository();
    const a = await commitGroup(repository, "a");
    await repository.createBranch("dev", ROOT_ID);
    const b = await commitGroup(repository, "b", "dev");
    await repository.createTag("v1", a);
    await repository.createTag("also", a);

    const graph = await repository.ancestryGraph();

    expect(
      graph.nodes.map(({ id, parentId, branches, tags }) => ({ id, parentId, branches, tags })),
    ).toEqual([
      { id: b, parentId: ROOT_ID, branches: ["dev"], tags: [] },
      { id: a, parentId: ROOT_ID, branches: ["main"], tags: ["also", "v1"] },
      { id: ROOT_ID, parentId: undefined, branches: [], tags: [] },
    ]);
    expect(graph.branches).toEqual({ dev: b, main: a });
    expect(graph.tags).toEqual({ also: a, v1: a });
  });
});

describe("listManifestFiles", () => {
  it("lists the manifests of a snapshot, with the size of the stored object", async () => {
    const repository = await newRepository();
    const id = await commitArray(repository);

    const files = await repository.listManifestFiles(id);

    expect(files).toEqual([
      { id: expect.any(String), sizeBytes: expect.any(Number), numChunkRefs: 1 },
    ]);
    const stored = await repository.storage.head(`manifests/${files[0]?.id}`);
    expect(stored?.sizeBytes).toBe(files[0]?.sizeBytes);
    expect(await repository.lookupManifestFiles(id)).toEqual(files);
    expect(await repository.listManifestFiles(ROOT_ID)).toEqual([]);
  });

  it("refuses a snapshot that is not listed, and names a file that is gone", async () => {
    const repository = await newRepository();
    const id = await commitArray(repository);
    const opened = await Repository.open(repository.storage);
    await repository.storage.delete([`snapshots/${id}`]);

    expect((await rejection(opened.listManifestFiles("ZZZZZZZZZZZZZZZZZZZG"))).kind).toBe(
      "snapshot-not-found",
    );
    expect(await rejection(opened.listManifestFiles(id))).toMatchObject({
      kind: "object-not-found",
      details: { path: `snapshots/${id}` },
    });
  });
});

describe("diff", () => {
  it("folds what the commits in between changed", async () => {
    const repository = await newRepository();
    const a = await commitGroup(repository, "a");
    await commitArray(repository);

    const all = await repository.diff({ snapshotId: ROOT_ID }, "main");
    const last = await repository.diff({ snapshotId: a }, { branch: "main" });

    expect([all.newGroups, all.newArrays]).toEqual([["/a"], ["/x"]]);
    expect([last.newGroups, last.newArrays]).toEqual([[], ["/x"]]);
    expect([...(last.updatedChunks.get("/x") ?? [])]).toEqual([[1]]);
  });

  it("goes only from an ancestor to a descendant", async () => {
    const repository = await newRepository();
    const a = await commitGroup(repository, "a");
    await repository.createBranch("dev", ROOT_ID);
    await commitGroup(repository, "b", "dev");
    const diff = async (from: string, to: string) =>
      (await rejection(repository.diff({ snapshotId: from }, { branch: to }))).kind;

    expect(await diff(a, "main")).toBe("bad-snapshot-chain-for-diff");
    expect(await diff(a, "dev")).toBe("bad-snapshot-chain-for-diff");
    expect((await rejection(repository.diff("main", { snapshotId: ROOT_ID }))).kind).toBe(
      "bad-snapshot-chain-for-diff",
    );
  });

  it("takes in logs of expired ancestors, and passes over those that are gone", async () => {
    const repository = await newRepository();
    const a = await commitGroup(repository, "a");
    const b = await commitGroup(repository, "b");
    const c = await commitGroup(repository, "c");
    await tamper(repository.storage, (repo) => {
      const snapshots = new Map(repo.snapshots);
      for (const id of [a, b]) snapshots.delete(id);
      const survivor = repo.snapshots.get(c);
      if (survivor === undefined) throw new Error("c is listed");
      snapshots.set(c, { ...survivor, parentId: ROOT_ID, prunedAncestorTransactionLogs: [a, b] });
      return { ...repo, snapshots };
    });
    const opened = await Repository.open(repository.storage);
    await repository.storage.delete([`transactions/${a}`]);

    const { newGroups } = await opened.diff({ snapshotId: ROOT_ID }, "main");

    expect(newGroups).toEqual(["/b", "/c"]);
  });

  it("names the log of a listed snapshot that is gone", async () => {
    const repository = await newRepository();
    const a = await commitGroup(repository, "a");
    const opened = await Repository.open(repository.storage);
    await repository.storage.delete([`transactions/${a}`]);

    expect(await rejection(opened.diff({ snapshotId: ROOT_ID }, "main"))).toMatchObject({
      kind: "object-not-found",
      details: { path: `transactions/${a}` },
    });
  });
});
