/** Repositories that the official engines write, opened, read whole and committed to by icefloe. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { basicConflictSolver, isIcefloeError, type Store } from "../../src/index.ts";
import {
  apply,
  arrayJson,
  bytesOf,
  commit,
  comparable,
  diffValue,
  dumpVersion,
  groupJson,
  historyOf,
  INLINE_BYTES,
  makeWorkspace,
  openLocal,
  refsOf,
  set,
} from "./content.ts";
import { type Dump, npmOracle, type Oracle, OracleError, pythonOracle } from "./oracle.ts";

const workspace = makeWorkspace();
const { virtualPrefix, virtualFile } = workspace;
let python: Oracle;
let npm: Oracle;
let count = 0;
let path: string;

beforeAll(() => {
  python = pythonOracle();
  npm = npmOracle();
});
afterAll(async () => {
  await Promise.all([python.close(), npm.close()]);
  workspace.remove();
});
beforeEach(() => {
  path = workspace.path(`repository-${count++}`);
});

const START = [
  set("zarr.json", groupJson({ title: "theirs" })),
  set("a/zarr.json", arrayJson([60], [10])),
  set("g/zarr.json", groupJson()),
  set("g/b/zarr.json", arrayJson([4, 4], [2, 2], { units: "m", big: 2 ** 50 })),
  ...[0, 2, 5].map((i) => set(`a/c/${i}`, bytesOf(i === 2 ? 40 : 10, i))),
  set("g/b/c/1/0", bytesOf(4, 1)),
];

describe.each(["python", "npm"] as const)("a repository that the %s engine wrote", (engine) => {
  const official = () => (engine === "python" ? python : npm);

  test("is read whole by icefloe, and takes its commits, which the engine then reads", async () => {
    await official().call("create", { path, inlineBytes: INLINE_BYTES, splitChunks: 2 });
    await official().call("write", { path, steps: START, message: "start" });
    const repository = await openLocal(path);
    const read = comparable(await dumpVersion(repository, "main"));
    const theirs = comparable(await python.call<Dump>("dump", { path }));
    const id = await commit(
      repository,
      "ours",
      [
        set("a/c/1", bytesOf(50, 3)),
        { delete: "a/c/0" },
        set("o/zarr.json", arrayJson([2], [1])),
        set("o/c/1", bytesOf(1, 4)),
      ],
      { metadata: { from: "icefloe", list: [1, 2.5, null] } },
    );

    expect(read).toEqual(theirs);
    expect(await historyOf(repository, "main")).toEqual(await python.call("history", { path }));
    const after = await python.call<Dump>("dump", { path });
    expect(after.snapshotId).toBe(id);
    expect(comparable(await dumpVersion(repository, "main"))).toEqual(comparable(after));
    expect((await npm.call<Dump>("dump", { path })).snapshotId).toBe(id);
  });
});

describe("a repository that the Python engine wrote", () => {
  test("with virtual chunks, amended, with branches and tags, is read whole by icefloe", async () => {
    await python.call("create", { path, inlineBytes: INLINE_BYTES, virtualPrefix });
    const first = await python.call<string>("write", { path, steps: START, message: "start" });
    const virtual = [1, 3, 4].map((i) => ({
      virtual: `a/c/${i}`,
      location: virtualFile,
      offset: i,
      length: 10,
    }));
    await python.call("write", { path, virtualPrefix, steps: virtual, message: "virtual" });
    await python.call("write", {
      path,
      steps: [{ delete: "a/c/5" }],
      message: "amended",
      how: "amend",
    });
    await python.call("manage", { path, call: "create_branch", arguments: ["side", first] });
    await python.call("manage", { path, call: "create_tag", arguments: ["v1", first] });
    await python.call("write", {
      path,
      branch: "side",
      steps: [{ deleteDir: "g" }],
      message: "aside",
    });
    const repository = await openLocal(path);

    expect(await refsOf(repository)).toEqual(await python.call("refs", { path }));
    for (const version of [{ branch: "main" }, { branch: "side" }, { tag: "v1" }]) {
      const theirs = await python.call<Dump>("dump", { path, version });
      expect(comparable(await dumpVersion(repository, version))).toEqual(comparable(theirs));
    }
    const from = { snapshotId: first };
    const to = { branch: "main" };
    expect(diffValue(await repository.diff(from, to))).toEqual(
      await python.call("diff", { path, from, to }),
    );
  });

  test("keeps its ops log and its configuration under icefloe's commits", async () => {
    await python.call("create", { path, inlineBytes: INLINE_BYTES, splitChunks: 2 });
    await python.call("write", { path, steps: START, message: "start" });
    const repository = await openLocal(path);
    const before = await python.call<string[]>("opsLog", { path });
    const id = await commit(repository, "ours", [set("a/c/1", bytesOf(9, 3))]);
    await repository.createTag("t", id);

    expect(await python.call<string[]>("opsLog", { path })).toEqual([
      "TagCreated",
      "NewCommit",
      ...before,
    ]);
    expect(repository.config.inlineChunkThresholdBytes).toBe(INLINE_BYTES);
  });

  test("makes icefloe's session lose a race, which a solver then wins", async () => {
    await python.call("create", { path, inlineBytes: INLINE_BYTES });
    await python.call("write", { path, steps: START, message: "start" });
    const repository = await openLocal(path);
    const session = await repository.writableSession("main");
    await apply(session.store as Store, [set("a/c/4", bytesOf(44, 4))]);
    const theirs = await python.call<string>("write", {
      path,
      steps: [set("a/c/3", bytesOf(33, 3))],
      message: "faster",
    });

    const error = await session.commit("ours").catch((reason: unknown) => reason);
    expect(isIcefloeError(error, "commit-conflict")).toBe(true);
    expect(error).toMatchObject({ actualParent: theirs });
    await session.commit("ours", { solver: basicConflictSolver() });
    expect((await historyOf(repository, "main")).map(({ message }) => message).slice(0, 2)).toEqual(
      ["ours", "faster"],
    );
    expect(comparable(await dumpVersion(repository, "main"))).toEqual(
      comparable(await python.call<Dump>("dump", { path })),
    );
  });

  test("lets the engine find icefloe's changes when it rebases over them", async () => {
    await python.call("create", { path, inlineBytes: INLINE_BYTES });
    await python.call("write", { path, steps: START, message: "start" });
    // The kept session's base is the start: its commit has to rebase over icefloe's.
    const repository = await openLocal(path);
    await python.call("hold", { path, name: "s", steps: [set("a/c/0", bytesOf(5, 9))] });
    await commit(repository, "ours", [set("a/c/0", bytesOf(6, 6))]);

    const refused = await python
      .call("release", { path, name: "s", solver: "detector", message: "theirs" })
      .catch((e: unknown) => e);
    expect(refused).toBeInstanceOf(OracleError);
    expect(refused).toMatchObject({
      kind: "rebase-failed",
      conflicts: [{ type: "Chunk double update", path: "/a" }],
    });
  });
});
