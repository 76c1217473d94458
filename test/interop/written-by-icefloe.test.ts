/** Repositories that icefloe writes, opened, read whole and committed to by the official engines. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parseSeekTable } from "../../src/codec/zstd/seek-table.ts";
import { ForkSession, Repository, type Store } from "../../src/index.ts";
import { localFilesystemStorage } from "../../src/storage/local/index.ts";
import { ENVELOPE_HEADER_BYTES } from "../unit/format/official-files.ts";
import {
  apply,
  arrayJson,
  bytesOf,
  commit,
  comparable,
  createLocal,
  diffValue,
  dumpVersion,
  groupJson,
  historyOf,
  INLINE_BYTES,
  makeWorkspace,
  openLocal,
  refsOf,
  set,
  withoutKinds,
} from "./content.ts";
import { type Dump, npmOracle, type Oracle, pythonOracle, type Step } from "./oracle.ts";

const workspace = makeWorkspace();
const { virtualPrefix, virtualFile } = workspace;
const NATIVE_BYTES = INLINE_BYTES * 4;
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

/** Nodes of every kind, with chunks of every kind. */
function everyKind(): Step[] {
  return [
    set("zarr.json", groupJson({ title: "every kind", answer: 42 })),
    set("g/zarr.json", groupJson()),
    set("g/inline/zarr.json", arrayJson([32], [8])),
    set("g/native/zarr.json", arrayJson([4, NATIVE_BYTES], [1, NATIVE_BYTES])),
    set("g/virtual/zarr.json", arrayJson([100], [10])),
    set("mixed/zarr.json", arrayJson([80], [20], { "a name, with ümlauts": [1, null, "x"] })),
    set("scalar/zarr.json", arrayJson([], [])),
    set("empty/zarr.json", arrayJson([0, 5], [2, 5])),
    ...[0, 1, 3].map((i) => set(`g/inline/c/${i}`, bytesOf(8, i))),
    ...[0, 2, 3].map((i) => set(`g/native/c/${i}/0`, bytesOf(NATIVE_BYTES, i))),
    ...[1, 4, 9].map((i) => ({
      virtual: `g/virtual/c/${i}`,
      location: virtualFile,
      offset: i * 13,
      length: 10,
    })),
    set("mixed/c/0", bytesOf(INLINE_BYTES, 1)),
    set("mixed/c/1", bytesOf(INLINE_BYTES + 4, 2)),
    { virtual: "mixed/c/3", location: virtualFile, offset: 0, length: 20 },
    set("scalar/c", bytesOf(1, 5)),
  ];
}

/** Both engines read what icefloe reads, in every version of the branch. */
async function expectSameContent(repository: Repository, branch = "main"): Promise<void> {
  const history = await historyOf(repository, { branch });
  expect(history).toEqual(await python.call("history", { path, version: { branch } }));
  const newest = history.slice(0, 3).concat(history.slice(-2));
  for (const { id } of newest) {
    const version = { snapshotId: id };
    const ours = await dumpVersion(repository, version);
    const theirs = await python.call<Dump>("dump", { path, version, virtualPrefix });
    expect(comparable(ours)).toEqual(comparable(theirs));
    const binding = await npm.call<Dump>("dump", { path, version });
    expect(withoutKinds(binding, ours)).toEqual(withoutKinds(ours, ours));
  }
}

describe("a repository that icefloe wrote", () => {
  test("with chunks of every kind is read whole by the official engines, virtual bytes included", async () => {
    const repository = await createLocal(path, { virtualPrefix });
    await commit(repository, "every kind", everyKind(), {
      metadata: { author: "test", n: 2 ** 40 },
    });

    await expectSameContent(repository);
    const dump = await python.call<Dump>("dump", { path, virtualPrefix });
    const chunks = dump.nodes.flatMap((node) => node.chunks ?? []);
    for (const chunk of chunks.filter(({ kind }) => kind === "virtual")) {
      const { offset = 0, length = 0, bytes = "" } = chunk;
      const expected = workspace.virtualBytes.subarray(offset, offset + length);
      expect(Buffer.from(bytes, "base64")).toEqual(Buffer.from(expected));
    }
    expect(new Set(chunks.map(({ kind }) => kind))).toEqual(
      new Set(["inline", "native", "virtual"]),
    );
  });

  test("with split manifests is read whole by the official engines, split as they would", async () => {
    const steps = [
      set("a/zarr.json", arrayJson([70, 6], [10, 2])),
      ...Array.from({ length: 21 }, (_, i) =>
        set(`a/c/${Math.floor(i / 3)}/${i % 3}`, bytesOf(20, i)),
      ),
    ];
    const repository = await createLocal(path, { splitChunks: 2 });
    await commit(repository, "split", steps);
    await commit(repository, "one window", [set("a/c/6/2", bytesOf(20, 99))]);
    const theirPath = workspace.path(`split-by-them-${count}`);
    await python.call("create", { path: theirPath, inlineBytes: INLINE_BYTES, splitChunks: 2 });
    const snapshotId = await python.call<string>("write", {
      path: theirPath,
      steps,
      message: "split",
    });

    await expectSameContent(repository);
    const history = await historyOf(repository, "main");
    const ours = await repository.listManifestFiles(history[1]?.id as string);
    const theirs = await python.call<{ numChunkRefs: number }[]>("manifests", {
      path: theirPath,
      snapshotId,
    });
    const refs = (files: readonly { numChunkRefs: number }[]) =>
      files.map((f) => f.numChunkRefs).sort();
    expect(refs(ours)).toEqual(refs(theirs));
  });

  test("with a manifest in frames is read whole by the official engines, and rewritten", async () => {
    const repository = await Repository.create(localFilesystemStorage(path));
    const session = await repository.writableSession("main");
    await apply(session.store, [set("a/zarr.json", arrayJson([48, 25_000], [1, 500]))]);
    let noise = 1;
    for (let at = 0; at < 48 * 50; at++) {
      const bytes = Uint8Array.from({ length: 500 }, (_, i) => {
        if (i % 3 === 0) noise = (Math.imul(noise, 1_664_525) + 1_013_904_223) >>> 0;
        return noise >>> 24;
      });
      await session.store.set(`a/c/${Math.floor(at / 50)}/${at % 50}`, bytes);
    }
    await session.commit("many chunks");
    const [manifest] = readdirSync(join(path, "manifests"));
    const file = readFileSync(join(path, "manifests", manifest as string));
    const table = parseSeekTable(file, file.length - ENVELOPE_HEADER_BYTES);
    expect(table?.frames.length).toBeGreaterThan(1);

    await expectSameContent(repository);
    const steps = [set("a/c/47/3", bytesOf(500, 5))];
    await python.call("write", { path, steps, message: "one more" });
    await expectSameContent(await openLocal(path));
  });

  test("with 100 commits, branches and tags is read whole by the official engines", async () => {
    const repository = await createLocal(path);
    await commit(repository, "array", [set("a/zarr.json", arrayJson([100], [1]))]);
    const ids: string[] = [];
    for (let i = 0; i < 100; i++) {
      ids.push(
        await commit(repository, `commit ${i}`, [set(`a/c/${i}`, bytesOf(i % 2 ? 1 : 40, i))]),
      );
    }
    await repository.createTag("half", ids[50] as string);
    await repository.createTag("gone", ids[51] as string);
    await repository.deleteTag("gone");
    await repository.createBranch("side", ids[20] as string);
    await commit(repository, "aside", [{ delete: "a/c/3" }], { branch: "side" });

    await expectSameContent(repository);
    await expectSameContent(repository, "side");
    const refs = await python.call("refs", { path });
    expect(await refsOf(repository)).toEqual(refs);
    expect(await npm.call("refs", { path })).toEqual(refs);
    await expect(
      python.call("manage", { path, call: "create_tag", arguments: ["gone", ids[0]] }),
    ).rejects.toMatchObject({ kind: "tag-previously-deleted" });
  });

  test("by merging forks is read whole by the official engines", async () => {
    const repository = await createLocal(path);
    await commit(repository, "array", [set("a/zarr.json", arrayJson([64], [2]))]);
    const session = await repository.writableSession("main");
    const parts = await Promise.all(
      [0, 1, 2, 3].map(async (part) => {
        const storage = localFilesystemStorage(path);
        const fork = await ForkSession.fromBytes(session.fork().toBytes(), { storage });
        const steps = Array.from({ length: 8 }, (_, i) => {
          const chunk = part * 8 + i;
          return set(`a/c/${chunk}`, bytesOf(i % 2 ? 2 : 30, chunk));
        });
        await apply(fork.store as Store, steps);
        return fork.toBytes();
      }),
    );
    await session.merge(parts);
    await session.commit("merged");

    await expectSameContent(await openLocal(path));
  });

  test("by amending is read whole by the official engines", async () => {
    const repository = await createLocal(path);
    await commit(repository, "array", [
      set("a/zarr.json", arrayJson([4], [1])),
      set("a/c/0", bytesOf(1, 1)),
    ]);
    const session = await repository.writableSession("main");
    await apply(session.store as Store, [set("a/c/1", bytesOf(40, 2))]);
    const id = await session.amend("amended");

    await expectSameContent(repository);
    const { transactionLog } = await python.call<{ transactionLog: Record<string, unknown[]> }>(
      "inspect",
      {
        path,
        snapshotId: id,
      },
    );
    expect(transactionLog["new_arrays"]).toHaveLength(1);
  });

  test("shows the same changes to the official engine as to itself", async () => {
    const repository = await createLocal(path, { virtualPrefix });
    const ids = [
      await commit(repository, "every kind", everyKind()),
      await commit(repository, "more", [
        { delete: "g/inline/c/0" },
        { deleteDir: "g/virtual" },
        set("g/zarr.json", groupJson({ changed: true })),
        set("mixed/zarr.json", arrayJson([200], [20])),
        set("mixed/c/9", bytesOf(3, 3)),
        set("new/zarr.json", arrayJson([3], [1])),
      ]),
    ];
    const [from, to] = ids.map((snapshotId) => ({ snapshotId })) as [
      { snapshotId: string },
      { snapshotId: string },
    ];

    expect(diffValue(await repository.diff(from, to))).toEqual(
      await python.call("diff", { path, from, to }),
    );
  });

  test("takes commits of the official engines on top, which icefloe then reads", async () => {
    const repository = await createLocal(path, { virtualPrefix, splitChunks: 3 });
    await commit(repository, "every kind", everyKind());
    const steps = [
      set("mixed/c/2", bytesOf(60, 7)),
      { delete: "g/inline/c/1" },
      set("theirs/zarr.json", arrayJson([4], [2])),
      set("theirs/c/1", bytesOf(2, 8)),
      set("g/zarr.json", groupJson({ by: "them" })),
    ];
    const byPython = await python.call<string>("write", {
      path,
      steps,
      message: "python",
      metadata: { p: 1 },
    });
    const byNpm = await npm.call<string>("write", {
      path,
      steps: [set("theirs/c/0", bytesOf(90, 9)), { deleteDir: "scalar" }],
      message: "npm",
    });

    const history = await historyOf(repository, "main");
    expect(history.slice(0, 2).map(({ id, message }) => [id, message])).toEqual([
      [byNpm, "npm"],
      [byPython, "python"],
    ]);
    await expectSameContent(repository);
  });

  test("takes a merge of the official engine's own forks on top", async () => {
    const repository = await createLocal(path);
    await commit(repository, "array", [set("a/zarr.json", arrayJson([8], [1]))]);
    await python.call("forkAndMerge", {
      path,
      forks: [0, 1, 2].map((i) => [set(`a/c/${i}`, bytesOf(i ? 1 : 40, i))]),
      message: "their merge",
    });

    await expectSameContent(repository);
  });

  test("with nothing in it is opened by the official engine", async () => {
    await Repository.create(localFilesystemStorage(path));

    expect(await python.call("refs", { path })).toEqual({
      branches: { main: "1CECHNKREP0F1RSTCMT0" },
      tags: {},
    });
  });
});
