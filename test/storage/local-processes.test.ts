/**
 * Several Node processes append to one object on a real disk, by read and conditional put, and
 * are killed with -9 at random. Every acknowledged mark must stand, no lost one may.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { localFilesystemStorage } from "../../src/storage/local/index.ts";

const WORKERS = 4;
const PUTS = 40;
const KILLS = 30;

let folder: string;
let worker: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "icefloe-processes-"));
  worker = join(folder, "worker.mjs");
  await build({
    entryPoints: [new URL("./local-worker.ts", import.meta.url).pathname],
    outfile: worker,
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "error",
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Ledger {
  tried: Set<string>;
  acknowledged: Set<string>;
  lost: Set<string>;
  unknown: Set<string>;
  failures: string[];
}

const newLedger = (): Ledger => ({
  tried: new Set(),
  acknowledged: new Set(),
  lost: new Set(),
  unknown: new Set(),
  failures: [],
});

/** Starts a worker; resolves when it has ended, killed or not. */
function start(
  root: string,
  name: string,
  ledger: Ledger,
): { child: ChildProcess; ended: Promise<void> } {
  const child = spawn(process.execPath, [worker, root, name, String(PUTS)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const sets: Record<string, Set<string>> = {
    try: ledger.tried,
    ack: ledger.acknowledged,
    lost: ledger.lost,
    unknown: ledger.unknown,
  };
  let rest = "";
  child.stdout?.on("data", (data) => {
    const lines = (rest + data).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const [word = "", mark = ""] = line.split(" ");
      sets[word]?.add(mark);
    }
  });
  let complaints = "";
  child.stderr?.on("data", (data) => {
    complaints += data;
  });
  const ended = new Promise<void>((resolve) => {
    child.on("close", (_, signal) => {
      if (complaints !== "" && signal === null) ledger.failures.push(complaints);
      resolve();
    });
  });
  return { child, ended };
}

async function newRoot(): Promise<string> {
  const root = await mkdtemp(join(folder, "root-"));
  const storage = localFilesystemStorage(root, { durability: "none" });
  await storage.put("repo", new TextEncoder().encode("start\n"), {
    objectKind: "repo",
    condition: { ifAbsent: true },
  });
  return root;
}

/** The marks that stand, read as a foreign reader would. */
async function marksOf(root: string): Promise<string[]> {
  const content = await readFile(join(root, "repo"), "utf8");
  const [head, ...marks] = content.split("\n").slice(0, -1);
  expect(head).toBe("start");
  return marks;
}

function check(marks: readonly string[], ledger: Ledger): void {
  expect(ledger.failures).toEqual([]);
  expect(new Set(marks).size).toBe(marks.length);
  for (const mark of ledger.acknowledged) expect(marks).toContain(mark);
  for (const mark of ledger.lost) expect(marks).not.toContain(mark);
  for (const mark of marks) expect(ledger.tried.has(mark)).toBe(true);
}

describe("processes that append to one object", () => {
  test("lose nothing", async () => {
    const root = await newRoot();
    const ledger = newLedger();

    const names = Array.from({ length: WORKERS }, (_, index) => `worker${index}`);
    await Promise.all(names.map((name) => start(root, name, ledger).ended));

    const marks = await marksOf(root);
    check(marks, ledger);
    expect(marks).toHaveLength(WORKERS * PUTS);
    expect(ledger.unknown.size).toBe(0);
  });

  test("lose nothing when they are killed at random, and the rest goes on", async () => {
    const root = await newRoot();
    const ledger = newLedger();
    let kills = 0;
    let started = 0;

    /** Keeps one worker alive; kills it after a number of tries that differs each time. */
    const keepRunning = async (lane: number): Promise<void> => {
      while (kills < KILLS) {
        const { child, ended } = start(root, `lane${lane}-${started++}`, ledger);
        const triesBefore = ledger.tried.size;
        const patience = 1 + ((started * 7) % 23);
        child.stdout?.on("data", () => {
          if (ledger.tried.size - triesBefore < patience || child.killed) return;
          if (child.kill("SIGKILL")) kills++;
        });
        await ended;
      }
    };
    await Promise.all([0, 1, 2].map(keepRunning));
    await start(root, "last", ledger).ended; // Somebody must still be able to write.

    check(await marksOf(root), ledger);
    expect(kills).toBeGreaterThanOrEqual(KILLS);
    expect([...ledger.acknowledged].filter((mark) => mark.startsWith("last."))).toHaveLength(PUTS);
  });
});
