/**
 * The official engines, as they are installed now, run the program that once wrote the committed
 * repositories: what they write holds the same, for icefloe and for the official engine.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OFFICIAL_NAMES, officialPath, SPEC_2_NAMES } from "../official-repositories.ts";
import { comparable, dumpVersion, historyOf, makeWorkspace, openLocal } from "./content.ts";
import { type Dump, type DumpedSnapshot, type Oracle, pythonOracle } from "./oracle.ts";

type Write = (target: string) => void;
const script = "../../scripts/official-repositories.mjs"; // Plain JavaScript, without types.
const { writeOfficialRepositories } = (await import(script)) as {
  writeOfficialRepositories: Write;
};

const workspace = makeWorkspace();
const folder = workspace.path("regenerated");
let python: Oracle;

beforeAll(() => {
  python = pythonOracle();
  mkdirSync(folder);
  writeOfficialRepositories(folder);
});
afterAll(async () => {
  await python.close();
  workspace.remove();
});

/** What does not change from one run of the program to the next: no ids, no times. */
interface Version {
  readonly history: readonly [message: string, metadata: unknown][];
  readonly content: unknown;
}

const versionOf = (history: readonly DumpedSnapshot[], dump: Dump): Version => ({
  history: history.map(({ message, metadata }) => [message, metadata]),
  content: { ...(comparable(dump) as object), snapshotId: undefined },
});

/** Every branch and tag, as the official engine reads it. */
async function readByOfficial(path: string): Promise<Record<string, Version>> {
  const found: Record<string, Version> = {};
  const refs = await python.call<Record<string, Record<string, string>>>("refs", { path });
  for (const [kind, names] of Object.entries(refs)) {
    for (const [name, snapshotId] of Object.entries(names)) {
      const params = { path, version: { snapshotId } };
      const history = await python.call<DumpedSnapshot[]>("history", params);
      found[`${kind} ${name}`] = versionOf(history, await python.call<Dump>("dump", params));
    }
  }
  return found;
}

/** Every branch and tag, as icefloe reads it. */
async function readByIcefloe(path: string): Promise<Record<string, Version>> {
  const repository = await openLocal(path);
  const found: Record<string, Version> = {};
  const add = async (name: string, version: { branch: string } | { tag: string }) => {
    const history = await historyOf(repository, version);
    found[name] = versionOf(history, await dumpVersion(repository, version));
  };
  for (const branch of await repository.listBranches()) await add(`branches ${branch}`, { branch });
  for (const tag of await repository.listTags()) await add(`tags ${tag}`, { tag });
  return found;
}

describe.each(OFFICIAL_NAMES)("%s", (name) => {
  test("holds for the official engine what its program writes today", async () => {
    const committed = await readByOfficial(officialPath(name));

    expect(Object.keys(committed).length).toBeGreaterThan(0);
    expect(await readByOfficial(join(folder, name))).toEqual(committed);
  });
});

describe.each(SPEC_2_NAMES)("%s", (name) => {
  test("holds for icefloe what its program writes today, and what the engine reads", async () => {
    const committed = await readByIcefloe(officialPath(name));

    expect(await readByIcefloe(join(folder, name))).toEqual(committed);
    expect(committed).toEqual(await readByOfficial(officialPath(name)));
  });
});
