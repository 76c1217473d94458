import { describe, expect, it } from "vitest";
import { ancestorsOf, isInAncestry } from "../../../src/assets/ancestry.ts";
import type { RepoInfo } from "../../../src/format/repo/read.ts";
import type { RepoSnapshot } from "../../../src/format/repo/snapshot-columns.ts";
import { emptyRepo, snapshotOf } from "./repo-values.ts";

const withSnapshots = (...snapshots: RepoSnapshot[]): RepoInfo => ({
  ...emptyRepo(),
  snapshots: new Map(snapshots.map((snapshot) => [snapshot.id, snapshot])),
});

const repo = withSnapshots(
  snapshotOf("A", undefined, 1),
  snapshotOf("B", "A", 2),
  snapshotOf("C", "B", 3),
  snapshotOf("X", "A", 4),
);

describe("ancestorsOf", () => {
  it("goes from a snapshot to the root, both included", () => {
    expect([...ancestorsOf(repo, "C")].map(({ id }) => id)).toEqual(["C", "B", "A"]);
    expect([...ancestorsOf(repo, "X")].map(({ id }) => id)).toEqual(["X", "A"]);
  });

  it("refuses a snapshot that is not listed", () => {
    expect(() => [...ancestorsOf(repo, "Q")]).toThrowError(
      expect.objectContaining({ kind: "snapshot-not-found" }),
    );
  });

  it("ends in a format error where history is a circle or a parent is missing", () => {
    const circle = withSnapshots(snapshotOf("A", "B", 1), snapshotOf("B", "A", 2));
    const broken = withSnapshots(snapshotOf("B", "A", 2));

    for (const damaged of [circle, broken]) {
      expect(() => [...ancestorsOf(damaged, "B")]).toThrowError(
        expect.objectContaining({ kind: "invalid-file-format" }),
      );
    }
  });
});

describe("isInAncestry", () => {
  it("holds for the snapshot itself and its ancestors only", () => {
    expect(isInAncestry(repo, "C", "C")).toBe(true);
    expect(isInAncestry(repo, "C", "A")).toBe(true);
    expect(isInAncestry(repo, "C", "X")).toBe(false);
    expect(isInAncestry(repo, "A", "C")).toBe(false);
  });
});
