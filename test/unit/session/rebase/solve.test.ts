import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SnapshotIndex } from "../../../../src/assets/snapshot-index.ts";
import type { ChangeSet } from "../../../../src/session/changes/change-set.ts";
import type { ConflictSolver } from "../../../../src/session/rebase/conflict.ts";
import { detectConflicts } from "../../../../src/session/rebase/detect.ts";
import { solveConflicts } from "../../../../src/session/rebase/solve.ts";
import { basicConflictSolver, conflictDetector } from "../../../../src/session/rebase/solvers.ts";
import { arrayBytes, base, EDITS, groupBytes, Writer } from "./two-writers.ts";

type Edit = (w: Writer) => void;

const rebase = async (solver: ConflictSolver, theirEdit: Edit, ourEdit: Edit) => {
  const theirWriter = new Writer("T");
  const ours = new Writer("O");
  theirEdit(theirWriter);
  ourEdit(ours);
  const { log, theirs } = theirWriter.commit();
  const sides = { base, ours: ours.changes, theirs };
  const conflicts = detectConflicts({ ...sides, log });
  const solved = await solveConflicts(solver, conflicts, sides);
  return { ...solved, conflicts, theirs, ours: ours.changes };
};
const patched = async (solver: ConflictSolver, theirEdit: Edit, ourEdit: Edit) => {
  const solved = await rebase(solver, theirEdit, ourEdit);
  if (solved.outcome !== "patched") throw new Error("not solved");
  return solved;
};
const always =
  (side: "ours" | "theirs"): ConflictSolver =>
  () =>
    side;

/** Nodes after our changes over theirs: path -> type. */
const result = (changes: ChangeSet, theirs: SnapshotIndex): Map<string, string> => {
  const nodes = new Map(theirs.snapshot.nodes.map((node) => [node.path, node.data.type as string]));
  for (const { path, base: before, node } of changes.nodes.values()) {
    expect(before?.id).toBe(theirs.node(path)?.id);
    if (node === undefined) nodes.delete(path);
    else nodes.set(path, node.type);
  }
  return nodes;
};
const chunksOf = (changes: ChangeSet, id: string): number[] => {
  const table = changes.chunks.get(id);
  return table === undefined
    ? []
    : Array.from(table.sortedOrder(), (row) => table.coordinate(row, 0));
};

describe("solveConflicts", () => {
  test("without conflicts the changes move over, deletions of what is gone are dropped", async () => {
    const { changes } = await patched(conflictDetector(), EDITS["del a"]!, (w) => {
      w.remove("/a");
      w.chunk("/b", 0, 1);
    });

    expect([...changes.nodes.keys()]).toEqual([]);
    expect(chunksOf(changes, "B")).toEqual([0]);
  });

  test("what we made and deleted again leaves their node at that path alone", async () => {
    const { changes, theirs } = await patched(conflictDetector(), EDITS["new n (group)"]!, (w) => {
      w.put("/n", arrayBytes());
      w.remove("/n");
    });

    expect(changes.nodes.size).toBe(0);
    expect(result(changes, theirs).get("/n")).toBe("group");
  });

  test("a node we replaced is plainly new where they deleted the old one", async () => {
    const { changes } = await patched(conflictDetector(), EDITS["del a"]!, EDITS["del+new a"]!);

    expect(changes.nodes.get("/a")).toMatchObject({ base: undefined, node: { type: "array" } });
  });

  test("the detector accepts no conflict", async () => {
    const { outcome } = await rebase(conflictDetector(), EDITS["chunk a/0"]!, EDITS["chunk a/0"]!);

    expect(outcome).toBe("failed");
  });

  test("our chunks stay with ours; theirs drops just the shared ones, from a copy", async () => {
    const ourEdit: Edit = (w) => [0, 1, 2].forEach((i) => void w.chunk("/a", i, 1));

    const kept = await patched(always("ours"), EDITS["chunk a/1"]!, ourEdit);
    const dropped = await patched(always("theirs"), EDITS["chunk a/1"]!, ourEdit);

    expect(chunksOf(kept.changes, "A")).toEqual([0, 1, 2]);
    expect(chunksOf(dropped.changes, "A")).toEqual([0, 2]);
    expect(chunksOf(dropped.ours, "A")).toEqual([0, 1, 2]);
  });

  test("a metadata update of both sides goes either way", async () => {
    const kept = await patched(always("ours"), EDITS["meta a"]!, EDITS["meta a"]!);
    const dropped = await patched(always("theirs"), EDITS["meta a"]!, EDITS["meta a"]!);

    expect(kept.changes.nodes.has("/a")).toBe(true);
    expect(dropped.changes.nodes.has("/a")).toBe(false);
  });

  test.each([
    ["the same meaning", arrayBytes(9, "grown"), "patched"],
    ["a smaller grid", arrayBytes(1), "failed"],
    ["another dtype", arrayBytes(5, "", "int16"), "failed"],
  ])("our chunks in an array they updated to %s: %#", async (_, userData, outcome) => {
    const solved = await rebase(
      always("ours"),
      (w) => w.put("/a", userData),
      (w) => w.chunk("/a", 1, 1),
    );

    expect(solved.outcome).toBe(outcome);
  });

  test("keeping what we deleted keeps the groups above it too", async () => {
    const { changes, theirs } = await patched(always("theirs"), EDITS["new g/k"]!, EDITS["del g"]!);

    expect([...result(changes, theirs).keys()]).toEqual(["/", "/a", "/b", "/g", "/g/k"]);
  });

  test("deleting for good takes their new children along", async () => {
    const { changes, theirs } = await patched(always("ours"), EDITS["new g/k"]!, EDITS["del g"]!);

    expect([...result(changes, theirs).keys()]).toEqual(["/", "/a", "/b"]);
  });

  test("their array in place of our group takes our children along", async () => {
    const { changes, theirs } = await patched(always("theirs"), EDITS["new n (array)"]!, (w) => {
      w.put("/n", groupBytes());
      w.put("/n/k", arrayBytes());
      w.chunk("/n/k", 0, 1);
    });

    expect(result(changes, theirs).has("/n/k")).toBe(false);
    expect(changes.chunks.size).toBe(0);
  });

  test("two groups made at one path: their document, our children", async () => {
    const { changes, theirs } = await patched(always("theirs"), EDITS["new n (group)"]!, (w) => {
      w.put("/n", groupBytes("ours"));
      w.put("/n/k", arrayBytes());
    });

    expect([...changes.nodes.keys()]).toEqual(["/n/k"]);
    expect(result(changes, theirs).get("/n")).toBe("group");
  });

  test.each([
    ["del a", "chunk a/0"],
    ["del a", "meta a"],
    ["del g", "meta g"],
    ["del g", "new g/k"],
    ["new n (array)", "new n/k"],
  ])("theirs %s, ours %s: ours is not possible", async (theirs, ours) => {
    expect((await rebase(always("ours"), EDITS[theirs]!, EDITS[ours]!)).outcome).toBe("failed");
    expect((await rebase(always("theirs"), EDITS[theirs]!, EDITS[ours]!)).outcome).toBe("patched");
  });

  test("a solver that answers something else is named", async () => {
    await expect(
      rebase((() => "mine") as never, EDITS["chunk a/0"]!, EDITS["chunk a/0"]!),
    ).rejects.toMatchObject({
      kind: "invalid-option",
      message: expect.stringContaining("chunk-double-update at /a"),
    });
  });

  test("a solver sees all sides, may be asynchronous, and gets bytes of its own", async () => {
    const seen: unknown[] = [];
    const title = (bytes: Uint8Array | undefined) =>
      bytes && JSON.parse(new TextDecoder().decode(bytes)).attributes.title;
    const solver: ConflictSolver = async ({ path }, { snapshotId, base, ours, theirs }) => {
      seen.push([snapshotId, title(base(path)?.bytes), title(ours(path)?.bytes)]);
      seen.push(title(theirs(path)?.bytes));
      theirs(path)?.bytes.fill(0);
      seen.push(title(theirs(path)?.bytes));
      return "ours" as const;
    };

    const { outcome } = await rebase(
      solver,
      (w) => w.put("/a", arrayBytes(5, "t")),
      (w) => w.put("/a", arrayBytes(5, "o")),
    );

    expect(outcome).toBe("patched");
    expect(seen).toEqual([["S", "", "o"], "t", "t"]);
  });
});

describe("any edits of both sides", () => {
  const all: typeof EDITS = {
    ...EDITS,
    "del n": (w) => w.remove("/n"),
    "del g/k": (w) => w.remove("/g/k"),
    "chunk g/k/0": (w) => w.chunk("/g/k", 0, 1),
    "chunk n/k/0": (w) => w.chunk("/n/k", 0, 1),
  };
  const edits = fc.uniqueArray(fc.constantFrom(...Object.keys(all)), { maxLength: 6 });
  const run = (names: string[]): Edit => {
    return (w) => {
      for (const name of names) {
        try {
          all[name]!(w);
        } catch {
          // An edit of what an earlier one deleted: a session would refuse it too.
        }
      }
    };
  };
  /** Children of arrays, and nodes whose group, present at first, is gone. */
  const faults = (nodes: Map<string, string>): string[] =>
    [...nodes.keys()].filter((path) => {
      const parent = path.slice(0, path.lastIndexOf("/")) || "/";
      const isOrphan = !nodes.has(parent) && base.node(parent) !== undefined;
      return path !== "/" && (nodes.get(parent) === "array" || isOrphan);
    });

  test.each(["ours", "theirs"] as const)(
    "deciding always for %s leaves the input alone and a sound hierarchy",
    async (side) => {
      await fc.assert(
        fc.asyncProperty(edits, edits, async (theirEdits, ourEdits) => {
          const alone = new Writer("O");
          run(ourEdits)(alone);
          const solved = await rebase(always(side), run(theirEdits), run(ourEdits));

          expect(solved.ours.nodes).toEqual(alone.changes.nodes);
          expect([...solved.ours.chunks.keys()]).toEqual([...alone.changes.chunks.keys()]);
          if (side === "theirs") expect(solved.outcome).toBe("patched");
          if (solved.outcome !== "patched") return;
          const nodes = result(solved.changes, solved.theirs);
          const ids = new Set(solved.theirs.snapshot.nodes.map((node) => node.id));
          for (const { node } of solved.changes.nodes.values()) if (node) ids.add(node.id);
          for (const id of solved.changes.chunks.keys()) expect(ids).toContain(id);
          const oursAlone = new Map(
            base.snapshot.nodes.map((n) => [n.path, n.data.type as string]),
          );
          for (const { path, node } of alone.changes.nodes.values()) {
            if (node === undefined) oursAlone.delete(path);
            else oursAlone.set(path, node.type);
          }
          const theirsAlone = new Map(
            solved.theirs.snapshot.nodes.map((n) => [n.path, n.data.type as string]),
          );
          fc.pre(faults(oursAlone).length === 0 && faults(theirsAlone).length === 0);
          expect(faults(nodes)).toEqual([]);
        }),
        { numRuns: 1000 },
      );
    },
  );
});

describe("basicConflictSolver", () => {
  test("by default our chunks stay and what we deleted is deleted", async () => {
    const solver = basicConflictSolver();

    const chunks = await patched(solver, EDITS["chunk a/0"]!, EDITS["chunk a/0"]!);
    const deletion = await patched(solver, EDITS["chunk a/0"]!, EDITS["del a"]!);
    const group = await patched(solver, EDITS["meta g"]!, EDITS["del g"]!);

    expect(chunksOf(chunks.changes, "A")).toEqual([0]);
    expect(result(deletion.changes, deletion.theirs).has("/a")).toBe(false);
    expect(result(group.changes, group.theirs).has("/g")).toBe(false);
  });

  test.each([
    [{ onChunkConflict: "fail" } as const, "chunk a/0", "chunk a/0"],
    [{ failOnDeleteOfUpdatedArray: true }, "chunk a/0", "del a"],
    [{ failOnDeleteOfUpdatedGroup: true }, "meta g", "del g"],
    [{}, "meta a", "meta a"],
    [{}, "meta a", "chunk a/0"],
    [{}, "new n (group)", "new n (group)"],
  ])("with %j, theirs %s, ours %s fails", async (options, theirs, ours) => {
    const solved = await rebase(basicConflictSolver(options), EDITS[theirs]!, EDITS[ours]!);

    expect(solved.outcome).toBe("failed");
  });

  test("can take their chunks", async () => {
    const solver = basicConflictSolver({ onChunkConflict: "theirs" });

    const { changes } = await patched(solver, EDITS["chunk a/0"]!, EDITS["chunk a/0"]!);

    expect(changes.chunks.size).toBe(0);
  });

  test.each([{ onChunkConflict: "mine" }, { onChunkConflicts: "ours" }, null, "ours"])(
    "refuses %j",
    (options) => {
      expect(() => basicConflictSolver(options as never)).toThrow(
        expect.objectContaining({ kind: "invalid-option" }),
      );
    },
  );
});
