import { describe, expect, it } from "vitest";
import { METADATA_BYTES_MAX } from "../../../src/assets/asset-limits.ts";
import { decodeRepo } from "../../../src/assets/repo-object.ts";
import { makeError } from "../../../src/base/errors.ts";
import type { RepoInfo } from "../../../src/format/repo/read.ts";
import { memoryStorage } from "../../../src/storage/memory.ts";
import { recordingStorage } from "./recording-storage.ts";
import {
  NOON_MICROS,
  repoStateOn,
  stillRuntime,
  storageWithRepo,
  tagMain,
  wholeOpsLog,
} from "./repo-fixture.ts";

const HOUR_MICROS = 3_600_000_000;

const tagNames = (repo: RepoInfo): string[] => [...repo.tags.keys()].sort();

describe("update", () => {
  it("changes the repository and says so in the ops log", async () => {
    const storage = await storageWithRepo();

    const repo = await repoStateOn(storage).update(tagMain("v1"));

    expect(tagNames(repo)).toEqual(["v1"]);
    expect(tagNames(await repoStateOn(storage).read())).toEqual(["v1"]);
    expect((await wholeOpsLog(storage)).map(({ update }) => update.kind)).toEqual([
      "tag-created",
      "repo-initialized",
    ]);
  });

  it("keeps a copy of the state it replaces, named in the entry that was newest", async () => {
    const storage = await storageWithRepo();
    const before = await storage.get("repo");

    const repo = await repoStateOn(storage).update(tagMain("v1"));

    const backup = repo.latestUpdates[1]?.backupPath as string;
    expect(backup).toMatch(/^repo\.\d{14}\.[0-9A-HJKMNP-TV-Z]{20}$/);
    expect((await storage.get(`overwritten/${backup}`))?.bytes).toEqual(before?.bytes);
  });

  it("costs a read, a copy and a put, and no read when the newest state is known", async () => {
    const storage = recordingStorage(await storageWithRepo());
    const repoState = repoStateOn(storage);

    await repoState.update(tagMain("v1"));
    await repoState.update(tagMain("v2"));

    expect(storage.requests).toEqual([
      "get repo",
      "copy repo",
      "put repo",
      "copy repo",
      "put repo",
    ]);
  });

  it("publishes updates that wait by one put, in the order of the calls", async () => {
    const storage = recordingStorage(await storageWithRepo());
    const repoState = repoStateOn(storage);
    const names = Array.from({ length: 20 }, (_, at) => `v${at}`);

    await Promise.all(names.map((name) => repoState.update(tagMain(name))));

    expect(storage.requests.filter((request) => request === "put repo")).toHaveLength(1);
    const log = await wholeOpsLog(storage);
    expect(log.slice(0, -1).map(({ update }) => update)).toEqual(
      names.map((name) => ({ kind: "tag-created", name })).reverse(),
    );
  });

  it("refuses one update of a group without harm to the others", async () => {
    const repoState = repoStateOn(await storageWithRepo());
    const refuse = (): never => {
      throw makeError("tag-already-exists", "taken");
    };

    const [a, b, c] = await Promise.allSettled([
      repoState.update(tagMain("a")),
      repoState.update(refuse),
      repoState.update(tagMain("c")),
    ]);

    expect([a.status, b.status, c.status]).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(tagNames(await repoState.read())).toEqual(["a", "c"]);
  });

  it("copies nothing aside for an update that is refused", async () => {
    const storage = recordingStorage(await storageWithRepo());
    const refuse = (): never => {
      throw makeError("commit-conflict", "moved");
    };

    await expect(repoStateOn(storage).update(refuse)).rejects.toMatchObject({
      kind: "commit-conflict",
    });
    expect(storage.requests).toEqual(["get repo"]);
  });

  it("does not refuse on the ground of a state that is out of date", async () => {
    const storage = await storageWithRepo();
    const ours = repoStateOn(storage);
    await ours.update(tagMain("mine"));
    await repoStateOn(storage).update(tagMain("theirs"));

    const repo = await ours.update((repo) => {
      if (!repo.tags.has("theirs")) throw makeError("tag-not-found", "no such tag");
      return tagMain("after theirs")(repo);
    });

    expect(tagNames(repo)).toEqual(["after theirs", "mine", "theirs"]);
  });

  it("loses no update of writers that race", async () => {
    const storage = await storageWithRepo();
    const names = Array.from({ length: 24 }, (_, at) => `v${String(at).padStart(2, "0")}`);

    await Promise.all(names.map((name) => repoStateOn(storage).update(tagMain(name))));

    expect(tagNames(await repoStateOn(storage).read())).toEqual(names);
    expect(await wholeOpsLog(storage)).toHaveLength(25);
  });

  it("gives up after the configured number of lost races", async () => {
    const inner = await storageWithRepo();
    const rival = repoStateOn(inner);
    const storage = recordingStorage(inner);
    let rounds = 0;
    storage.before = async (operation) => {
      if (operation === "put") await rival.update(tagMain(`rival ${rounds++}`));
    };
    const runtime = stillRuntime();
    const retry = { attemptsMax: 9, initialBackoffMs: 50, maxBackoffMs: 150 };

    const update = repoStateOn(storage, { runtime, retry }).update(tagMain("v1"));

    await expect(update).rejects.toMatchObject({
      kind: "update-attempts-exhausted",
      details: { attempts: 9 },
    });
    expect(rounds).toBe(9);
    expect(runtime.sleeps).toHaveLength(3); // The first five retries do not wait.
    for (const [at, ceilingMs] of [50, 100, 150].entries()) {
      expect(runtime.sleeps[at]).toBeLessThanOrEqual(ceilingMs);
    }
  });

  it("serves updates of one process in turn: none waits for a later one", async () => {
    const repoState = repoStateOn(await storageWithRepo());
    const settled: number[] = [];

    const updates: Promise<unknown>[] = [];
    for (let at = 0; at < 200; at++) {
      updates.push(repoState.update(tagMain(`v${at}`)).then(() => settled.push(at)));
      if (at % 7 === 0) await Promise.resolve();
    }
    await Promise.all(updates);

    expect(settled).toEqual(settled.toSorted((a, b) => a - b));
  });

  it("refuses while the repository is read-only, unless the update may bypass that", async () => {
    const repoState = repoStateOn(await storageWithRepo());
    const readOnly = {
      availability: "read-only",
      setAtMicros: 1,
      limitedAvailabilityReason: "moving",
    } as const;
    await repoState.update((repo) => ({
      repo: { ...repo, status: readOnly },
      updates: [{ kind: "repo-status-changed", status: readOnly }],
    }));

    await expect(repoState.update(tagMain("v1"))).rejects.toMatchObject({
      kind: "read-only-repository",
      details: { reason: "moving" },
    });
    const repo = await repoState.update(tagMain("v1"), { bypassStatus: true });
    expect(tagNames(repo)).toEqual(["v1"]);
  });

  it("refuses a storage that cannot swap safely, or takes no writes", async () => {
    const inner = await storageWithRepo();
    const blind = recordingStorage(inner, { conditionalUpdate: false });
    const readOnly = recordingStorage(inner, { write: false });

    await expect(repoStateOn(blind).update(tagMain("v"))).rejects.toMatchObject({
      kind: "condition-not-supported",
    });
    await expect(repoStateOn(readOnly).update(tagMain("v"))).rejects.toMatchObject({
      kind: "read-only-storage",
    });
    expect([...blind.requests, ...readOnly.requests]).toEqual([]);
  });

  it("stamps the put with a write id and the official keys where the storage keeps metadata", async () => {
    const storage = await storageWithRepo();

    await repoStateOn(storage).update(tagMain("v1"));

    expect((await storage.head("repo"))?.metadata).toMatchObject({
      icspecver: "2",
      icfiletype: "repo-info",
      iccompalg: "zstd",
      icechunkwriteid: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
    });
  });
});

describe("time", () => {
  it("rises strictly over 2,000 updates within one millisecond", async () => {
    const runtime = stillRuntime();
    const storage = await storageWithRepo(runtime, memoryStorage({ runtime }));
    const repoState = repoStateOn(storage, { runtime, entriesPerFile: 100 });

    for (let at = 0; at < 2000; at++) await repoState.update(tagMain("again"));

    const times = (await wholeOpsLog(storage)).map(({ updatedAtMicros }) => updatedAtMicros);
    expect(times).toEqual(Array.from({ length: 2001 }, (_, at) => NOON_MICROS + 2000 - at));
  });

  it("is each repository's own: two in one process may live an hour apart", async () => {
    const early = stillRuntime(NOON_MICROS);
    const late = stillRuntime(NOON_MICROS + HOUR_MICROS);

    const [a, b] = await Promise.all(
      [early, late].map(async (runtime) => {
        const storage = await storageWithRepo(runtime, memoryStorage({ runtime }));
        return repoStateOn(storage, { runtime }).update(tagMain("v1"));
      }),
    );

    const newest = (repo: RepoInfo | undefined) => repo?.latestUpdates[0]?.updatedAtMicros;
    expect(newest(a)).toBe(NOON_MICROS + 1);
    expect(newest(b)).toBe(NOON_MICROS + HOUR_MICROS + 1);
  });

  it("stays in order when the clock goes back, up to 600 s", async () => {
    const runtime = stillRuntime();
    const storage = await storageWithRepo(runtime, memoryStorage({ runtime }));
    runtime.nowMicrosIs = NOON_MICROS - 600_000_000;
    const repoState = repoStateOn(storage, { runtime });

    const repo = await repoState.update(tagMain("v1"));
    runtime.nowMicrosIs -= 1;

    expect(repo.latestUpdates[0]?.updatedAtMicros).toBe(NOON_MICROS + 1);
    await expect(repoState.update(tagMain("v2"))).rejects.toMatchObject({
      kind: "snapshot-timestamp",
    });
  });
});

describe("ops log", () => {
  it("rolls over into the backups as the official engine's does, with 4 entries per file", async () => {
    const storage = await storageWithRepo();
    const repoState = repoStateOn(storage, { entriesPerFile: 4 });

    for (let at = 0; at < 10; at++) {
      const repo = await repoState.update(tagMain(`v${at}`));
      expect(repo.latestUpdates.length).toBe(Math.min(at + 2, 4));
      expect(repo.latestUpdates[0]?.backupPath).toBeUndefined();
    }

    const log = await wholeOpsLog(storage);
    expect(log.map(({ update }) => ("name" in update ? update.name : update.kind))).toEqual([
      ...Array.from({ length: 10 }, (_, at) => `v${9 - at}`),
      "repo-initialized",
    ]);
  });

  it("has a backup for every entry of the past: the state right after it", async () => {
    const storage = await storageWithRepo();
    const repoState = repoStateOn(storage);
    for (let at = 0; at < 5; at++) await repoState.update(tagMain(`v${at}`));

    for (const { update, backupPath } of (await wholeOpsLog(storage)).slice(1)) {
      const stored = await storage.get(`overwritten/${backupPath}`);
      const state = await decodeRepo(stored?.bytes as Uint8Array, "backup", METADATA_BYTES_MAX);
      expect(state.latestUpdates[0]?.update).toEqual(update);
    }
  });
});
