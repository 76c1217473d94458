/**
 * Every operation on a local folder, its process stopped before each file system call; and power
 * loss at each call of a commit, for each durability level what it promises.
 */
import { describe, expect, test } from "vitest";
import type { Storage } from "../../src/index.ts";
import { type Durability, localFilesystemStorage } from "../../src/storage/local/index.ts";
import { simulatedRuntime } from "../../src/testing/simulated-runtime.ts";
import { strideOf } from "../runs.ts";
import { type Gate, SimulatedDisk } from "../storage/simulated-disk.ts";
import { chunk } from "../unit/session/fixture.ts";
import { leftoversIn } from "./leftovers.ts";
import { build, OPERATIONS, type Operation, open, stateOf } from "./world.ts";

const CALLS_MAX = 2000;
const POWER_LOSSES_PER_CALL = 3;
const POWER_STRIDE = strideOf(3);

const mount = (disk: SimulatedDisk, durability: Durability, gate?: Gate): Storage =>
  localFilesystemStorage("/data/root", {
    durability,
    fileSystem: disk.mount(gate),
    runtime: simulatedRuntime({ startMicros: Number(disk.nowNs / 1000n) }),
  });

async function newDisk(durability: Durability): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  await build(mount(disk, durability));
  return disk;
}

interface Stopped {
  readonly wasStopped: boolean;
  readonly acknowledged: boolean;
}

/** Runs `operation` until file system call number `last`, which is never made, nor any after it. */
function runUntil(
  disk: SimulatedDisk,
  durability: Durability,
  operation: Operation,
  last: number,
): Promise<Stopped> {
  let calls = 0;
  return new Promise((resolve) => {
    const gate = (): Promise<void> | void => {
      if (calls++ < last) return;
      resolve({ wasStopped: true, acknowledged: false });
      return new Promise(() => {}); // A killed process makes no more calls.
    };
    const storage = mount(disk, durability, gate);
    const ended = (acknowledged: boolean): void => resolve({ wasStopped: false, acknowledged });
    open(storage, 5)
      .then((repository) => operation(repository, storage))
      .then(
        () => ended(true),
        () => ended(false),
      );
  });
}

async function newStateOf(operation: Operation): Promise<unknown> {
  const storage = mount(await newDisk("none"), "none");
  await operation(await open(storage, 5), storage);
  return stateOf(storage);
}

async function expectUsable(storage: Storage, state: unknown): Promise<void> {
  const outcomes = await storage.delete(await leftoversIn(storage));
  expect(outcomes.filter(({ outcome }) => outcome === "failed")).toEqual([]);
  expect(await leftoversIn(storage)).toEqual([]);
  expect(await stateOf(storage)).toEqual(state);
  const repository = await open(storage, 6);
  const session = await repository.writableSession("main");
  await session.store.set("a/c/7", chunk(33, 7));
  const id = await session.commit("went on");
  expect(await (await open(storage, 7)).lookupBranch("main")).toBe(id);
}

describe.each(Object.entries(OPERATIONS))("%s on a local folder", (_, operation) => {
  test("with its process stopped before each file system call leaves the old state or the new", async () => {
    const oldState = await stateOf(mount(await newDisk("none"), "none"));
    const newState = await newStateOf(operation);
    const seen = { old: 0, new: 0 };
    for (let last = 0; last < CALLS_MAX; last++) {
      const disk = await newDisk("none");
      const { wasStopped } = await runUntil(disk, "none", operation, last);
      if (!wasStopped) break;
      const storage = mount(disk, "none");

      const state = await stateOf(storage);

      const isNew = JSON.stringify(state) === JSON.stringify(newState);
      expect(state).toEqual(isNew ? newState : oldState);
      seen[isNew ? "new" : "old"]++;
      await expectUsable(storage, state);
    }
    expect(seen.old).toBeGreaterThan(0);
    expect(seen.new).toBeGreaterThan(0); // From the call that decides to the one that tidies up.
  });
});

/** What the disk keeps of what was not synced: nothing, everything, or by dice. */
function keepers(seed: number): (() => boolean)[] {
  const dice = simulatedRuntime({ seed });
  const thrown = () => (dice.randomBytes(1)[0] as number) < 128;
  return [() => false, () => true, thrown].slice(0, POWER_LOSSES_PER_CALL);
}

describe("a power loss during a commit on a local folder", () => {
  const commit = OPERATIONS["commit"] as Operation;

  test("with full durability leaves the old state or the new, and the new once it is acknowledged", async () => {
    const oldState = await stateOf(mount(await newDisk("full"), "full"));
    const newState = await newStateOf(commit);
    for (let last = 0, isOver = false; !isOver && last < CALLS_MAX; last += POWER_STRIDE) {
      const disk = await newDisk("full");
      const { wasStopped, acknowledged } = await runUntil(disk, "full", commit, last);
      isOver = !wasStopped;
      for (const keep of keepers(last)) {
        const storage = mount(disk.losePower(keep), "full");

        const state = await stateOf(storage);

        const isNew = JSON.stringify(state) === JSON.stringify(newState);
        expect(state).toEqual(isNew ? newState : oldState);
        if (acknowledged) expect(isNew).toBe(true);
        await expectUsable(storage, state);
      }
    }
  });

  test("with durability metadata costs bytes of chunks at most: history and references stay whole", async () => {
    const whole = async (storage: Storage): Promise<string[]> => {
      const repository = await open(storage, 9);
      const session = await repository.readonlySession("main");
      const keys = await session.store.list().toArray();
      for (const key of keys) await session.store.getSize(key);
      return [...(await repository.ancestry("main").toArray()).map(({ message }) => message)];
    };
    const before = await whole(mount(await newDisk("metadata"), "metadata"));
    for (let last = 0, isOver = false; !isOver && last < CALLS_MAX; last += POWER_STRIDE) {
      const disk = await newDisk("metadata");
      const { wasStopped, acknowledged } = await runUntil(disk, "metadata", commit, last);
      isOver = !wasStopped;
      for (const keep of keepers(last)) {
        const storage = mount(disk.losePower(keep), "metadata");

        const messages = await whole(storage);

        if (acknowledged) expect(messages).toEqual(["changed", ...before]);
        else expect([before, ["changed", ...before]]).toContainEqual(messages);
      }
    }
  });
});
