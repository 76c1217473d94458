import { describe, expect, it } from "vitest";
import { isIcefloeError } from "../../../src/base/errors.ts";
import { memoryStorage } from "../../../src/storage/memory.ts";
import { type Fault, faultyStorage } from "../../../src/testing/faulty-storage.ts";
import { simulatedRuntime } from "../../../src/testing/simulated-runtime.ts";
import { repoStateOn, storageWithRepo, tagMain, wholeOpsLog } from "./repo-fixture.ts";

const SEEDS = 60;
const WRITERS = 4;
const UPDATES_PER_WRITER = 6;

const ON_REPO: Fault[] = [
  { effect: "lost-reply", operations: ["put"], path: /^repo$/, probability: 0.15 },
  { effect: "duplicate", operations: ["put"], path: /^repo$/, probability: 0.1 },
  { effect: "fail-before", operations: ["put"], path: /^repo$/, probability: 0.05 },
  { effect: "lost-reply", operations: ["getIfChanged", "copy"], probability: 0.05 },
  { effect: "fail-before", operations: ["get", "getIfChanged", "copy"], probability: 0.05 },
  { effect: "delay", probability: 0.3, delayMs: 50 },
];

/** Writers that tag under faults; resolves to the fate that each tag was reported to have. */
async function history(seed: number) {
  const runtime = simulatedRuntime({ seed });
  const storage = await storageWithRepo(runtime, memoryStorage({ runtime }));
  const fates = new Map<string, "acknowledged" | "unknown" | "failed">();
  const writer = async (w: number): Promise<void> => {
    const faulty = faultyStorage(storage, { faults: ON_REPO, runtime });
    const repoState = repoStateOn(faulty, { runtime, entriesPerFile: 3 });
    const update = async (name: string): Promise<void> => {
      try {
        await repoState.update(tagMain(name));
        fates.set(name, "acknowledged");
      } catch (error) {
        if (!isIcefloeError(error)) throw error;
        fates.set(name, error.kind === "unknown-outcome" ? "unknown" : "failed");
      }
    };
    for (let n = 0; n < UPDATES_PER_WRITER; n += 2) {
      await Promise.all([update(`w${w} n${n}`), update(`w${w} n${n + 1}`)]);
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, w) => writer(w)));
  return { fates, storage };
}

describe("updates under lost replies, duplicates, failures and delays", () => {
  it("are never reported wrong, and never take effect twice", async () => {
    const count = { acknowledged: 0, unknown: 0, failed: 0 };
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { fates, storage } = await history(seed);

      const repo = await repoStateOn(storage).read();
      const log = await wholeOpsLog(storage);
      const created = log.flatMap(({ update }) => ("name" in update ? [update.name] : []));
      const times = log.map(({ updatedAtMicros }) => updatedAtMicros);
      const where = `seed ${seed}`;
      expect(created.toSorted(), where).toEqual([...repo.tags.keys()].toSorted());
      expect(new Set(created).size, where).toBe(created.length);
      expect(times, where).toEqual([...new Set(times)].toSorted((a, b) => b - a));
      for (const [name, fate] of fates) {
        count[fate]++;
        if (fate !== "unknown")
          expect([where, name, repo.tags.has(name)]).toEqual([
            where,
            name,
            fate === "acknowledged",
          ]);
      }
    }
    expect(count.acknowledged + count.unknown + count.failed).toBe(
      SEEDS * WRITERS * UPDATES_PER_WRITER,
    );
    expect(count.acknowledged).toBeGreaterThan(count.failed);
    expect(count.failed).toBeGreaterThan(0);
  });
});
