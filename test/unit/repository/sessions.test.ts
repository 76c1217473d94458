import { describe, expect, it } from "vitest";
import { Repository } from "../../../src/repository/repository.ts";
import type { VersionRef } from "../../../src/repository/version-ref.ts";
import { memoryStorage } from "../../../src/storage/memory.ts";
import { recordingStorage } from "../assets/recording-storage.ts";
import { NOON_MICROS, stillRuntime } from "../assets/repo-fixture.ts";
import { ROOT_ID } from "../assets/repo-values.ts";
import { commitGroup, newRepository, rejection, tamper } from "./repositories.ts";

const HOUR_MICROS = 3_600_000_000;

describe("readonlySession", () => {
  it("opens a branch, a tag or a snapshot", async () => {
    const repository = await newRepository();
    const a = await commitGroup(repository, "a");
    await repository.createTag("v1", a);
    const b = await commitGroup(repository, "b");

    const idOf = async (version: VersionRef) =>
      (await repository.readonlySession(version)).snapshotId;

    expect(await idOf("main")).toBe(b);
    expect(await idOf({ branch: "main" })).toBe(b);
    expect(await idOf({ tag: "v1" })).toBe(a);
    expect(await idOf({ snapshotId: a.toLowerCase() })).toBe(a);
    expect(await idOf({ tag: "v1", branch: undefined } as never)).toBe(a);
  });

  it("says which version has the name of a branch that is not there", async () => {
    const repository = await newRepository();
    const id = await commitGroup(repository, "a");
    await repository.createTag("v1", id);
    const messageOf = async (name: string) =>
      (await rejection(repository.readonlySession(name))).message;

    expect(await messageOf("v1")).toBe('branch "v1" does not exist; { tag: "v1" } does');
    expect(await messageOf(id)).toContain(`{ snapshotId: "${id}" } does`);
    expect(await messageOf("v2")).toBe('branch "v2" does not exist');
  });

  it("reads that version and no other", async () => {
    const repository = await newRepository();
    await commitGroup(repository, "a");
    const session = await repository.readonlySession("main");
    await commitGroup(repository, "b");

    expect(session.readOnly).toBe(true);
    expect(session.branch).toBeUndefined();
    expect(await session.store.has("a/zarr.json")).toBe(true);
    expect(await session.store.has("b/zarr.json")).toBe(false);
  });

  it("opens a branch as it was at a time", async () => {
    const runtime = stillRuntime();
    const repository = await Repository.create(memoryStorage({ runtime }), { runtime });
    runtime.nowMicrosIs += HOUR_MICROS;
    const a = await commitGroup(repository, "a");
    runtime.nowMicrosIs += HOUR_MICROS;
    const b = await commitGroup(repository, "b");
    const at = async (asOf: Date | number) =>
      (await repository.readonlySession({ branch: "main", asOf })).snapshotId;

    expect(await at(NOON_MICROS)).toBe(ROOT_ID);
    expect(await at(NOON_MICROS + HOUR_MICROS - 1)).toBe(ROOT_ID);
    expect(await at(NOON_MICROS + HOUR_MICROS)).toBe(a);
    expect(await at(new Date((NOON_MICROS + 3 * HOUR_MICROS) / 1000))).toBe(b);
    const early = await rejection(at(NOON_MICROS - 1));
    expect(early.kind).toBe("no-snapshot-at-time");
    expect(early.details["asOf"]).toBe("2027-01-15T07:59:59.999999Z");
  });

  it("refuses versions that are not there", async () => {
    const repository = await newRepository();
    const open = async (version: VersionRef) =>
      (await rejection(repository.readonlySession(version))).kind;

    expect(await open("dev")).toBe("branch-not-found");
    expect(await open({ tag: "v1" })).toBe("tag-not-found");
    expect(await open({ snapshotId: "ZZZZZZZZZZZZZZZZZZZG" })).toBe("snapshot-not-found");
    expect(await open({ snapshotId: "zzz" })).toBe("invalid-snapshot-id");
  });

  it("refuses references with no, several or unknown keys, or values of wrong types", async () => {
    const repository = await newRepository();
    const wrong: unknown[] = [
      {},
      undefined,
      null,
      7,
      ["main"],
      { branch: "main", tag: "v1" },
      { name: "main" },
      { branch: "main", at: 3 },
      { branch: 7 },
      { tag: "v1", asOf: 7 },
      { branch: "main", asOf: new Date(Number.NaN) },
      { branch: "main", asOf: "noon" },
    ];

    for (const version of wrong) {
      const error = await rejection(repository.readonlySession(version as never));
      expect([version, error.kind]).toEqual([version, "invalid-option"]);
    }
    expect((await rejection(repository.readonlySession("main", { tag: "v1" } as never))).kind).toBe(
      "invalid-option",
    );
  });

  it("costs one conditional GET", async () => {
    const storage = recordingStorage((await newRepository()).storage);
    const repository = await Repository.open(storage);
    storage.requests.length = 0;

    await repository.readonlySession("main");
    await Promise.all([repository.readonlySession("main"), repository.writableSession("main")]);

    expect(storage.requests).toEqual(["getIfChanged repo", "getIfChanged repo"]);
  });
});

describe("writableSession", () => {
  it("starts at the tip of its branch", async () => {
    const repository = await newRepository();
    const id = await commitGroup(repository, "a");

    const session = await repository.writableSession("main");

    expect(session).toMatchObject({ mode: "writable", branch: "main", snapshotId: id });
  });

  it("starts at an older snapshot of the branch if asked", async () => {
    const repository = await newRepository();
    const a = await commitGroup(repository, "a");
    await commitGroup(repository, "b");
    await repository.createBranch("dev", ROOT_ID);
    const stray = await commitGroup(repository, "c", "dev");

    const session = await repository.writableSession("main", { base: a.toLowerCase() });

    expect(session.snapshotId).toBe(a);
    for (const base of [stray, "ZZZZZZZZZZZZZZZZZZZG"]) {
      expect(await rejection(repository.writableSession("main", { base }))).toMatchObject({
        kind: "base-not-in-ancestry",
        details: { base, branch: "main" },
      });
    }
    expect((await rejection(repository.writableSession("main", { base: "x" }))).kind).toBe(
      "invalid-snapshot-id",
    );
  });

  it("is refused on a branch that is not there, and while the repository is read-only", async () => {
    const repository = await newRepository();
    expect((await rejection(repository.writableSession("dev"))).kind).toBe("branch-not-found");
    await tamper(repository.storage, (repo) => ({
      ...repo,
      status: { availability: "read-only", setAtMicros: 1 },
    }));

    expect((await rejection(repository.writableSession("main"))).kind).toBe("read-only-repository");
    expect((await repository.readonlySession("main")).snapshotId).toBe(ROOT_ID);
  });

  it("fails its commit, and stays dirty, when the repository became read-only", async () => {
    const repository = await newRepository();
    const session = await repository.writableSession("main");
    await session.store.set(
      "zarr.json",
      new TextEncoder().encode('{"zarr_format":3,"node_type":"group"}'),
    );
    await tamper(repository.storage, (repo) => ({
      ...repo,
      status: { availability: "read-only", setAtMicros: 1 },
    }));

    expect((await rejection(session.commit("no"))).kind).toBe("read-only-repository");
    expect(session.hasUncommittedChanges).toBe(true);
  });

  it("takes an offline repository for an online one, as official clients do", async () => {
    const repository = await newRepository();
    await tamper(repository.storage, (repo) => ({
      ...repo,
      status: { availability: "offline", setAtMicros: 1 },
    }));

    expect(await commitGroup(repository, "a")).toHaveLength(20);
  });
});

describe("default commit metadata", () => {
  it("goes into commits of sessions made later, below what the commit itself says", async () => {
    const repository = await Repository.create(memoryStorage(), {
      defaultCommitMetadata: { author: "Ada", tool: "x" },
    });
    const older = await repository.writableSession("main");
    repository.defaultCommitMetadata = { author: "Bob" };
    const group = new TextEncoder().encode('{"zarr_format":3,"node_type":"group"}');
    await older.store.set("a/zarr.json", group);
    const a = await older.commit("a", { metadata: { tool: "y" } });
    const b = await commitGroup(repository, "b");

    expect((await repository.lookupSnapshot(a)).metadata).toEqual({ author: "Ada", tool: "y" });
    expect((await repository.lookupSnapshot(b)).metadata).toEqual({ author: "Bob" });
    expect(() => {
      repository.defaultCommitMetadata = 7 as never;
    }).toThrowError(expect.objectContaining({ kind: "invalid-option" }));
  });
});
