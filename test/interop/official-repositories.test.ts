/**
 * The committed repositories of spec 2 (or those that ICEFLOE_FIXTURES names), read whole by icefloe
 * and by the official engine, which then reads what icefloe commits to them.
 */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Repository } from "../../src/index.ts";
import { officialPath, SPEC_2_NAMES } from "../official-repositories.ts";
import {
  apply,
  commit,
  comparable,
  diffValue,
  dumpVersion,
  groupJson,
  historyOf,
  makeWorkspace,
  openLocal,
  refsOf,
  set,
} from "./content.ts";
import { type Dump, type DumpedSnapshot, type Oracle, pythonOracle } from "./oracle.ts";

const workspace = makeWorkspace();
let oracle: Oracle;

beforeAll(() => {
  oracle = pythonOracle();
});
afterAll(async () => {
  await oracle.close();
  workspace.remove();
});

describe.each(SPEC_2_NAMES)("%s", (name) => {
  const path = workspace.path(name);
  let repository: Repository;
  let histories: [branch: string, history: DumpedSnapshot[]][];

  beforeAll(async () => {
    cpSync(officialPath(name), path, { recursive: true });
    repository = await openLocal(path);
    const branches = await repository.listBranches();
    histories = await Promise.all(
      branches.map(
        async (branch) =>
          [branch, await historyOf(repository, { branch })] as [string, DumpedSnapshot[]],
      ),
    );
  });

  test("has the same branches and tags on both sides", async () => {
    expect(await refsOf(repository)).toEqual(await oracle.call("refs", { path }));
  });

  test("has the same history on both sides", async () => {
    for (const [branch, history] of histories) {
      expect(history).toEqual(await oracle.call("history", { path, version: { branch } }));
    }
  });

  test("has the same nodes, references and chunks in every snapshot on both sides", async () => {
    const ids = new Set(histories.flatMap(([, history]) => history.map(({ id }) => id)));
    expect(ids.size).toBeGreaterThan(2);
    for (const snapshotId of ids) {
      const version = { snapshotId };
      const theirs = await oracle.call<Dump>("dump", { path, version });
      expect(comparable(await dumpVersion(repository, version))).toEqual(comparable(theirs));
    }
  });

  test("has the same changes from each snapshot to the next on both sides", async () => {
    for (const { id, parentId } of histories.flatMap(([, history]) => history)) {
      if (parentId === null) continue;
      const from = { snapshotId: parentId };
      const to = { snapshotId: id };
      const theirs = await oracle.call("diff", { path, from, to });
      expect(diffValue(await repository.diff(from, to))).toEqual(theirs);
    }
  });

  test("takes a commit of icefloe's, which the engine reads", async () => {
    const steps = [set("added/zarr.json", groupJson({ by: "icefloe" }))];

    const id = await commit(repository, "ours", steps);

    const theirs = await oracle.call<Dump>("dump", { path });
    expect(theirs.snapshotId).toBe(id);
    expect(comparable(await dumpVersion(repository, "main"))).toEqual(comparable(theirs));
  });
});

test("a commit that moved nodes is amended by neither side, and the same error says so", async () => {
  const path = workspace.path("moved");
  cpSync(join(import.meta.dirname, "../data/official/python-2.3.0-history"), path, {
    recursive: true,
  });
  const steps = [set("added/zarr.json", groupJson())];
  const options = { path, branch: "my-branch", message: "amended" };
  const session = await (await openLocal(path)).writableSession("my-branch");
  await apply(session.store, steps);

  await expect(oracle.call("write", { ...options, steps, how: "amend" })).rejects.toMatchObject({
    kind: "rearrange-session-only",
  });
  await expect(session.amend("amended")).rejects.toMatchObject({ kind: "rearrange-session-only" });
});
