/** Whoever gets bytes or values from a session may change them; whoever gives some may change them afterwards. */
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import {
  type Conflict,
  type ConflictContext,
  ForkSession,
  isIcefloeError,
  type MergeOverlapError,
  memoryStorage,
  type RebaseFailedError,
  Repository,
  type Session,
} from "../../../../src/index.ts";
import { array, chunk, rejection, repositoryWithArray } from "../fixture.ts";

/** Committed and pending chunks of every kind; a chunk cache, so that views of it would show. */
async function place(): Promise<{ repository: Repository; session: Session }> {
  const storage = memoryStorage();
  const { session: first } = await repositoryWithArray(storage);
  await first.store.set("a/c/0", chunk(3));
  await first.store.set("a/c/1", chunk(700));
  await first.commit("seed");
  const repository = await Repository.open(storage, {
    config: { caching: { numBytesChunks: 1_000_000 } },
  });
  const session = await repository.writableSession("main");
  await session.store.set("a/c/2", chunk(3));
  await session.store.set("a/c/3", chunk(700));
  await session.store.set("n/zarr.json", array([1], [1]));
  return { repository, session };
}

const KEYS = ["zarr.json", "a/zarr.json", "n/zarr.json", "a/c/0", "a/c/1", "a/c/2", "a/c/3"];

describe("bytes that are read", () => {
  test.each(KEYS)("at %s belong to the reader", async (key) => {
    const { session } = await place();
    const expected = Uint8Array.from((await session.store.get(key)) as Uint8Array);
    for (const read of [
      () => session.store.get(key),
      () => session.store.getRange(key, { offset: 0 }),
      async () => (await session.store.getRanges(key, [{ offset: 0 }, { offset: 0 }]))[1],
      async () => (await session.store.getPartialValues([[key], [key]]))[0],
    ]) {
      const bytes = (await read()) as Uint8Array;
      expect(bytes).toEqual(expected);
      bytes.fill(99);
      expect(await session.store.get(key)).toEqual(expected);
      const [a, b] = await Promise.all([session.store.get(key), session.store.get(key)]);
      a?.fill(98);
      expect(b).toEqual(expected);
    }
    // Nor does a view of a larger buffer lie behind it, which a transfer would take along.
    const bytes = (await session.store.get(key)) as Uint8Array;
    expect(bytes.byteLength).toBe(bytes.buffer.byteLength);
    structuredClone(bytes, { transfer: [bytes.buffer] });
    expect(await session.store.get(key)).toEqual(expected);
    await session.commit("unharmed");
    const { repository } = await place();
    expect(await repository.listBranches()).toEqual(["main"]);
    expect(await session.store.get(key)).toEqual(expected);
  });

  test("by arrayChunks belong to the reader", async () => {
    const { session } = await place();
    for await (const { bytes, coordinates } of session.store.arrayChunks("a")) {
      bytes?.fill(99);
      coordinates.fill(99);
    }
    for (const key of ["a/c/0", "a/c/2"]) expect(await session.store.get(key)).toEqual(chunk(3));
    expect(await session.store.list().toArray()).toContain("a/c/0");
  });

  test("as coordinates belong to the reader", async () => {
    const { repository, session } = await place();
    for await (const batch of session.chunkCoordinates("/a").batches()) batch.data.fill(99);
    for await (const coordinates of session.chunkCoordinates("/a")) coordinates.fill(99);
    (await session.status()).updatedChunks.get("/a")?.data.fill(99);
    expect((await session.status()).updatedChunks.get("/a")?.toJSON()).toEqual([[2], [3]]);
    const id = await session.commit("more");
    const diff = () => repository.diff({ snapshotId: "1CECHNKREP0F1RSTCMT0" }, { snapshotId: id });
    (await diff()).updatedChunks.get("/a")?.data.fill(99);
    expect((await diff()).updatedChunks.get("/a")?.toJSON()).toEqual([[0], [1], [2], [3]]);
    expect(await session.chunkCoordinates("/a").toArray()).toEqual([[0], [1], [2], [3]]);
  });
});

describe("bytes that are given", () => {
  test("to set may change once it has resolved", async () => {
    const { session } = await place();
    for (const [key, bytes] of [
      ["a/c/4", chunk(5)],
      ["a/c/5", chunk(900)],
      ["b/zarr.json", array([2], [1])],
      ["a/zarr.json", array([8], [1], { attributes: { x: 1 } })],
    ] as const) {
      const expected = Uint8Array.from(bytes);
      await session.store.set(key, bytes);
      bytes.fill(99);
      expect(await session.store.get(key)).toEqual(expected);
    }
    await session.store.set("a/c/6", new Uint8Array(chunk(600, 4).buffer, 100, 500));
    expect(await session.store.get("a/c/6")).toEqual(chunk(500, 4));
  });

  test("may come from another realm, or lie in shared memory", async () => {
    const { repository, session } = await place();
    const foreign = (bytes: Uint8Array): Uint8Array =>
      runInNewContext("Uint8Array.from(list)", { list: [...bytes] });
    const shared = (bytes: Uint8Array): Uint8Array => {
      const view = new Uint8Array(new SharedArrayBuffer(bytes.length));
      view.set(bytes);
      return view;
    };
    for (const [at, make] of [foreign, shared].entries()) {
      await session.store.set(`m${at}/zarr.json`, make(array([2], [1])));
      await session.store.set(`m${at}/c/0`, make(chunk(3)));
      await session.store.set(`m${at}/c/1`, make(chunk(900)));
      expect(await session.store.get(`m${at}/zarr.json`)).toEqual(array([2], [1]));
      expect(await session.store.get(`m${at}/c/1`)).toEqual(chunk(900));
      const fork = session.fork();
      await fork.store.set(`a/c/${at + 4}`, chunk(3));
      await ForkSession.fromBytes(make(fork.toBytes()), { storage: repository.storage });
      expect((await session.merge(make(fork.toBytes()))).chunks).toBe(1);
    }
    await session.commit("all");
  });

  test("to the setters of virtual references may change once they have resolved", async () => {
    const { session } = await place();
    const options = { validateContainer: false };
    const columns = {
      gridShape: [2],
      gridOffset: [0],
      locations: { dictionary: ["s3://b/x", "s3://b/y"], codes: Uint32Array.of(0, 1) },
      offsets: Float64Array.of(1, 2),
      lengths: Float64Array.of(3, 4),
      lastModified: new Date(5000),
    };
    await session.store.setVirtualRefColumns("a", columns, options);
    columns.gridShape.fill(9);
    columns.gridOffset.fill(9);
    columns.locations.codes.fill(9);
    columns.locations.dictionary.fill("s3://b/z");
    columns.offsets.fill(9);
    columns.lengths.fill(9);
    columns.lastModified.setTime(9000);
    const refs = [{ index: [2], location: "s3://b/x", offset: 7, length: 8 }];
    await session.store.setVirtualRefs("a", refs, options);
    Object.assign(refs[0] as object, { index: [9], location: "s3://b/z", offset: 9, length: 9 });
    const found = await session.store.arrayChunks("a").toArray();
    expect(found.filter(({ type }) => type === "virtual")).toEqual([
      {
        type: "virtual",
        coordinates: [0],
        location: "s3://b/x",
        offset: 1,
        length: 3,
        lastModifiedSeconds: 5,
      },
      {
        type: "virtual",
        coordinates: [1],
        location: "s3://b/y",
        offset: 2,
        length: 4,
        lastModifiedSeconds: 5,
      },
      { type: "virtual", coordinates: [2], location: "s3://b/x", offset: 7, length: 8 },
    ]);
  });

  test("of forks, given or taken, are nobody else's", async () => {
    const { repository, session } = await place();
    const fork = session.fork();
    await fork.store.set("a/c/4", chunk(3, 4));
    await fork.store.set("m/zarr.json", array([3], [1]));
    const bytes = fork.toBytes();
    const copy = Uint8Array.from(bytes);
    const opened = await ForkSession.fromBytes(bytes, { storage: repository.storage });
    await session.merge(bytes);
    bytes.fill(0);
    fork.toBytes().fill(0);
    expect(await opened.store.get("a/c/4")).toEqual(chunk(3, 4));
    expect(await opened.store.get("m/zarr.json")).toEqual(array([3], [1]));
    expect(await session.store.get("a/c/4")).toEqual(chunk(3, 4));
    expect(await session.store.get("m/zarr.json")).toEqual(array([3], [1]));
    expect(fork.toBytes()).toEqual(copy);
  });
});

describe("values", () => {
  test("of commit metadata are copied on the way in and out", async () => {
    const storage = memoryStorage();
    const defaults = { tool: { name: "x", list: [1] } };
    const repository = await Repository.create(storage, { defaultCommitMetadata: defaults });
    defaults.tool.list.push(2);
    (repository.defaultCommitMetadata["tool"] as typeof defaults.tool).list.push(3);
    const session = await repository.writableSession("main");
    await session.store.set("zarr.json", array([1], [1]));
    const metadata = { run: { list: [1] } };
    const commit = session.commit("one", {
      metadata,
      onProgress: () => {
        metadata.run.list.push(2);
      },
    });
    metadata.run.list.push(3);
    const id = await commit;
    const info = await repository.lookupSnapshot(id);
    expect(info.metadata).toEqual({ tool: { name: "x", list: [1] }, run: { list: [1] } });
    (info.metadata["run"] as typeof metadata.run).list.push(4);
    info.writtenAt.setTime(0);
    expect((await repository.lookupSnapshot(id)).metadata).toEqual({
      tool: { name: "x", list: [1] },
      run: { list: [1] },
    });
    const [first] = await repository.ancestry("main").toArray();
    expect(first?.metadata["run"]).toEqual({ list: [1] });
    expect(first?.writtenAt.getTime()).toBeGreaterThan(0);
  });

  test("in conflicts and their contexts are copies", async () => {
    const { repository, session } = await place();
    const other = await repository.writableSession("main");
    await other.store.set("a/c/2", chunk(3, 8));
    await other.store.set("a/c/3", chunk(3, 8));
    await other.store.set("a/zarr.json", array([8], [1], { attributes: { x: 1 } }));
    await other.commit("theirs");
    const spoil = (conflict: Conflict, context: ConflictContext): void => {
      conflict.chunkCoordinates?.data.fill(7);
      Object.assign(conflict, { path: "/elsewhere", nodeId: "nobody" });
      for (const side of ["base", "ours", "theirs"] as const) context[side]("/a")?.bytes.fill(0);
    };
    await session.store.set("a/c/7", chunk(3, 7));
    const error = (await rejection(
      session.rebase((conflict, context) => {
        spoil(conflict, context);
        return "fail";
      }),
    )) as RebaseFailedError;
    expect(error.conflicts.map(({ path }) => path)).toEqual(["/a", "/a"]);
    for (const conflict of error.conflicts)
      spoil(conflict as Conflict, { ours() {}, base() {}, theirs() {} } as never);
    await session.rebase((conflict, context) => {
      spoil(conflict, context);
      return conflict.type === "chunk-double-update" ? "theirs" : "ours";
    });
    expect((await session.status()).updatedChunks.get("/a")?.toJSON()).toEqual([[7]]);
    expect(await session.store.get("a/zarr.json")).toEqual(
      array([8], [1], { attributes: { x: 1 } }),
    );
    expect(await session.store.get("a/c/2")).toEqual(chunk(3, 8));
  });

  test("in overlaps are copies", async () => {
    const { session } = await place();
    const fork = session.fork();
    await fork.store.set("a/c/5", chunk(3, 1));
    await session.store.set("a/c/5", chunk(3, 2));
    const error = (await rejection(session.merge(fork))) as MergeOverlapError;
    expect(isIcefloeError(error, "merge-overlap")).toBe(true);
    for (const { chunkCoordinates } of error.overlaps) {
      (chunkCoordinates as { data: Uint32Array }).data.fill(0);
    }
    expect((await session.merge(fork, { onOverlap: "theirs" })).overlaps).toBe(1);
    expect(await session.store.get("a/c/5")).toEqual(chunk(3, 1));
  });

  test("of configuration, manifest lists and reports can't be changed from outside", async () => {
    const { repository, session } = await place();
    const id = await session.commit("one");
    for (const file of await repository.listManifestFiles(id)) Object.assign(file, { id: "x" });
    expect((await repository.listManifestFiles(id))[0]?.id).toHaveLength(20);
    expect(Object.isFrozen(session.lastCommit)).toBe(true);
    const before = JSON.stringify(repository.config);
    for (const change of [
      () => Object.assign(repository.config, { inlineChunkThresholdBytes: 1 }),
      () => Object.assign(repository.config.compression, { level: 22 }),
      () => Object.assign(session.config.caching, { numBytesChunks: 1 }),
    ]) {
      try {
        change();
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError); // Frozen.
      }
    }
    expect(JSON.stringify(repository.config)).toBe(before);
  });
});
