import { describe, expect, test } from "vitest";
import { parseRepoInfo } from "../../../../src/format/repo/read.ts";
import type { RepoSnapshot } from "../../../../src/format/repo/snapshot-columns.ts";
import { SnapshotList } from "../../../../src/format/repo/snapshot-list.ts";
import { encodeRepoInfo } from "../../../../src/format/repo/write.ts";
import { ROOT_ID } from "../../assets/repo-values.ts";
import { longHistory } from "../../long-history.ts";

const ID = "ZZZZZZZZZZZZZZZZZZZG";
const OTHER_ID = "YZZZZZZZZZZZZZZZZZZG";
const child: RepoSnapshot = {
  id: ID,
  parentId: ROOT_ID,
  flushedAtMicros: 2,
  message: "child",
  metadata: [],
};
const read = (commits: number) => parseRepoInfo(encodeRepoInfo(longHistory(commits)), "repo");

describe("A list of snapshots", () => {
  test("finds every snapshot, and the same object each time", () => {
    const { snapshots } = read(200);

    for (const id of longHistory(200).snapshots.keys()) {
      expect(snapshots.has(id)).toBe(true);
      expect(snapshots.get(id)?.id).toBe(id);
      expect(snapshots.get(id)).toBe(snapshots.get(id));
    }
  });

  test.each(["", "main", ID, ROOT_ID.toLowerCase(), "0".repeat(20)])("does not find %j", (id) => {
    const { snapshots } = read(20);

    expect(snapshots.has(id)).toBe(false);
    expect(snapshots.get(id)).toBeUndefined();
  });

  test("stays as it was when a list with one more is made of it", () => {
    const list = SnapshotList.of(read(20).snapshots);

    const more = list.with(child);
    const other = list.with({ ...child, id: OTHER_ID });

    expect([list.size, more.size, other.size]).toEqual([21, 22, 22]);
    expect([list.has(ID), more.has(ID), other.has(ID)]).toEqual([false, true, false]);
    expect([list.has(OTHER_ID), more.has(OTHER_ID), other.has(OTHER_ID)]).toEqual([
      false,
      false,
      true,
    ]);
    expect([...other.keys()].filter((id) => id !== OTHER_ID)).toEqual([...list.keys()]);
  });

  test("goes through its snapshots in the order of their ids", () => {
    const list = SnapshotList.of(longHistory(50).snapshots).with(child);

    const ids = [...list].map(([id]) => id);

    expect(ids).toEqual([...ids].sort());
    expect([...list.keys()]).toEqual(ids);
    expect([...list.values()].map(({ id }) => id)).toEqual(ids);
    const seen: string[] = [];
    list.forEach(({ id }) => {
      seen.push(id);
    });
    expect(seen).toEqual(ids);
  });

  test("takes no snapshot whose parent it does not have", () => {
    const list = SnapshotList.of(read(3).snapshots);

    expect(() => list.with({ ...child, parentId: OTHER_ID })).toThrowError(
      expect.objectContaining({ kind: "serialization" }),
    );
  });

  test("takes no snapshot twice", () => {
    const list = SnapshotList.of(read(3).snapshots).with(child);

    expect(() => list.with(child)).toThrowError(expect.objectContaining({ kind: "internal" }));
  });
});
