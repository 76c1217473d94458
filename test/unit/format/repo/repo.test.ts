import fc from "fast-check";
import { Builder } from "flatbuffers";
import { describe, expect, test } from "vitest";
import { FlatBufferReader } from "../../../../src/codec/flatbuffers/read.ts";
import { parseRepoInfo, type RepoInfo } from "../../../../src/format/repo/read.ts";
import { encodeRepoInfo } from "../../../../src/format/repo/write.ts";
import { officialFile } from "../official-files.ts";
import { repositories } from "../values.ts";

const ROOT_ID = "1CECHNKREP0F1RSTCMT0";
const initial = parseRepoInfo(officialFile("TV5").payload, "repo");
const read = (repo: RepoInfo) => parseRepoInfo(encodeRepoInfo(repo), "repo");

/** How a hand-made `repo` differs from a sound one. */
interface Flaws {
  readonly specVersion?: number;
  readonly hasStatus?: boolean;
  readonly snapshotIndex?: number;
  readonly parent?: number;
  readonly updateTag?: number;
  readonly newerSlots?: readonly ("Repo" | "SnapshotInfo" | "Ref" | "Update" | "RepoStatus")[];
  readonly availability?: number;
}

/** A `repo` of one snapshot, one branch and one update, with flaws. */
function flawed(flaws: Flaws): Uint8Array {
  const builder = new Builder();
  const newer = (table: string, slot: number) => {
    if (flaws.newerSlots?.includes(table as never)) builder.addFieldInt32(slot, 7, 0);
  };
  const vector = (offsets: number[]) => {
    builder.startVector(4, offsets.length, 4);
    for (const offset of offsets) builder.addOffset(offset);
    return builder.endVector();
  };
  const message = builder.createString("m");
  const main = builder.createString("main");
  builder.startObject(9);
  builder.prep(1, 11);
  for (let i = 0; i < 12; i++) builder.writeInt8(i);
  builder.addFieldStruct(0, builder.offset(), 0);
  builder.addFieldInt32(1, flaws.parent ?? -1, 0);
  builder.addFieldOffset(3, message, 0);
  newer("SnapshotInfo", 8);
  const snapshots = vector([builder.endObject()]);
  builder.startObject(4);
  builder.addFieldOffset(0, main, 0);
  builder.addFieldInt32(1, flaws.snapshotIndex ?? 0, 0);
  newer("Ref", 3);
  const branches = vector([builder.endObject()]);
  builder.startObject(0);
  const value = builder.endObject();
  builder.startObject(5);
  builder.addFieldInt8(0, flaws.updateTag ?? 1, 0);
  builder.addFieldOffset(1, value, 0);
  newer("Update", 4);
  const updates = vector([builder.endObject()]);
  builder.startObject(4);
  builder.addFieldInt8(0, flaws.availability ?? 0, 0);
  newer("RepoStatus", 3);
  const status = builder.endObject();
  const none = vector([]);
  builder.startObject(15);
  builder.addFieldInt8(0, flaws.specVersion ?? 2, 0);
  for (const slot of [1, 3]) builder.addFieldOffset(slot, none, 0);
  builder.addFieldOffset(2, branches, 0);
  builder.addFieldOffset(4, snapshots, 0);
  builder.addFieldOffset(5, flaws.hasStatus === false ? 0 : status, 0);
  builder.addFieldOffset(7, updates, 0);
  newer("Repo", 13);
  builder.finish(builder.endObject());
  return builder.asUint8Array();
}

describe("repo files", () => {
  test("survive writing and reading, sorted", () => {
    fc.assert(
      fc.property(repositories, (repo) => {
        const found = read(repo);

        // Maps compare without order; what is sorted has its own tests.
        const sorted = (items: RepoInfo["metadata"]) =>
          [...items].sort((a, b) => (a.name < b.name ? -1 : 1));
        expect({
          ...found,
          metadata: sorted(found.metadata),
          snapshots: new Map(found.snapshots),
        }).toEqual({ ...repo, metadata: sorted(repo.metadata) });
      }),
    );
  });

  test("list names by their UTF-8 bytes", () => {
    const names = ["\u{1f600}", "\uffee", "é", "z", "A", ""];
    const tags = new Map(names.map((name) => [name, ROOT_ID]));

    const found = read({ ...initial, tags, deletedTags: new Set(names) });

    const expected = ["", "A", "z", "é", "\uffee", "\u{1f600}"];
    expect([...found.tags.keys()]).toEqual(expected);
    expect([...found.deletedTags]).toEqual(expected);
  });

  test("list snapshots by id, whatever the order in which they came", () => {
    const child = {
      id: "00000000000000000000",
      parentId: ROOT_ID,
      flushedAtMicros: 2,
      message: "child",
      metadata: [],
    };
    const snapshots = new Map(initial.snapshots).set(child.id, child);

    const bytes = encodeRepoInfo({ ...initial, snapshots });

    expect([...parseRepoInfo(bytes, "repo").snapshots.keys()]).toEqual([child.id, ROOT_ID]);
    const reader = new FlatBufferReader(bytes, "repo");
    const vector = reader.vector(reader.root(), 4, 4);
    expect(reader.int32(reader.tableAt(vector, 0), 1, -1)).toBe(1);
  });

  test("store the position of a snapshot's parent, and no parent as -1", () => {
    const child = {
      id: "ZZZZZZZZZZZZZZZZZZZG",
      parentId: ROOT_ID,
      flushedAtMicros: 2,
      message: "child",
      metadata: [],
    };
    const snapshots = new Map(initial.snapshots).set(child.id, child);

    const reader = new FlatBufferReader(encodeRepoInfo({ ...initial, snapshots }), "repo");

    const vector = reader.vector(reader.root(), 4, 4);
    expect(reader.int32(reader.tableAt(vector, 0), 1, 0)).toBe(-1);
    expect(reader.int32(reader.tableAt(vector, 1), 1, -1)).toBe(0);
  });

  test("are the same bytes whether their entries were encoded before or not", () => {
    const child = {
      id: "ZZZZZZZZZZZZZZZZZZZG",
      parentId: ROOT_ID,
      flushedAtMicros: 2,
      message: "child",
      metadata: [],
    };
    const repo = { ...initial, snapshots: new Map(initial.snapshots).set(child.id, child) };
    encodeRepoInfo(initial);

    const found = encodeRepoInfo(repo);

    expect(found).toEqual(encodeRepoInfo(structuredClone(repo)));
    expect(found).toEqual(encodeRepoInfo(repo));
  });

  test("keep offline and unknown availability", () => {
    const status = { ...initial.status, availability: "offline" } as const;
    const unknown = parseRepoInfo(flawed({ availability: 7 }), "repo");

    expect(read({ ...initial, status }).status.availability).toBe("offline");
    expect(unknown.status.availability).toBe("online");
    expect(read(unknown).status.availabilityCode).toBe(7);
  });

  test("keep unknown feature flags and extra bytes", () => {
    const repo = { ...initial, enabledFeatureFlags: [3, 999], extra: Uint8Array.of(1, 2) };

    expect(read(repo)).toMatchObject({ enabledFeatureFlags: [3, 999], extra: Uint8Array.of(1, 2) });
  });

  test.each(["Repo", "SnapshotInfo", "Ref", "Update", "RepoStatus"] as const)(
    "with newer fields in %s are read, and refused to be written",
    (table) => {
      const repo = parseRepoInfo(flawed({ newerSlots: [table] }), "repo");

      expect(repo.branches.size).toBe(1);
      expect(() => encodeRepoInfo(repo)).toThrowError(
        expect.objectContaining({
          kind: "unsupported-spec-version",
          message: expect.stringContaining(`${table}.`),
        }),
      );
    },
  );

  test("with an update of a newer kind are read, and refused to be written", () => {
    const repo = parseRepoInfo(flawed({ updateTag: 255 }), "repo");

    expect(repo.latestUpdates[0]?.update).toEqual({ kind: "unknown", tag: 255 });
    expect(() => encodeRepoInfo(repo)).toThrowError(
      expect.objectContaining({ kind: "unsupported-spec-version" }),
    );
  });

  test.each([0, 1, 3])("of format version %d are refused", (specVersion) => {
    expect(() => parseRepoInfo(flawed({ specVersion }), "repo")).toThrowError(
      expect.objectContaining({ kind: "unsupported-spec-version" }),
    );
  });

  test.each([
    ["without status", { hasStatus: false }],
    ["with a branch to nowhere", { snapshotIndex: 1 }],
    ["with a parent behind the end", { parent: 1 }],
    ["with a parent of -2", { parent: -2 }],
    ["with an update of no kind", { updateTag: 0 }],
    ["with an update that lacks its fields", { updateTag: 10 }],
  ])("%s are refused", (_, flaws) => {
    expect(() => parseRepoInfo(flawed(flaws), "repo")).toThrowError(
      expect.objectContaining({
        kind: "deserialization",
        details: { object: "repo", offset: expect.any(Number) },
      }),
    );
  });

  test.each([
    ["without main", { branches: new Map<string, string>() }],
    ["without updates", { latestUpdates: [] }],
    [
      "whose newest update has a backup",
      { latestUpdates: [{ ...initial.latestUpdates[0]!, backupPath: "x" }] },
    ],
    ["with a branch to nowhere", { branches: new Map([["main", "ZZZZZZZZZZZZZZZZZZZG"]]) }],
  ])("%s are not written", (_, change) => {
    expect(() => encodeRepoInfo({ ...initial, ...change })).toThrowError(
      expect.objectContaining({ kind: "serialization" }),
    );
  });
});
