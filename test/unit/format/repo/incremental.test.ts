import { describe, expect, test } from "vitest";
import { encodeBase32 } from "../../../../src/codec/base32.ts";
import { parseRepoInfo, type RepoInfo } from "../../../../src/format/repo/read.ts";
import { SnapshotList } from "../../../../src/format/repo/snapshot-list.ts";
import type { RepoUpdate } from "../../../../src/format/repo/update.ts";
import { encodeRepoInfo } from "../../../../src/format/repo/write.ts";
import { ROOT_ID } from "../../assets/repo-values.ts";
import { longHistory } from "../../long-history.ts";

const COMMITS = 300;
const ROOT = new Map([["main", ROOT_ID]]);

describe("A repo file of many commits", () => {
  test("reads back as it was, pruned ancestors too", () => {
    const repo = longHistory(COMMITS);

    const found = parseRepoInfo(encodeRepoInfo(repo), "repo");

    expect(found.latestUpdates).toEqual(repo.latestUpdates);
    expect(new Map([...found.snapshots].sort())).toEqual(new Map([...repo.snapshots].sort()));
  });

  test("reads back after each of many commits on top of it, whatever their ids", () => {
    let repo = parseRepoInfo(encodeRepoInfo(longHistory(20)), "repo");
    for (let commit = 1; commit <= 100; commit++) {
      repo = withCommit(repo, idOf(Math.imul(commit, 0x9e3779b1)));

      const found = parseRepoInfo(encodeRepoInfo(repo), "repo");

      expect(new Map(found.snapshots)).toEqual(new Map(repo.snapshots));
      expect(found.latestUpdates).toEqual(repo.latestUpdates);
      expect(found.branches).toEqual(repo.branches);
    }
  });

  test("encodes as much for a commit on top of 2,000 as of 100", () => {
    const encodedOnTopOf = (commits: number): number => {
      const counter = { reads: 0 };
      const repo = counted(longHistory(commits), counter);
      const before = { ...repo, snapshots: SnapshotList.of(repo.snapshots) };
      encodeRepoInfo(before);
      counter.reads = 0;
      encodeRepoInfo(withCommit(before, idOf(1)));
      return counter.reads;
    };

    expect(encodedOnTopOf(2000)).toBe(encodedOnTopOf(100));
    expect(encodedOnTopOf(2000)).toBeLessThan(10);
  });

  test("holds nothing of a commit that was encoded and came to nothing", () => {
    const before = parseRepoInfo(encodeRepoInfo(longHistory(30)), "repo");
    encodeRepoInfo(withCommit(before, idOf(1)));
    const repo = withCommit(before, idOf(2));

    const found = parseRepoInfo(encodeRepoInfo(repo), "repo");

    expect(new Map(found.snapshots)).toEqual(new Map(repo.snapshots));
    expect(found.snapshots.has(idOf(1))).toBe(false);
    expect(found.latestUpdates).toEqual(repo.latestUpdates);
  });

  test("can be written again as it was before its last commit", () => {
    const before = parseRepoInfo(encodeRepoInfo(longHistory(30)), "repo");
    encodeRepoInfo(withCommit(before, idOf(1)));

    const found = parseRepoInfo(encodeRepoInfo(before), "repo");

    expect(new Map(found.snapshots)).toEqual(new Map(before.snapshots));
    expect(found.latestUpdates).toEqual(before.latestUpdates);
  });

  test("keeps no more of a log that drops its oldest entries than twice what is in it", () => {
    let repo = parseRepoInfo(encodeRepoInfo(longHistory(20)), "repo");
    const sizes: number[] = [];
    for (let commit = 1; commit <= 100; commit++) {
      repo = withCommit(repo, idOf(commit));
      repo = { ...repo, latestUpdates: repo.latestUpdates.slice(0, 20) };
      const bytes = encodeRepoInfo({
        ...repo,
        snapshots: longHistory(0).snapshots,
        branches: ROOT,
      });
      expect(parseRepoInfo(bytes, "repo").latestUpdates).toEqual(repo.latestUpdates);
      sizes.push(bytes.length);
    }
    expect(Math.max(...sizes)).toBeLessThan(1.1 * Math.min(...sizes));
  });
});

/** `repo` whose snapshots and updates count what is read of them. */
function counted(repo: RepoInfo, counter: { reads: number }): RepoInfo {
  const watch = <T extends object>(value: T): T =>
    new Proxy(value, {
      get(target, name, receiver) {
        counter.reads++;
        return Reflect.get(target, name, receiver);
      },
    });
  return {
    ...repo,
    snapshots: new Map([...repo.snapshots].map(([id, snapshot]) => [id, watch(snapshot)])),
    latestUpdates: repo.latestUpdates.map(watch),
  };
}

function idOf(number: number): string {
  return encodeBase32(new Uint8Array(Uint32Array.of(number, 5, 9).buffer));
}

function withCommit(repo: RepoInfo, id: string): RepoInfo {
  const [newest, ...older] = repo.latestUpdates as [RepoUpdate, ...RepoUpdate[]];
  const tip = repo.branches.get("main");
  const flushedAtMicros = newest.updatedAtMicros + 1;
  const snapshot = { id, parentId: tip, flushedAtMicros, message: "one more", metadata: [] };
  return {
    ...repo,
    branches: new Map(repo.branches).set("main", id),
    snapshots: SnapshotList.of(repo.snapshots).with(snapshot),
    latestUpdates: [
      {
        update: { kind: "new-commit", branch: "main", newSnapshotId: id },
        updatedAtMicros: flushedAtMicros,
      },
      { ...newest, backupPath: `backup-${flushedAtMicros}` },
      ...older,
    ],
  };
}
