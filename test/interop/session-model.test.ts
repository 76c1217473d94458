/**
 * The random histories of `test/model/session`, and after each the official engine: it opens the
 * repository from a folder and must find in every version what the model says.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Storage } from "../../src/index.ts";
import type { Model } from "../model/session/model.ts";
import { histories, runHistory } from "../model/session/run.ts";
import { makeWorkspace } from "./content.ts";
import { type Oracle, pythonOracle } from "./oracle.ts";

const RUNS = Number(process.env["MODEL_RUNS"] ?? 2000);
const SEED = Number(process.env["SEED"] ?? 20_261_124);
/** Histories that the oracle may be behind: it reads one while the next is made. */
const BEHIND_MAX = 8;

const workspace = makeWorkspace();
let python: Oracle;
beforeAll(() => {
  python = pythonOracle();
});
afterAll(async () => {
  await python.close();
  workspace.remove();
});

/** Writes the objects of a storage as files; old states of `repo` are not needed to read it. */
async function copyToFolder(storage: Storage, folder: string): Promise<void> {
  for await (const { path } of storage.list("")) {
    if (path.startsWith("overwritten/") || path.startsWith("transactions/")) continue;
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, (await storage.get(path))?.bytes ?? new Uint8Array(0));
  }
}

function expectationOf(model: Model): Record<string, unknown> {
  const entries = <T>(names: Iterable<string>, pick: (name: string) => T) =>
    Object.fromEntries([...names].map((name) => [name, pick(name)]));
  return {
    branches: Object.fromEntries(model.branches),
    tags: Object.fromEntries(model.tags),
    ancestry: entries(model.branches.keys(), (name) =>
      model.ancestry(model.branches.get(name) as string),
    ),
    snapshots: entries(model.snapshots.keys(), (id) => model.contentOfSnapshot(id)),
  };
}

test(`${RUNS} random histories: the official engine finds what the model says, in every version`, async () => {
  const counts = new Map<string, number>();
  const behind: Promise<void>[] = [];
  let versions = 0;
  let number = 0;

  const ask = async (model: Model, folder: string): Promise<void> => {
    versions += model.snapshots.size;
    const params = { path: folder, ...expectationOf(model) };
    const wrong = await python.call<string[]>("disagreements", params);
    expect(wrong).toEqual([]);
    rmSync(folder, { recursive: true, force: true });
  };

  await fc.assert(
    fc.asyncProperty(histories, async (history) => {
      const { model, real } = await runHistory(history, counts);
      const folder = workspace.path(`history-${number++}`);
      await copyToFolder(real.storage, folder);
      const asked = ask(model, folder);
      asked.catch(() => undefined); // Awaited a few histories later.
      behind.push(asked);
      if (behind.length > BEHIND_MAX) await behind.shift();
    }),
    {
      numRuns: RUNS,
      endOnFailure: process.env["SHRINK"] === undefined,
      seed: SEED,
    },
  );
  await Promise.all(behind);
  console.log(`official engine: ${RUNS} histories, ${versions} versions agree`);
  expect(versions).toBeGreaterThan(2 * RUNS);
});
