/**
 * The real compare-and-swap, several processes on one simulated disk, one file system call at a
 * time in a chosen order: every schedule with few switches, every death, and random ones.
 */
import { describe, expect, test } from "vitest";
import { isIcefloeError } from "../../src/base/errors.ts";
import { randomFraction } from "../../src/base/runtime.ts";
import { localFilesystemStorage } from "../../src/storage/local/index.ts";
import type { Storage } from "../../src/storage/port.ts";
import { simulatedRuntime } from "../../src/testing/simulated-runtime.ts";
import { SimulatedDisk } from "../storage/simulated-disk.ts";

const PUTS = 2;
const TRIES_MAX = 40;

interface Process {
  isDone: boolean;
  isDead: boolean;
  /** Each lets a step be made that waits for it. */
  waiting: (() => void)[];
  /** Numbers whose put was acknowledged. */
  acknowledged: number[];
  /** Numbers whose put reported a lost race. */
  failed: number[];
  /** How many puts could not say what became of them. */
  unknown: number;
}

/** Always of one size, so that versions cannot differ by it. */
const encode = (numbers: readonly number[]): Uint8Array =>
  Uint8Array.from({ length: 64 }, (_, index) => numbers[index] ?? 0);
const decode = (bytes: Uint8Array): number[] => [...bytes].filter((number) => number !== 0);

/** Appends `PUTS` numbers of its own to the object, one by one, by read and conditional put. */
async function append(storage: Storage, process: Process, own: number): Promise<void> {
  let tries = 0;
  for (let turn = 0; turn < PUTS; ) {
    if (++tries > TRIES_MAX) throw new Error("it never wins");
    const found = await storage.get("repo");
    if (found === undefined) throw new Error("the object is absent");
    const number = own * 50 + tries; // Another one each time: what failed must never be seen.
    const outcome = await storage
      .put("repo", encode([...decode(found.bytes), number]), {
        objectKind: "repo",
        condition: { ifMatch: found.version },
      })
      .then(
        (done) => done.outcome,
        (error) => {
          if (!isIcefloeError(error, "unknown-outcome")) throw error;
          return error.kind;
        },
      );
    if (outcome === "condition-failed") process.failed.push(number);
    if (outcome === "unknown-outcome") process.unknown++;
    if (outcome !== "written") continue;
    process.acknowledged.push(number);
    turn++;
  }
}

/** Lets everything run that can without another step of the disk; sleepers wake meanwhile. */
async function settled(processes: readonly Process[]): Promise<void> {
  const isIdle = (): boolean =>
    processes.every(({ isDone, isDead, waiting }) => isDone || isDead || waiting.length > 0);
  for (let turn = 0; turn < 40 || !isIdle(); turn++) {
    if (turn > 100_000) throw new Error("a process waits for something else");
    await undefined;
  }
}

async function newDisk(clockAheadMs: number): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  disk.nowNs += BigInt(clockAheadMs) * 1_000_000n;
  const storage = openStorage(disk, 9);
  await storage.put("repo", encode([1]), { objectKind: "repo", condition: { ifAbsent: true } });
  return disk;
}

const openStorage = (disk: SimulatedDisk, seed: number, gate?: () => Promise<void>): Storage =>
  localFilesystemStorage("/root", {
    durability: "none",
    fileSystem: disk.mount(gate),
    runtime: simulatedRuntime({ seed }),
  });

/**
 * Runs `count` processes; before each step `choose` names the process that makes it, among those
 * that wait for one, or one that dies. Returns what stands in the object in the end.
 */
async function run(
  count: number,
  choose: (waiting: readonly number[], step: number) => { next: number; dies?: boolean },
  diskClockAheadMs: number = 0,
): Promise<{ processes: Process[]; content: number[]; steps: number }> {
  const disk = await newDisk(diskClockAheadMs);
  const processes: Process[] = Array.from({ length: count }, () => ({
    isDone: false,
    isDead: false,
    waiting: [],
    acknowledged: [],
    failed: [],
    unknown: 0,
  }));
  const failures: unknown[] = [];
  for (const [index, process] of processes.entries()) {
    const gate = () =>
      new Promise<void>((resolve) => {
        process.waiting.push(resolve);
      });
    append(openStorage(disk, index + 1, gate), process, index + 1)
      .catch((error) => failures.push(error))
      .finally(() => {
        process.isDone = true;
      });
  }
  let steps = 0;
  for (await settled(processes); ; await settled(processes), steps++) {
    const waiting = [...processes.keys()].filter((index) => {
      const process = processes[index] as Process;
      return !process.isDone && !process.isDead;
    });
    if (waiting.length === 0) break;
    const { next, dies } = choose(waiting, steps);
    const process = processes[next] as Process;
    if (dies) process.isDead = true;
    else process.waiting.shift()?.();
  }
  expect(failures).toEqual([]);
  const found = await openStorage(disk, 8).get("repo");
  return { processes, content: decode(found?.bytes ?? new Uint8Array(0)), steps };
}

/** What must hold after any schedule: nothing acknowledged is lost, nothing refused is there. */
function check(outcome: Awaited<ReturnType<typeof run>>, unknownMax: number = 0): void {
  const { processes, content } = outcome;
  const acknowledged = processes.flatMap((process) => process.acknowledged);
  const failed = processes.flatMap((process) => process.failed);
  expect(new Set(content).size).toBe(content.length);
  for (const number of acknowledged) expect(content).toContain(number);
  for (const number of failed) expect(content).not.toContain(number);
  // One put of each process that died may have landed unheard.
  const died = processes.filter((process) => process.isDead).length;
  const unknown = processes.reduce((sum, process) => sum + process.unknown, 0);
  expect(unknown).toBeLessThanOrEqual(unknownMax);
  expect(content.length - 1 - acknowledged.length).toBeLessThanOrEqual(died + unknown);
}

/** Runs `first` until a switch names another, and whoever is left when it is done. */
const withSwitches = (first: number, switches: ReadonlyMap<number, number>, deathAt = -1) => {
  let current = first;
  return (waiting: readonly number[], step: number) => {
    current = switches.get(step) ?? current;
    if (!waiting.includes(current)) current = waiting[0] as number;
    return { next: current, dies: step === deathAt };
  };
};

describe("the local compare-and-swap, step by step", () => {
  test("no schedule of two processes with up to two switches loses a put", async () => {
    const { steps } = await run(2, withSwitches(0, new Map()));
    let runs = 0;
    for (let first = 0; first < steps; first++) {
      for (let second = first + 1; second <= steps; second++) {
        const switches = new Map([
          [first, 1],
          [second, 0],
        ]);
        check(await run(2, withSwitches(0, switches)));
        runs++;
      }
    }
    expect(runs).toBeGreaterThan(500);
  });

  test("a process may die at any step, after any switch, and the others go on", async () => {
    const { steps } = await run(2, withSwitches(0, new Map()));
    for (let death = 0; death <= steps; death++) {
      check(await run(2, withSwitches(0, new Map(), death)));
      for (let at = 0; at < death; at += 3)
        check(await run(2, withSwitches(0, new Map([[at, 1]]), death)));
    }
  });

  test("random schedules of three processes, some dying, lose nothing", async () => {
    for (let seed = 1; seed <= 300; seed++) {
      const dice = simulatedRuntime({ seed });
      const outcome = await run(3, (waiting) => ({
        next: waiting[Math.floor(randomFraction(dice) * waiting.length)] as number,
        dies: waiting.length > 1 && randomFraction(dice) < 0.01,
      }));
      check(outcome);
    }
  });

  test("clocks that disagree by hours make outcomes unknown at worst, never wrong", async () => {
    for (let seed = 1; seed <= 100; seed++) {
      const dice = simulatedRuntime({ seed });
      const choose = (waiting: readonly number[]) => ({
        next: waiting[Math.floor(randomFraction(dice) * waiting.length)] as number,
      });
      // Everything looks old, so the sweep takes what losers have just prepared.
      check(await run(3, choose, -7_200_000), TRIES_MAX);
    }
  });
});
