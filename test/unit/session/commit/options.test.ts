/** Every public operation refuses options that it does not know, by name, and values of wrong types. */
import { describe, expect, test } from "vitest";
import { ForkSession, memoryStorage, Repository, type Session } from "../../../../src/index.ts";
import {
  append,
  createArray,
  createGroup,
  resize,
  updateAttributes,
  writeRegion,
} from "../../../../src/zarr/index.ts";
import { array, chunk, rejection, repositoryWithArray } from "../fixture.ts";

interface Place {
  readonly repository: Repository;
  readonly session: Session;
  readonly fork: ForkSession;
}
type Call = (place: Place, options: never) => unknown;

/** What takes `{ signal? }` as its last argument. */
const OPERATIONS: Record<string, Call> = {
  "store.get": ({ session }, o) => session.store.get("a/c/0", o),
  "store.getRange": ({ session }, o) => session.store.getRange("a/c/0", { offset: 0 }, o),
  "store.getRanges": ({ session }, o) => session.store.getRanges("a/c/0", [{ offset: 0 }], o),
  "store.getRanges of none": ({ session }, o) => session.store.getRanges("a/c/0", [], o),
  "store.getPartialValues": ({ session }, o) => session.store.getPartialValues([["a/c/0"]], o),
  "store.getPartialValues of none": ({ session }, o) => session.store.getPartialValues([], o),
  "store.set": ({ session }, o) => session.store.set("a/c/0", chunk(1), o),
  "store.setIfNotExists": ({ session }, o) => session.store.setIfNotExists("a/c/0", chunk(1), o),
  "store.has": ({ session }, o) => session.store.has("a/c/0", o),
  "store.exists": ({ session }, o) => session.store.exists("a/c/0", o),
  "store.delete": ({ session }, o) => session.store.delete("a/c/0", o),
  "store.deleteDir": ({ session }, o) => session.store.deleteDir("a", o),
  "store.clear": ({ session }, o) => session.store.clear(o),
  "store.list": ({ session }, o) => session.store.list(o).toArray(),
  "store.listPrefix": ({ session }, o) => session.store.listPrefix("a", o).toArray(),
  "store.listDir": ({ session }, o) => session.store.listDir("", o).toArray(),
  "store.getSize": ({ session }, o) => session.store.getSize("a/zarr.json", o),
  "store.getSizePrefix": ({ session }, o) => session.store.getSizePrefix("", o),
  "store.isEmpty": ({ session }, o) => session.store.isEmpty("", o),
  "store.arrayChunks": ({ session }, o) => session.store.arrayChunks("a", o).toArray(),
  "store.setVirtualRef": ({ session }, o) =>
    session.store.setVirtualRef("a/c/0", { location: "s3://b/k", offset: 0, length: 1 }, o),
  "store.setVirtualRefs": ({ session }, o) => session.store.setVirtualRefs("a", [], o),
  "store.setVirtualRefColumns": ({ session }, o) =>
    session.store.setVirtualRefColumns(
      "a",
      {
        gridShape: [0],
        locations: [],
        offsets: new Float64Array(0),
        lengths: new Float64Array(0),
      },
      o,
    ),
  "session.commit": ({ session }, o) => session.commit("m", o),
  "session.amend": ({ session }, o) => session.amend("m", o),
  "session.flush": ({ session }, o) => session.flush("m", o),
  "session.rebase": ({ session }, o) => session.rebase(undefined, o),
  "session.merge": ({ session }, o) => session.merge([], o),
  "session.status": ({ session }, o) => session.status(o),
  "session.chunkCoordinates": ({ session }, o) => session.chunkCoordinates("/a", o).toArray(),
  "session.chunkCoordinates.batches": async ({ session }, o) => {
    for await (const _ of session.chunkCoordinates("/a", o).batches());
  },
  "session.chunkType": ({ session }, o) => session.chunkType("/a", [0], o),
  "session.allVirtualChunkLocations": ({ session }, o) =>
    session.allVirtualChunkLocations(o).toArray(),
  "session.getNodeId": ({ session }, o) => session.getNodeId("/a", o),
  "fork.status": ({ fork }, o) => fork.status(o),
  "fork.merge": ({ fork }, o) => fork.merge([], o),
  "fork.chunkCoordinates": ({ fork }, o) => fork.chunkCoordinates("/a", o).toArray(),
  "fork.chunkType": ({ fork }, o) => fork.chunkType("/a", [0], o),
  "fork.getNodeId": ({ fork }, o) => fork.getNodeId("/a", o),
  "ForkSession.fromBytes": ({ fork, repository }, o) =>
    ForkSession.fromBytes(fork.toBytes(), { storage: repository.storage, ...(o as object) }),
  "Repository.create": (_, o) => Repository.create(memoryStorage(), o),
  "Repository.open": ({ repository }, o) => Repository.open(repository.storage, o),
  "Repository.openOrCreate": ({ repository }, o) => Repository.openOrCreate(repository.storage, o),
  "Repository.exists": ({ repository }, o) => Repository.exists(repository.storage, o),
  "Repository.fetchSpecVersion": ({ repository }, o) =>
    Repository.fetchSpecVersion(repository.storage, o),
  "Repository.fetchConfig": ({ repository }, o) => Repository.fetchConfig(repository.storage, o),
  saveConfig: ({ repository }, o) => repository.saveConfig(o),
  readonlySession: ({ repository }, o) => repository.readonlySession("main", o),
  writableSession: ({ repository }, o) => repository.writableSession("main", o),
  transaction: ({ repository }, o) =>
    repository.transaction("main", async () => undefined, { message: "m", ...(o as object) }),
  listBranches: ({ repository }, o) => repository.listBranches(o),
  createBranch: ({ repository, session }, o) =>
    repository.createBranch("new", session.snapshotId, o),
  lookupBranch: ({ repository }, o) => repository.lookupBranch("main", o),
  resetBranch: ({ repository, session }, o) =>
    repository.resetBranch("main", session.snapshotId, o),
  deleteBranch: ({ repository }, o) => repository.deleteBranch("gone", o),
  listTags: ({ repository }, o) => repository.listTags(o),
  createTag: ({ repository, session }, o) => repository.createTag("new", session.snapshotId, o),
  lookupTag: ({ repository }, o) => repository.lookupTag("t", o),
  deleteTag: ({ repository }, o) => repository.deleteTag("t", o),
  lookupSnapshot: ({ repository, session }, o) => repository.lookupSnapshot(session.snapshotId, o),
  ancestry: ({ repository }, o) => repository.ancestry("main", o).toArray(),
  ancestryGraph: ({ repository }, o) => repository.ancestryGraph(o),
  listManifestFiles: ({ repository, session }, o) =>
    repository.listManifestFiles(session.snapshotId, o),
  diff: ({ repository, session }, o) =>
    repository.diff({ snapshotId: session.snapshotId }, "main", o),
  createGroup: ({ session }, o) => createGroup(session.store, "/g", o),
  createArray: ({ session }, o) =>
    createArray(session.store, "/b", { shape: [1], dtype: "int8", ...(o as object) }),
  updateAttributes: ({ session }, o) => updateAttributes(session.store, "/a", {}, o),
  resize: ({ session }, o) => resize(session.store, "/a", [9], o),
  writeRegion: ({ session }, o) =>
    writeRegion(session.store, "/a", { data: new Uint8Array(8), ...(o as object) }),
  append: ({ session }, o) =>
    append(session.store, "/a", { data: new Uint8Array(1), ...(o as object) }),
};

async function place(): Promise<Place> {
  const { repository, session } = await repositoryWithArray();
  return { repository, session, fork: session.fork() };
}

/** Calls that throw at once count as rejections: lists check their options when they are made. */
async function attempt(call: Call, where: Place, options: unknown) {
  return rejection((async () => call(where, options as never))());
}

describe("options that no operation knows", () => {
  test.each(Object.entries(OPERATIONS))("are refused by %s, by name", async (_, call) => {
    const where = await place();
    const error = await attempt(call, where, { bogus: 1 });
    expect(error.kind).toBe("invalid-option");
    expect(error.message).toContain("bogus");
    expect(where.session.hasUncommittedChanges).toBe(false);
  });

  test.each(Object.entries(OPERATIONS))(
    "a signal that is none is refused by %s",
    async (_, call) => {
      const where = await place();
      const error = await attempt(call, where, { signal: "now" });
      expect(error.kind).toBe("invalid-option");
      expect(error.message).toContain("signal");
      expect(where.session.hasUncommittedChanges).toBe(false);
    },
  );

  const spread = new Set([
    "ForkSession.fromBytes",
    "transaction",
    "createArray",
    "writeRegion",
    "append",
  ]);
  test.each(Object.entries(OPERATIONS).filter(([name]) => !spread.has(name)))(
    "what is no plain object is refused by %s",
    async (_, call) => {
      const where = await place();
      for (const options of [7, "x", null, [], new Map(), () => undefined]) {
        const error = await attempt(call, where, options);
        expect(`${String(options)}: ${error.kind}`).toBe(`${String(options)}: invalid-option`);
      }
      expect(where.session.hasUncommittedChanges).toBe(false);
    },
  );

  test.each(Object.entries(OPERATIONS))(
    "an aborted signal stops %s with its reason",
    async (_, call) => {
      const where = await place();
      const reason = new Error("enough");
      const error = await attempt(call, where, { signal: AbortSignal.abort(reason) });
      expect(error).toBe(reason);
      expect(where.session.hasUncommittedChanges).toBe(false);
    },
  );
});

describe("arguments of wrong types", () => {
  test.each<[string, Call]>([
    ["fork.toBytes", ({ fork }, o) => fork.toBytes(o)],
    [
      "fromBytes without options",
      () => ForkSession.fromBytes(new Uint8Array(0), undefined as never),
    ],
    ["commit solver", ({ session }) => session.commit("m", { solver: "ours" as never })],
    ["commit onProgress", ({ session }) => session.commit("m", { onProgress: 1 as never })],
    ["commit allowEmpty", ({ session }) => session.commit("m", { allowEmpty: "no" as never })],
    ["rebase solver", ({ session }) => session.rebase("ours" as never)],
    ["toBytes overlay", ({ fork }) => fork.toBytes({ overlay: "drop" as never })],
    [
      "setVirtualRef validateContainer",
      ({ session }) =>
        session.store.setVirtualRef(
          "a/c/0",
          { location: "s3://b/k", offset: 0, length: 1 },
          { validateContainer: 0 as never },
        ),
    ],
    ["set of no bytes", ({ session }) => session.store.set("a/c/0", [1] as never)],
    ["set of a string", ({ session }) => session.store.set("a/zarr.json", "{}" as never)],
  ])("are refused: %s", async (_, call) => {
    const where = await place();
    expect((await attempt(call, where, { bogus: 1 })).kind).toBe("invalid-option");
    expect(where.session.hasUncommittedChanges).toBe(false);
  });

  test("zarr.json of an array is taken whole", async () => {
    const { session } = await place();
    await session.store.set("a/zarr.json", array([9], [1]));
    expect(session.hasUncommittedChanges).toBe(true);
  });
});
