import { describe, expect, test } from "vitest";
import { detectConflicts } from "../../../../src/session/rebase/detect.ts";
import official from "./official-matrix.json" with { type: "json" };
import { arrayBytes, base, EDITS, groupBytes, Writer } from "./two-writers.ts";

const conflictsOf = (theirEdit: (w: Writer) => void, ourEdit: (w: Writer) => void) => {
  const theirs = new Writer("T");
  const ours = new Writer("O");
  theirEdit(theirs);
  ourEdit(ours);
  return detectConflicts({ base, ours: ours.changes, ...theirs.commit() });
};

/** Cells `theirs | ours` where the official engine lets a broken hierarchy through. */
const CLOSED_HOLES: Record<string, string[]> = {
  "del+new a | del+new a": ["new-node-conflicts-with-existing-node"],
  "del+new a | a→group": ["new-node-conflicts-with-existing-node"],
  "a→group | del+new a": ["new-node-conflicts-with-existing-node"],
  "a→group | a→group": ["new-node-conflicts-with-existing-node"],
  "del+new a | del a": ["delete-of-updated-array"],
  "a→group | del a": ["delete-of-updated-group"],
  "del g | new g/k": ["new-node-in-invalid-group"],
  "new g/k | del g": ["new-node-in-invalid-group"],
  "del a | new a/k": ["new-node-in-invalid-group"],
  "new a/k | del a": ["new-node-in-invalid-group"],
  "new a/k | del+new a": ["new-node-in-invalid-group"],
  "new n/k | new n (array)": ["new-node-in-invalid-group"],
};

describe("detectConflicts", () => {
  const names = Object.keys(EDITS);
  const cells = names.flatMap((theirs) => names.map((ours) => [theirs, ours] as const));

  test.each(cells)(
    "theirs %s, ours %s: as the official engine, its holes closed",
    (theirs, ours) => {
      const cell = `${theirs} | ${ours}`;
      const measured = (official as Record<string, string[]>)[cell] ?? [];
      if (CLOSED_HOLES[cell] !== undefined) expect(measured).toEqual([]);

      const found = conflictsOf(EDITS[theirs]!, EDITS[ours]!);

      expect(found.map(({ type }) => type)).toEqual(CLOSED_HOLES[cell] ?? measured);
    },
  );

  test("names every chunk that both changed, sorted, and no other", () => {
    const found = conflictsOf(
      (w) => [3, 1, 0, 2].forEach((i) => void w.chunk("/a", i, 1)),
      (w) => [4, 3, 1].forEach((i) => void w.chunk("/a", i, 2)),
    );

    expect(JSON.parse(JSON.stringify(found))).toEqual([
      { type: "chunk-double-update", path: "/a", nodeId: "A", chunkCoordinates: [[1], [3]] },
    ]);
  });

  test("reports by type in the official order, then by path", () => {
    const edit = (w: Writer): void => {
      w.put("/n", groupBytes());
      w.put("/m", arrayBytes());
      w.put("/g", groupBytes("x"));
      w.put("/a", arrayBytes(5, "x"));
      w.chunk("/a", 0, 1);
      w.chunk("/b", 0, 1);
    };

    expect(conflictsOf(edit, edit).map(({ type, path }) => `${type} ${path}`)).toEqual([
      "new-node-conflicts-with-existing-node /m",
      "new-node-conflicts-with-existing-node /n",
      "zarr-metadata-double-update /a",
      "zarr-metadata-double-update /g",
      "chunks-updated-in-updated-array /a",
      "chunk-double-update /a",
      "chunk-double-update /b",
    ]);
  });

  test("a commit with moves cannot be rebased over, and that is all it says", () => {
    const ours = new Writer("O");
    ours.chunk("/a", 0, 1);
    const { log, theirs } = new Writer("T").commit();
    const movedNodes = [{ from: "/b", to: "/g/b", nodeId: "B", nodeType: "array" as const }];

    const found = detectConflicts({
      base,
      ours: ours.changes,
      theirs,
      log: { ...log, movedNodes },
    });

    expect(found).toEqual([{ type: "move-operation-cannot-be-rebased", path: "/b" }]);
  });

  test("our new child under a group that we made in place of an array is no conflict", () => {
    const found = conflictsOf(
      (w) => w.chunk("/b", 0, 1),
      (w) => {
        w.remove("/a");
        w.put("/a", groupBytes());
        w.put("/a/k", arrayBytes());
      },
    );

    expect(found).toEqual([]);
  });

  test("chunks of an array that is new on our side meet nothing of theirs", () => {
    const found = conflictsOf(
      (w) => w.chunk("/a", 0, 1),
      (w) => {
        w.put("/g/k", arrayBytes());
        w.chunk("/g/k", 0, 1);
      },
    );

    expect(found).toEqual([]);
  });

  test("what we made and deleted again is in nobody's way", () => {
    const found = conflictsOf(
      (w) => {
        w.put("/n", groupBytes());
        w.put("/n/k", arrayBytes());
      },
      (w) => {
        w.put("/n", arrayBytes());
        w.remove("/n");
        w.chunk("/b", 0, 1);
      },
    );

    expect(found).toEqual([]);
  });

  test("our child of a group that we updated and they deleted has no parent either", () => {
    const found = conflictsOf(EDITS["del g"]!, (w) => {
      w.put("/g", groupBytes("x"));
      w.put("/g/k", arrayBytes());
    });

    expect(found.map(({ type, path }) => `${type} ${path}`)).toEqual([
      "new-node-in-invalid-group /g",
      "zarr-metadata-update-of-deleted-group /g",
    ]);
  });
});
