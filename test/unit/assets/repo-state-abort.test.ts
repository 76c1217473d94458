import { describe, expect, it } from "vitest";
import { recordingStorage } from "./recording-storage.ts";
import { repoStateOn, stillRuntime, storageWithRepo, tagMain } from "./repo-fixture.ts";

describe("abort of an update", () => {
  it("rejects before anything is sent if the signal is aborted already", async () => {
    const storage = recordingStorage(await storageWithRepo());

    const update = repoStateOn(storage).update(tagMain("v1"), { signal: AbortSignal.abort("no") });

    await expect(update).rejects.toBe("no");
    expect(storage.requests).toEqual([]);
  });

  it("rejects at once while the state is read, and changes nothing", async () => {
    const inner = await storageWithRepo();
    const storage = recordingStorage(inner);
    const aborting = new AbortController();
    let release = (): void => undefined;
    storage.before = () => new Promise<void>((resolve) => (release = resolve));

    const update = repoStateOn(storage).update(tagMain("v1"), { signal: aborting.signal });
    await Promise.resolve();
    aborting.abort("enough");

    await expect(update).rejects.toBe("enough");
    release();
    expect((await repoStateOn(inner).read()).tags.size).toBe(0);
  });

  it("leaves the put out if it comes while the backup is made", async () => {
    const storage = recordingStorage(await storageWithRepo());
    const aborting = new AbortController();
    storage.after = (operation) => {
      if (operation === "copy") aborting.abort("enough");
    };

    const update = repoStateOn(storage).update(tagMain("v1"), { signal: aborting.signal });

    await expect(update).rejects.toBe("enough");
    expect(storage.requests).not.toContain("put repo");
  });

  it("takes only the aborted update out of a group", async () => {
    const storage = recordingStorage(await storageWithRepo());
    const repoState = repoStateOn(storage);
    const aborting = new AbortController();
    storage.after = (operation) => {
      if (operation === "copy") aborting.abort("enough");
    };

    const [a, b] = await Promise.allSettled([
      repoState.update(tagMain("a"), { signal: aborting.signal }),
      repoState.update(tagMain("b")),
    ]);

    expect(a).toEqual({ status: "rejected", reason: "enough" });
    expect(b.status).toBe("fulfilled");
    expect([...(await repoState.read()).tags.keys()]).toEqual(["b"]);
  });

  it("is ignored once the put is sent: the outcome is reported", async () => {
    const storage = recordingStorage(await storageWithRepo());
    const aborting = new AbortController();
    storage.before = (operation) => {
      if (operation === "put") aborting.abort("too late");
    };

    const repo = await repoStateOn(storage).update(tagMain("v1"), { signal: aborting.signal });

    expect([...repo.tags.keys()]).toEqual(["v1"]);
  });

  it("rejects after a lost race, before the next try", async () => {
    const inner = await storageWithRepo();
    const rival = repoStateOn(inner);
    const storage = recordingStorage(inner);
    const aborting = new AbortController();
    storage.before = async (operation) => {
      if (operation !== "put") return;
      await rival.update(tagMain("rival"));
      aborting.abort("enough");
    };

    const update = repoStateOn(storage).update(tagMain("v1"), { signal: aborting.signal });

    await expect(update).rejects.toBe("enough");
    expect([...(await rival.read()).tags.keys()]).toEqual(["rival"]);
  });

  it("lets the next update of the queue through while the first one backs off", async () => {
    const inner = await storageWithRepo();
    const rival = repoStateOn(inner);
    const storage = recordingStorage(inner);
    let rivals = 0;
    storage.before = async (operation) => {
      if (operation === "put" && rivals < 6) await rival.update(tagMain(`rival ${rivals++}`));
    };
    const aborting = new AbortController();
    const sleepUntilAborted = (_ms: number, signal?: AbortSignal): Promise<void> =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener("abort", () => reject(signal.reason));
        aborting.abort("tired of waiting");
      });
    const runtime = { ...stillRuntime(), sleep: sleepUntilAborted };
    const repoState = repoStateOn(storage, { runtime });

    const first = repoState.update(tagMain("first"), { signal: aborting.signal });
    first.catch(() => undefined);
    // The first is under way alone.
    while (storage.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const second = repoState.update(tagMain("second"));

    await expect(first).rejects.toBe("tired of waiting");
    expect((await second).tags.has("second")).toBe(true);
  });

  it("lets the next update of the queue through where the first one waits for a silent storage", async () => {
    const inner = await storageWithRepo();
    const storage = recordingStorage(inner);
    const repoState = repoStateOn(storage);
    const aborting = new AbortController();
    storage.before = () => new Promise<never>(() => undefined);
    const first = repoState.update(tagMain("first"), { signal: aborting.signal });
    first.catch(() => undefined);
    while (storage.requests.length === 0) await new Promise((resolve) => setImmediate(resolve));
    storage.before = () => undefined;
    const second = repoState.update(tagMain("second"));

    aborting.abort("enough");

    await expect(first).rejects.toBe("enough");
    expect([...(await second).tags.keys()]).toEqual(["second"]);
  });
});
