import { describe, expect, it } from "vitest";
import type { RepoState } from "../../../src/assets/repo-state.ts";
import { makeError } from "../../../src/base/errors.ts";
import { memoryStorage } from "../../../src/storage/memory.ts";
import type { Storage } from "../../../src/storage/port.ts";
import { simulatedRuntime } from "../../../src/testing/simulated-runtime.ts";
import { recordingStorage } from "./recording-storage.ts";
import { NOON_MICROS, repoStateOn, storageWithRepo, tagMain } from "./repo-fixture.ts";

/** As `repoStateOn`, under a clock that stands: reads wait for the one before them. */
const patientStateOn = (storage: Storage): RepoState =>
  repoStateOn(storage, {
    runtime: simulatedRuntime({ autoAdvance: false, startMicros: NOON_MICROS }),
  });

describe("read", () => {
  it("costs one GET, and one conditional GET from then on", async () => {
    const storage = recordingStorage(await storageWithRepo());
    const repoState = patientStateOn(storage);

    const first = await repoState.read();
    const second = await repoState.read();

    expect(storage.requests).toEqual(["get repo", "getIfChanged repo"]);
    expect(second).toBe(first);
  });

  it("is shared by calls of one turn", async () => {
    const storage = recordingStorage(await storageWithRepo());
    const repoState = patientStateOn(storage);

    await Promise.all(Array.from({ length: 50 }, () => repoState.read()));

    expect(storage.requests).toEqual(["get repo"]);
  });

  it("sees a commit acknowledged before the call, though an older read is still under way", async () => {
    const inner = await storageWithRepo();
    const storage = recordingStorage(inner);
    const repoState = patientStateOn(storage);
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const answered = new Promise<void>((resolve) => {
      storage.after = () => {
        resolve();
        return held;
      };
    });

    const older = repoState.read(); // Its reply is made, and held back.
    await answered;
    await repoStateOn(inner).update(tagMain("v1"));
    const newer = repoState.read();
    storage.after = () => undefined;
    release();

    expect((await older).tags.has("v1")).toBe(false);
    expect((await newer).tags.has("v1")).toBe(true);
  });

  it("waits in one queue: many calls during a read make one more", async () => {
    const storage = recordingStorage(await storageWithRepo());
    const repoState = patientStateOn(storage);
    let release = (): void => undefined;
    storage.before = () => new Promise<void>((resolve) => (release = resolve));

    const first = repoState.read();
    for (let turn = 0; turn < 5; turn++) await Promise.resolve();
    const others: Promise<unknown>[] = [];
    for (let at = 0; at < 20; at++) {
      others.push(repoState.read());
      await Promise.resolve();
    }
    storage.before = () => undefined;
    release();
    await Promise.all([first, ...others]);

    expect(storage.requests).toHaveLength(2);
  });

  it("does not hand the failure of one read to the next", async () => {
    const storage = recordingStorage(await storageWithRepo());
    const repoState = patientStateOn(storage);
    storage.before = () => {
      storage.before = () => undefined;
      throw makeError("object-store", "the network is down");
    };

    await expect(repoState.read()).rejects.toMatchObject({ kind: "object-store" });
    expect((await repoState.read()).branches.has("main")).toBe(true);
  });

  it("ends for the caller that aborts, not for the others", async () => {
    const storage = recordingStorage(await storageWithRepo());
    const repoState = patientStateOn(storage);
    const aborting = new AbortController();

    const aborted = repoState.read(aborting.signal);
    const other = repoState.read();
    aborting.abort("enough");

    await expect(aborted).rejects.toBe("enough");
    expect((await other).branches.has("main")).toBe(true);
  });

  it("is aborted once all its callers have aborted, and the next read begins", async () => {
    const storage = recordingStorage(await storageWithRepo());
    const repoState = patientStateOn(storage);
    const aborting = new AbortController();
    storage.before = () => new Promise<never>(() => undefined);
    const stuck = [repoState.read(aborting.signal), repoState.read(aborting.signal)];
    while (storage.requests.length === 0) await Promise.resolve();
    storage.before = () => undefined;

    const waiting = repoState.read();
    aborting.abort("enough");
    const fresh = repoState.read();

    expect(await Promise.allSettled(stuck)).toMatchObject([
      { reason: "enough" },
      { reason: "enough" },
    ]);
    expect(storage.signals[0]?.aborted).toBe(true);
    expect((await waiting).branches.has("main")).toBe(true);
    expect(await fresh).toBe(await waiting);
    expect(storage.requests).toHaveLength(2);
  });

  it("begins beside up to three stuck ones, each a second after the one before", async () => {
    const storage = recordingStorage(await storageWithRepo());
    const runtime = simulatedRuntime({ autoAdvance: false });
    const repoState = repoStateOn(storage, { runtime });
    storage.before = () => new Promise(() => undefined);

    for (let reads = 1; reads <= 6; reads++) {
      void repoState.read();
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
      runtime.advance(1000);
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
      expect(storage.requests).toHaveLength(Math.min(reads, 4));
    }
    expect(runtime.sleeperCount).toBe(0);
  });

  it("is not made at all if its callers abort before its turn", async () => {
    const storage = recordingStorage(await storageWithRepo());
    const repoState = patientStateOn(storage);
    const aborting = new AbortController();
    let answer = (): void => undefined;
    storage.after = () => new Promise<void>((resolve) => (answer = resolve));
    const first = repoState.read();
    while (storage.requests.length === 0) await Promise.resolve();
    const second = repoState.read(aborting.signal);
    await new Promise((resolve) => setImmediate(resolve));

    aborting.abort("enough");
    const third = repoState.read();
    storage.after = () => undefined;
    answer();

    await expect(second).rejects.toBe("enough");
    expect(await third).toBe(await first);
    expect(storage.requests).toHaveLength(2);
  });

  it("says that there is no repository, also where it has vanished", async () => {
    const storage = await storageWithRepo();
    const repoState = patientStateOn(storage);
    await repoState.read();
    await storage.delete(["repo"]);

    await expect(repoState.read()).rejects.toMatchObject({ kind: "repository-not-found" });
    await expect(repoStateOn(memoryStorage()).read()).rejects.toMatchObject({
      kind: "repository-not-found",
    });
  });
});
