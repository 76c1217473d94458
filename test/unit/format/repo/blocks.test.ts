import { describe, expect, test } from "vitest";
import { parseRepoInfo, type RepoInfo } from "../../../../src/format/repo/read.ts";
import type { RepoUpdate } from "../../../../src/format/repo/update.ts";
import { encodeRepoPayload } from "../../../../src/format/repo/write.ts";
import { longHistory } from "../../long-history.ts";
import { encodeRepoInfo } from "../repo-bytes.ts";

const COMMITS = 300;

describe("A repo file of many commits", () => {
  test("reads back as it was, pruned ancestors too", () => {
    const repo = longHistory(COMMITS);

    const found = parseRepoInfo(encodeRepoInfo(repo), "repo");

    expect(found.latestUpdates).toEqual(repo.latestUpdates);
    expect(new Map([...found.snapshots].sort())).toEqual(new Map([...repo.snapshots].sort()));
  });

  test("is the same whether earlier files were encoded before or not", () => {
    for (let commits = 1; commits < 60; commits++) encodeRepoInfo(longHistory(commits));
    const repo = longHistory(60);

    const found = encodeRepoInfo(repo);

    expect(found).toEqual(encodeRepoInfo(structuredClone(repo)));
  });

  test("takes over the blocks of the file before", () => {
    const before = longHistory(COMMITS);
    const { blocks } = encodeRepoPayload(before);

    const after = encodeRepoPayload(withCommit(before));

    expect(blocks.length).toBeGreaterThan(10);
    expect(after.blocks).toEqual(expect.arrayContaining([...blocks]));
    for (const block of blocks) expect(after.blocks).toContain(block);
  });

  test("keeps blocks of the log whose oldest entry has gone", () => {
    const before = longHistory(COMMITS);
    const { blocks } = encodeRepoPayload(before);

    const after = encodeRepoPayload({
      ...before,
      latestUpdates: before.latestUpdates.slice(0, -1),
    });

    const kept = blocks.filter((block) => after.blocks.includes(block));
    expect(kept.length).toBeGreaterThanOrEqual(blocks.length - 1);
  });

  test("does not take over a block of which a snapshot was removed", () => {
    const before = longHistory(COMMITS);
    encodeRepoPayload(before);
    const [, second] = [...before.snapshots.keys()];
    const snapshots = new Map(before.snapshots);
    snapshots.delete(second as string);
    const [third] = [...snapshots.values()].slice(1);
    if (third !== undefined) snapshots.set(third.id, { ...third, parentId: undefined });

    const found = parseRepoInfo(encodeRepoInfo({ ...before, snapshots }), "repo");

    expect(new Map([...found.snapshots].sort())).toEqual(new Map([...snapshots].sort()));
  });
});

function withCommit(repo: RepoInfo): RepoInfo {
  const [newest, ...older] = repo.latestUpdates as [RepoUpdate, ...RepoUpdate[]];
  const id = "ZZZZZZZZZZZZZZZZZZZG";
  const tip = repo.branches.get("main");
  const flushedAtMicros = newest.updatedAtMicros + 1;
  const snapshot = { id, parentId: tip, flushedAtMicros, message: "one more", metadata: [] };
  return {
    ...repo,
    branches: new Map(repo.branches).set("main", id),
    snapshots: new Map(repo.snapshots).set(id, snapshot),
    latestUpdates: [
      {
        update: { kind: "new-commit", branch: "main", newSnapshotId: id },
        updatedAtMicros: flushedAtMicros,
      },
      { ...newest, backupPath: "the-last" },
      ...older,
    ],
  };
}
