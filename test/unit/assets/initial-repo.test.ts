import { describe, expect, it } from "vitest";
import { makeError } from "../../../src/base/errors.ts";
import { memoryStorage } from "../../../src/storage/memory.ts";
import { recordingStorage } from "./recording-storage.ts";
import {
  NOON_MICROS,
  repoStateOn,
  stillRuntime,
  storageWithRepo,
  tagMain,
} from "./repo-fixture.ts";
import { ROOT_ID } from "./repo-values.ts";

describe("writeInitialRepo", () => {
  it("puts snapshot and log, then repo, each only where there is none", async () => {
    const storage = recordingStorage(memoryStorage());

    await storageWithRepo(stillRuntime(), storage);

    expect(storage.requests.slice(0, 2).sort()).toEqual([
      `put snapshots/${ROOT_ID}`,
      `put transactions/${ROOT_ID}`,
    ]);
    expect(storage.requests.slice(2)).toEqual(["put repo"]);
    const repo = await repoStateOn(storage).read();
    expect([...repo.branches]).toEqual([["main", ROOT_ID]]);
    expect(repo.snapshots.get(ROOT_ID)).toMatchObject({
      message: "Repository initialized",
      flushedAtMicros: NOON_MICROS,
    });
    expect(repo.latestUpdates).toMatchObject([{ update: { kind: "repo-initialized" } }]);
  });

  it("lets one of several creators win, and takes over the snapshot that stands already", async () => {
    const storage = memoryStorage();

    const results = await Promise.allSettled(
      [0, 1, 2].map((hours) => storageWithRepo(stillRuntime(NOON_MICROS + hours), storage)),
    );

    const lost = results.filter((result) => result.status === "rejected");
    expect(lost.map(({ reason }) => reason.kind)).toEqual([
      "repo-info-updated",
      "repo-info-updated",
    ]);
    const repo = await repoStateOn(storage).read();
    expect(repo.snapshots.get(ROOT_ID)?.flushedAtMicros).toBe(NOON_MICROS);
  });

  it("is repeated where an earlier one was interrupted after any request", async () => {
    for (const interruptedAt of [0, 1, 2]) {
      const inner = memoryStorage();
      const storage = recordingStorage(inner);
      let requests = 0;
      storage.before = () => {
        if (requests++ >= interruptedAt) throw makeError("io", "the process died");
      };
      await expect(storageWithRepo(stillRuntime(), storage)).rejects.toMatchObject({ kind: "io" });

      await storageWithRepo(stillRuntime(NOON_MICROS + 5), inner);

      expect((await repoStateOn(inner).read()).branches.get("main")).toBe(ROOT_ID);
    }
  });

  it("never replaces a snapshot that is not an initial one", async () => {
    const storage = memoryStorage();
    const bytes = Uint8Array.of(1, 2, 3);
    await storage.put(`snapshots/${ROOT_ID}`, bytes, { objectKind: "other" });

    await expect(storageWithRepo(stillRuntime(), storage)).rejects.toMatchObject({
      kind: "invalid-file-format",
    });
    expect((await storage.get(`snapshots/${ROOT_ID}`))?.bytes).toEqual(bytes);
  });

  for (const userMetadata of [true, false]) {
    const where = userMetadata ? "with" : "without";
    it(`recognises its own put when the reply is lost, ${where} user metadata`, async () => {
      const inner = memoryStorage();
      const storage = recordingStorage(inner, { userMetadata });
      let losses = 0;
      storage.after = (operation, path) => {
        if (operation !== "put" || path !== "repo" || losses++ > 0) return;
        throw makeError("unknown-outcome", "the reply was lost");
      };

      await storageWithRepo(stillRuntime(), storage);

      expect(losses).toBe(1);
    });

    it(`recognises its own put under a commit of another client, ${where} user metadata`, async () => {
      const inner = memoryStorage();
      const storage = recordingStorage(inner, { userMetadata });
      let losses = 0;
      storage.after = async (operation, path) => {
        if (operation !== "put" || path !== "repo" || losses++ > 0) return;
        await repoStateOn(inner).update(tagMain("quick"));
        throw makeError("unknown-outcome", "the reply was lost");
      };

      await storageWithRepo(stillRuntime(), storage);

      expect((await repoStateOn(inner).read()).tags.has("quick")).toBe(true);
    });
  }
});
