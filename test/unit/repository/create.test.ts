import { describe, expect, it } from "vitest";
import { Repository } from "../../../src/repository/repository.ts";
import { memoryStorage } from "../../../src/storage/memory.ts";
import { recordingStorage } from "../assets/recording-storage.ts";
import { NOON_MICROS, stillRuntime } from "../assets/repo-fixture.ts";
import { ROOT_ID } from "../assets/repo-values.ts";
import { rejection } from "./repositories.ts";

describe("create", () => {
  it("makes a repository with an empty snapshot on main", async () => {
    const repository = await Repository.create(memoryStorage());

    expect(await repository.listBranches()).toEqual(["main"]);
    expect(await repository.lookupBranch("main")).toBe(ROOT_ID);
    expect(await repository.listTags()).toEqual([]);
    expect(repository.specVersion).toBe(2);
    expect(await repository.ancestry("main").toArray()).toEqual([
      {
        id: ROOT_ID,
        writtenAt: expect.any(Date),
        writtenAtMicros: expect.any(Number),
        message: "Repository initialized",
        metadata: { __icechunk: { is_root: true } },
      },
    ]);
  });

  it("writes three objects and nothing else", async () => {
    const storage = memoryStorage();

    await Repository.create(storage);

    const paths: string[] = [];
    for await (const { path } of storage.list("")) paths.push(path);
    expect(paths.sort()).toEqual(["repo", `snapshots/${ROOT_ID}`, `transactions/${ROOT_ID}`]);
  });

  it("costs a look, a listing and three puts", async () => {
    const storage = recordingStorage(memoryStorage());

    await Repository.create(storage);

    expect(storage.requests).toEqual([
      "get repo",
      "head refs/branch.main/ref.json",
      "list ",
      `put snapshots/${ROOT_ID}`,
      `put transactions/${ROOT_ID}`,
      "put repo",
    ]);
  });

  it("takes its time from the runtime", async () => {
    const runtime = stillRuntime();

    const repository = await Repository.create(memoryStorage({ runtime }), { runtime });

    expect((await repository.lookupSnapshot(ROOT_ID)).writtenAtMicros).toBe(NOON_MICROS);
  });

  it("refuses a place where a repository is, and leaves it as it was", async () => {
    const storage = memoryStorage();
    await Repository.create(storage);
    const before = await storage.get(`snapshots/${ROOT_ID}`);

    for (const options of [{}, { checkCleanRoot: false }]) {
      const error = await rejection(Repository.create(storage, options));
      expect(error.kind).toBe("parent-directory-not-clean");
    }

    expect(await storage.get(`snapshots/${ROOT_ID}`)).toEqual(before);
  });

  it("refuses a place that holds anything, unless told not to look", async () => {
    const storage = memoryStorage();
    await storage.put("notes.txt", Uint8Array.of(1), { objectKind: "other" });

    expect(await rejection(Repository.create(storage))).toMatchObject({
      kind: "parent-directory-not-clean",
      details: { found: '"notes.txt"' },
    });
    const repository = await Repository.create(storage, { checkCleanRoot: false });
    expect(await repository.listBranches()).toEqual(["main"]);
  });

  it("refuses a place where `repo` is something else, and leaves it as it was", async () => {
    const storage = memoryStorage();
    await storage.put("repo", Uint8Array.of(1, 2, 3), { objectKind: "other" });

    expect(await rejection(Repository.create(storage, { checkCleanRoot: false }))).toMatchObject({
      kind: "parent-directory-not-clean",
      cause: { kind: "invalid-file-format" },
    });
    expect((await storage.get("repo"))?.bytes).toEqual(Uint8Array.of(1, 2, 3));
  });

  it("goes on where an earlier create was interrupted", async () => {
    const inner = memoryStorage();
    const storage = recordingStorage(inner);
    storage.before = (operation, path) => {
      if (operation === "put" && path === "repo") throw new Error("killed");
    };
    await Repository.create(storage).catch(() => undefined);

    const repository = await Repository.create(inner);

    expect(await repository.listBranches()).toEqual(["main"]);
  });

  it("has one winner among several at once", async () => {
    const storage = memoryStorage();

    const results = await Promise.allSettled([1, 2, 3, 4].map(() => Repository.create(storage)));

    const kinds = results.map((result) =>
      result.status === "fulfilled" ? "created" : result.reason.kind,
    );
    expect(kinds.filter((kind) => kind === "created")).toHaveLength(1);
    for (const kind of kinds) {
      expect(["created", "repo-info-updated", "parent-directory-not-clean"]).toContain(kind);
    }
  });

  it("refuses storages that can't be written to, or can't swap", async () => {
    const readOnly = recordingStorage(memoryStorage(), { write: false });
    const blind = recordingStorage(memoryStorage(), { conditionalUpdate: false });

    expect((await rejection(Repository.create(readOnly))).kind).toBe("read-only-storage");
    expect((await rejection(Repository.create(blind))).kind).toBe("condition-not-supported");
  });

  it("refuses spec 1, which comes later, and versions that do not exist", async () => {
    const create = (specVersion: number) =>
      rejection(Repository.create(memoryStorage(), { specVersion: specVersion as 1 }));

    expect((await create(1)).kind).toBe("unimplemented");
    expect((await create(0)).kind).toBe("unsupported-spec-version");
    expect((await create(3)).kind).toBe("unsupported-spec-version");
  });

  it("refuses options it does not know, and values of wrong types", async () => {
    const wrong: readonly [unknown, string][] = [
      [{ clean: true }, "invalid-option"],
      [7, "invalid-option"],
      [{ checkCleanRoot: "no" }, "invalid-option"],
      [{ metadataBytesMax: 0 }, "invalid-option"],
      [{ authorizeVirtualChunkAccess: [] }, "invalid-option"],
      [{ defaultCommitMetadata: "x" }, "invalid-option"],
      [{ signal: "stop" }, "invalid-option"],
      [{ config: { inlineChunkThreshold: 3 } }, "invalid-config"],
    ];
    for (const [options, kind] of wrong) {
      const storage = memoryStorage();
      expect((await rejection(Repository.create(storage, options as never))).kind).toBe(kind);
      expect(await Repository.exists(storage)).toBe(false);
    }
    expect((await rejection(Repository.create("folder" as never))).kind).toBe("invalid-option");
  });

  it("rejects with the signal's reason when aborted, and writes nothing", async () => {
    const storage = memoryStorage();

    await expect(Repository.create(storage, { signal: AbortSignal.abort("no") })).rejects.toBe(
      "no",
    );
    expect(await Repository.exists(storage)).toBe(false);
  });
});

describe("configuration at creation", () => {
  it("is persisted only if it differs from the defaults", async () => {
    const [plain, same, other] = [memoryStorage(), memoryStorage(), memoryStorage()];
    await Repository.create(plain);
    await Repository.create(same, { config: { inlineChunkThresholdBytes: 512 } });
    await Repository.create(other, { config: { inlineChunkThresholdBytes: 100 } });

    expect(await Repository.fetchConfig(plain)).toBeUndefined();
    expect(await Repository.fetchConfig(same)).toBeUndefined();
    expect(await Repository.fetchConfig(other)).toMatchObject({ inlineChunkThresholdBytes: 100 });
    expect((await Repository.open(other)).config.inlineChunkThresholdBytes).toBe(100);
  });

  it("can keep official clients from committing blindly", async () => {
    const storage = memoryStorage();

    await Repository.create(storage, { refuseForeignWriters: true });

    expect(await Repository.fetchConfig(storage)).toMatchObject({
      storage: { unsafeUseConditionalUpdate: true },
    });
  });
});
