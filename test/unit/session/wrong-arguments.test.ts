/** Arguments of wrong types and impossible numbers are refused by kind, never by a crash, and change nothing. */
import { describe, expect, test } from "vitest";
import { ForkSession, isIcefloeError, Repository, type Session } from "../../../src/index.ts";
import { chunk, rejection, repositoryWithArray } from "./fixture.ts";

interface Place {
  readonly repository: Repository;
  readonly session: Session;
}
type Call = (place: Place, value: never) => unknown;

const ref = { location: "s3://b/k", offset: 0, length: 1 };
const unchecked = { validateContainer: false };

const CALLS: Record<string, Call> = {
  get: ({ session }, v) => session.store.get(v),
  "getRange key": ({ session }, v) => session.store.getRange(v, { offset: 0 }),
  "getRange range": ({ session }, v) => session.store.getRange("a/zarr.json", v),
  "getRanges ranges": ({ session }, v) => session.store.getRanges("a/zarr.json", v),
  "getRanges range": ({ session }, v) => session.store.getRanges("a/zarr.json", [v]),
  "getPartialValues list": ({ session }, v) => session.store.getPartialValues(v),
  "getPartialValues entry": ({ session }, v) => session.store.getPartialValues([v]),
  "getPartialValues key": ({ session }, v) => session.store.getPartialValues([[v]]),
  has: ({ session }, v) => session.store.has(v),
  "set key": ({ session }, v) => session.store.set(v, chunk(1)),
  "set bytes": ({ session }, v) => session.store.set("a/c/0", v),
  "setIfNotExists key": ({ session }, v) => session.store.setIfNotExists(v, chunk(1)),
  delete: ({ session }, v) => session.store.delete(v),
  deleteDir: ({ session }, v) => session.store.deleteDir(v),
  listPrefix: ({ session }, v) => session.store.listPrefix(v).toArray(),
  listDir: ({ session }, v) => session.store.listDir(v).toArray(),
  getSize: ({ session }, v) => session.store.getSize(v),
  getSizePrefix: ({ session }, v) => session.store.getSizePrefix(v),
  isEmpty: ({ session }, v) => session.store.isEmpty(v),
  arrayChunks: ({ session }, v) => session.store.arrayChunks(v).toArray(),
  "setVirtualRef key": ({ session }, v) => session.store.setVirtualRef(v, ref, unchecked),
  "setVirtualRef ref": ({ session }, v) => session.store.setVirtualRef("a/c/0", v, unchecked),
  "setVirtualRef location": ({ session }, v) =>
    session.store.setVirtualRef("a/c/0", { ...ref, location: v }, unchecked),
  "setVirtualRef offset": ({ session }, v) =>
    session.store.setVirtualRef("a/c/0", { ...ref, offset: v }, unchecked),
  "setVirtualRefs path": ({ session }, v) => session.store.setVirtualRefs(v, [], unchecked),
  "setVirtualRefs list": ({ session }, v) => session.store.setVirtualRefs("a", v, unchecked),
  "setVirtualRefs entry": ({ session }, v) => session.store.setVirtualRefs("a", [v], unchecked),
  "setVirtualRefs index": ({ session }, v) =>
    session.store.setVirtualRefs(
      "a",
      [
        { ...ref, index: [0] },
        { ...ref, index: v },
      ],
      unchecked,
    ),
  setVirtualRefColumns: ({ session }, v) => session.store.setVirtualRefColumns("a", v, unchecked),
  "session.commit": ({ session }, v) => session.commit(v),
  "session.rebase": ({ session }, v) => session.rebase(v),
  "session.merge": ({ session }, v) => session.merge(v),
  "session.merge entry": ({ session }, v) => session.merge([v]),
  "chunkCoordinates path": ({ session }, v) => session.chunkCoordinates(v).toArray(),
  "chunkType path": ({ session }, v) => session.chunkType(v, [0]),
  "chunkType coordinates": ({ session }, v) => session.chunkType("/a", v),
  getNodeId: ({ session }, v) => session.getNodeId(v),
  "fromBytes bytes": ({ repository }, v) =>
    ForkSession.fromBytes(v, { storage: repository.storage }),
  "fromBytes storage": ({ session }, v) =>
    ForkSession.fromBytes(session.fork().toBytes(), { storage: v }),
  "Repository.open": (_, v) => Repository.open(v),
  "Repository.exists": (_, v) => Repository.exists(v),
  "Repository.fetchConfig": (_, v) => Repository.fetchConfig(v),
  "Repository.fetchSpecVersion": (_, v) => Repository.fetchSpecVersion(v),
  readonlySession: ({ repository }, v) => repository.readonlySession(v),
  writableSession: ({ repository }, v) => repository.writableSession(v),
  "writableSession base": ({ repository }, v) => repository.writableSession("main", { base: v }),
  "createBranch name": ({ repository, session }, v) =>
    repository.createBranch(v, session.snapshotId),
  "createBranch id": ({ repository }, v) => repository.createBranch("b", v),
  "resetBranch name": ({ repository, session }, v) => repository.resetBranch(v, session.snapshotId),
  "resetBranch id": ({ repository }, v) => repository.resetBranch("main", v),
  deleteBranch: ({ repository }, v) => repository.deleteBranch(v),
  lookupBranch: ({ repository }, v) => repository.lookupBranch(v),
  "createTag name": ({ repository, session }, v) => repository.createTag(v, session.snapshotId),
  deleteTag: ({ repository }, v) => repository.deleteTag(v),
  lookupTag: ({ repository }, v) => repository.lookupTag(v),
  lookupSnapshot: ({ repository }, v) => repository.lookupSnapshot(v),
  ancestry: ({ repository }, v) => repository.ancestry(v).toArray(),
  listManifestFiles: ({ repository }, v) => repository.listManifestFiles(v),
  "diff from": ({ repository }, v) => repository.diff(v, "main"),
  "diff to": ({ repository }, v) => repository.diff("main", v),
  "transaction branch": ({ repository }, v) =>
    repository.transaction(v, async () => undefined, { message: "m" }),
  "transaction write": ({ repository }, v) => repository.transaction("main", v, { message: "m" }),
  "transaction options": ({ repository }, v) =>
    repository.transaction("main", async () => undefined, v),
};

const WRONG: readonly unknown[] = [
  null,
  7,
  Number.NaN,
  -1,
  0.5,
  true,
  Symbol("s"),
  10n,
  {},
  { length: 1 },
  [],
  [-1],
  [0.5],
  ["0"],
  [null],
  [2 ** 32],
  () => undefined,
  new Date(0),
  new Map(),
  new Uint8Array(0),
];

/** What is right where it stands, or is known to mean nothing. */
const FINE = new Set([
  "getRange range {}",
  "getRange range { length }",
  "getRanges range {}",
  "getRanges range { length }",
  "getRanges ranges []",
  "getPartialValues list []",
  "setVirtualRefs list []",
  "setVirtualRefs list Map",
  "setVirtualRefs list Uint8Array",
  "setVirtualRef offset 7",
  "chunkType coordinates [4294967296]",
  "session.merge []",
  "session.merge Map",
  "session.rebase function",
  "transaction write function",
]);

function nameOf(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "[]" : `[${String(value[0])}]`;
  if (typeof value === "function") return "function";
  if (typeof value !== "object" || value === null) return String(value);
  if (value.constructor !== Object) return value.constructor.name;
  return "length" in value ? "{ length }" : "{}";
}

describe.each(Object.entries(CALLS))("%s", (name, call) => {
  test("refuses what it cannot take, by kind", async () => {
    const { repository, session } = await repositoryWithArray();
    const place = { repository, session };
    for (const value of [undefined, ...WRONG]) {
      const label = `${name} ${nameOf(value)}`;
      if (FINE.has(label)) continue;
      if (value === undefined && ["session.rebase", "writableSession base"].includes(name))
        continue;
      const error = await rejection((async () => call(place, value as never))()).catch(
        () => "was accepted",
      );
      expect(`${label}: ${isIcefloeError(error) ? "refused" : String(error)}`).toBe(
        `${label}: refused`,
      );
      expect((error as { kind: string }).kind, label).not.toBe("internal");
    }
    expect((await session.status()).isEmpty).toBe(true);
    expect(await repository.listBranches()).toEqual(["main"]);
  });
});
