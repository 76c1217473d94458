/**
 * The session's states: dirty, busy, finished, conflicting. Spec: docs/semantics.md
 * "Session states", "Commit", "Amend", "Flush" and "Rebase".
 */
import { describe, expect, test } from "vitest";
import {
  basicConflictSolver,
  ConflictError,
  RebaseFailedError,
  type Session,
} from "../../../src/index.ts";
import { array, chunk, GROUP, kindOf, rejection, repositoryWithArray } from "./fixture.ts";

describe("commit", () => {
  test("finishes the session at the new snapshot, whose store goes on reading", async () => {
    const { repository, session } = await repositoryWithArray();
    await session.store.set("a/c/0", chunk(3));

    const id = await session.commit("chunk");

    expect(session.snapshotId).toBe(id);
    expect(session.mode).toBe("readonly");
    expect(session.hasUncommittedChanges).toBe(false);
    expect(await session.store.get("a/c/0")).toEqual(chunk(3));
    expect(await repository.lookupBranch("main")).toBe(id);
    expect(await kindOf(session.commit("again"))).toBe("commit-not-allowed");
    expect(await kindOf(session.store.set("a/c/0", chunk(3)))).toBe("read-only-session");
  });

  test("refuses to commit nothing, unless told", async () => {
    const { session } = await repositoryWithArray();

    expect(await kindOf(session.commit("nothing"))).toBe("no-changes-to-commit");
    expect(await session.commit("empty", { allowEmpty: true })).toHaveLength(20);
  });

  test("of a race: the loser gets a ConflictError with both tips and stays dirty", async () => {
    const { repository, session: first } = await repositoryWithArray();
    const second = await repository.writableSession("main");
    const base = second.snapshotId;
    await first.store.set("a/c/0", chunk(1));
    await second.store.set("a/c/1", chunk(1));
    const id = await first.commit("first");

    const error = await rejection(second.commit("second"));

    expect(error).toBeInstanceOf(ConflictError);
    expect(error).toMatchObject({
      kind: "commit-conflict",
      expectedParent: base,
      actualParent: id,
    });
    expect(second.hasUncommittedChanges).toBe(true);
    expect(second.snapshotId).toBe(base);
    await second.rebase();
    expect(second.snapshotId).toBe(id);
    await second.commit("second");
    expect(await second.store.get("a/c/0")).toEqual(chunk(1));
  });

  test("with a solver rebases by itself and says how often", async () => {
    const { repository, session: first } = await repositoryWithArray();
    const second = await repository.writableSession("main");
    await first.store.set("a/c/0", chunk(1));
    await first.commit("first");
    await second.store.set("a/c/1", chunk(1));

    const id = await second.commit("second", {
      solver: basicConflictSolver(),
      metadata: { run: 7 },
    });

    const info = await repository.lookupSnapshot(id);
    expect(info.metadata).toEqual({ run: 7, __icechunk: { rebase_attempts: 1 } });
    expect(second.lastCommit?.attempts).toBe(2);
  });

  test("many at once with a solver land in turn, each without a lost race", async () => {
    const { repository } = await repositoryWithArray();
    const sessions = await Promise.all(
      Array.from({ length: 8 }, () => repository.writableSession("main")),
    );
    await Promise.all(sessions.map(({ store }, at) => store.set(`a/c/${at}`, chunk(at + 1))));

    await Promise.all(
      sessions.map((session) => session.commit("one", { solver: basicConflictSolver() })),
    );

    const { store } = await repository.readonlySession("main");
    for (let at = 0; at < 8; at++) expect(await store.get(`a/c/${at}`)).toEqual(chunk(at + 1));
    const attempts = sessions.map(({ lastCommit }) => lastCommit?.attempts ?? 0);
    expect(Math.max(...attempts)).toBe(1);
  });

  test("waits for the sets already called and refuses later ones", async () => {
    const { session } = await repositoryWithArray();
    const early = session.store.set("a/c/0", chunk(1000));

    const commit = session.commit("with the chunk");
    const late = await kindOf(session.store.set("a/c/1", chunk(1000)));
    await commit;
    await early;

    expect(late).toBe("session-busy");
    expect(await session.store.get("a/c/0")).toEqual(chunk(1000));
  });

  test("called twice at once: the second is refused", async () => {
    const { session } = await repositoryWithArray();
    await session.store.set("a/c/0", chunk(1));

    const first = session.commit("first");
    const second = await kindOf(session.commit("second"));

    expect(second).toBe("session-busy");
    expect(await first).toHaveLength(20);
  });

  test("on a branch that was deleted meanwhile fails and leaves the session dirty", async () => {
    const { repository } = await repositoryWithArray();
    await repository.createBranch("work", await repository.lookupBranch("main"));
    const session = await repository.writableSession("work");
    await session.store.set("a/c/0", chunk(1));
    await repository.deleteBranch("work");

    expect(await kindOf(session.commit("lost"))).toBe("branch-not-found");
    await session.rebase();
    expect(session.hasUncommittedChanges).toBe(true);
  });

  test("aborted before the put leaves the session dirty and usable", async () => {
    const { session } = await repositoryWithArray();
    await session.store.set("a/c/0", chunk(1));
    const controller = new AbortController();
    const reason = new Error("stop");

    const commit = session.commit("aborted", {
      signal: controller.signal,
      onProgress: ({ phase }) => {
        if (phase === "snapshot") controller.abort(reason);
      },
    });

    await expect(commit).rejects.toBe(reason);
    expect(session.hasUncommittedChanges).toBe(true);
    expect(await session.commit("after all")).toHaveLength(20);
  });

  test.each([
    ["a number as message", (s: Session) => s.commit(7 as never), "invalid-option"],
    ["an unknown option", (s: Session) => s.commit("m", { solve: 1 } as never), "invalid-option"],
    [
      "metadata that is an array",
      (s: Session) => s.commit("m", { metadata: [] as never }),
      "invalid-option",
    ],
    ["no attempts", (s: Session) => s.commit("m", { attemptsMax: 0 }), "invalid-option"],
  ])("refuses %s and changes nothing", async (_what, act, kind) => {
    const { session } = await repositoryWithArray();
    await session.store.set("a/c/0", chunk(1));

    expect(await kindOf(act(session))).toBe(kind);
    expect(session.hasUncommittedChanges).toBe(true);
  });

  test("reuses manifests that a lost race left valid", async () => {
    const { repository, session } = await repositoryWithArray();
    await session.store.set("b/zarr.json", array([8], [1]));
    await session.store.set("b/c/0", chunk(4));
    const other = await repository.writableSession("main");
    await other.store.set("g/zarr.json", GROUP);
    await other.commit("other");

    await session.commit("with a solver", { solver: basicConflictSolver() });

    expect(session.lastCommit).toMatchObject({ attempts: 2, manifestsWritten: 1 });
    expect(await session.store.get("b/c/0")).toEqual(chunk(4));
  });
});

describe("rebase", () => {
  test("that finds a conflict names it and changes nothing", async () => {
    const { repository, session: ours } = await repositoryWithArray();
    const theirs = await repository.writableSession("main");
    await theirs.store.set("a/c/2", chunk(1, 5));
    const id = await theirs.commit("theirs");
    const base = ours.snapshotId;
    await ours.store.set("a/c/2", chunk(1, 6));

    const error = (await rejection(ours.rebase())) as RebaseFailedError;

    expect(error).toBeInstanceOf(RebaseFailedError);
    expect(error.snapshotId).toBe(id);
    expect(error.conflicts).toMatchObject([{ type: "chunk-double-update", path: "/a" }]);
    expect(JSON.parse(JSON.stringify(error)).details.conflicts[0].chunkCoordinates).toEqual([[2]]);
    expect(ours.snapshotId).toBe(base);
    expect(await ours.store.get("a/c/2")).toEqual(chunk(1, 6));
  });

  test.each(["ours", "theirs"] as const)(
    "with onChunkConflict %s keeps that side",
    async (side) => {
      const { repository, session: ours } = await repositoryWithArray();
      const theirs = await repository.writableSession("main");
      await theirs.store.set("a/c/2", chunk(1, 5));
      await theirs.commit("theirs");
      await ours.store.set("a/c/2", chunk(1, 6));
      await ours.store.set("a/c/3", chunk(1, 6));

      await ours.commit("ours", { solver: basicConflictSolver({ onChunkConflict: side }) });

      expect(await ours.store.get("a/c/2")).toEqual(chunk(1, side === "ours" ? 6 : 5));
      expect(await ours.store.get("a/c/3")).toEqual(chunk(1, 6));
    },
  );

  test("after the branch was reset past the base is refused and keeps the changes", async () => {
    const { repository, session } = await repositoryWithArray();
    await session.store.set("a/c/0", chunk(1));
    const [tip, root] = await repository.ancestry("main").toArray();
    const branchAway = await repository.writableSession("main");
    await repository.resetBranch("main", root?.id ?? "");
    const other = await repository.writableSession("main");
    await other.store.set("g/zarr.json", GROUP);
    await other.commit("elsewhere");

    expect(await kindOf(session.rebase())).toBe("base-not-in-ancestry");
    expect(await session.store.get("a/c/0")).toEqual(chunk(1));
    expect(session.snapshotId).toBe(tip?.id);
    expect(branchAway.snapshotId).toBe(tip?.id);
  });
});

describe("amend", () => {
  test("replaces the tip: its parent becomes the tip's parent", async () => {
    const { repository, session } = await repositoryWithArray();
    const replaced = session.snapshotId;
    await session.store.set("a/c/0", chunk(1));

    const id = await session.amend("array and chunk");

    const history = await repository.ancestry("main").toArray();
    expect(history.map((one) => one.message)).toEqual([
      "array and chunk",
      "Repository initialized",
    ]);
    expect((await repository.lookupSnapshot(replaced)).message).toBe("array");
    const diff = await repository.diff({ snapshotId: history[1]?.id ?? "" }, { snapshotId: id });
    expect(diff.newArrays).toEqual(["/a"]);
    expect(diff.updatedChunks.get("/a")?.toJSON()).toEqual([[0]]);
  });

  test("refuses the initial snapshot", async () => {
    const { repository } = await repositoryWithArray();
    const root = (await repository.ancestry("main").toArray()).at(-1)?.id ?? "";
    await repository.createBranch("fresh", root);
    const session = await repository.writableSession("fresh");
    await session.store.set("zarr.json", GROUP);

    expect(await kindOf(session.amend("no"))).toBe("no-amend-for-initial-commit");
    expect(session.hasUncommittedChanges).toBe(true);
  });
});

test("flush leaves a snapshot that no branch points to", async () => {
  const { repository, session } = await repositoryWithArray();
  const tip = session.snapshotId;
  await session.store.set("a/c/0", chunk(2));

  const id = await session.flush("aside");

  expect(await repository.lookupBranch("main")).toBe(tip);
  const reader = await repository.readonlySession({ snapshotId: id });
  expect(await reader.store.get("a/c/0")).toEqual(chunk(2));
  expect((await repository.lookupSnapshot(id)).parentId).toBe(tip);
});

describe("discardChanges", () => {
  test("drops changes and sets in flight", async () => {
    const { session } = await repositoryWithArray();
    await session.store.set("a/c/0", chunk(2));
    const inFlight = session.store.set("a/c/1", chunk(2000));

    session.discardChanges();
    await inFlight;

    expect(session.hasUncommittedChanges).toBe(false);
    expect(await session.store.get("a/c/1")).toBeUndefined();
  });

  test("happens at the end of an await using scope", async () => {
    const { session } = await repositoryWithArray();
    await session.store.set("a/c/0", chunk(2));
    const dispose = session[Symbol.asyncDispose];

    if (Symbol.asyncDispose !== undefined) await dispose.call(session);
    else session.discardChanges();

    expect(session.hasUncommittedChanges).toBe(false);
  });
});

test("status lists what changed against the base", async () => {
  const { session } = await repositoryWithArray();
  await session.store.set("g/zarr.json", GROUP);
  await session.store.set("a/c/5", chunk(2));
  await session.store.delete("a/c/6");
  await session.store.set(
    "zarr.json",
    new TextEncoder().encode('{"zarr_format":3,"node_type":"group"}'),
  );

  const status = await session.status();

  expect(status.newGroups).toEqual(["/g"]);
  expect(status.updatedGroups).toEqual(["/"]);
  expect(status.updatedChunks.get("/a")?.toJSON()).toEqual([[5], [6]]);
  expect(status.isEmpty).toBe(false);
});

test("a session is pinned to its base, whatever others commit", async () => {
  const { repository, session } = await repositoryWithArray();
  const reader = await repository.readonlySession("main");
  await session.store.set("a/c/0", chunk(2));
  await session.commit("later");

  expect(await reader.store.get("a/c/0")).toBeUndefined();
});

test("arrays split by config commit one manifest per touched cell and reuse the others", async () => {
  const { repository } = await repositoryWithArray();
  const split = await repository.reopen({
    config: {
      manifest: {
        splitting: {
          split_sizes: [[{ path_matches: { regex: ".*" } }, [{ condition: "Any", num_chunks: 3 }]]],
        },
      },
    },
  });
  const first = await split.writableSession("main");
  for (let i = 0; i < 8; i++) await first.store.set(`a/c/${i}`, chunk(2, i + 1));
  const id = await first.commit("eight chunks");
  expect(first.lastCommit?.manifestsWritten).toBe(3);

  const second = await split.writableSession("main");
  await second.store.set("a/c/4", chunk(2, 99));
  await second.store.delete("a/c/6");
  await second.store.delete("a/c/7");
  await second.commit("one cell changed, one emptied");

  expect(second.lastCommit).toMatchObject({ manifestsWritten: 1, manifestsReused: 1 });
  expect(await split.listManifestFiles(id)).toHaveLength(3);
  expect(await split.listManifestFiles(second.snapshotId)).toHaveLength(2);
  for (let i = 0; i < 6; i++) {
    expect(await second.store.get(`a/c/${i}`)).toEqual(chunk(2, i === 4 ? 99 : i + 1));
  }
  expect(await second.store.get("a/c/7")).toBeUndefined();
});

test("an unsplit manifest is dealt out to its cells when a split config comes later", async () => {
  const { repository, session } = await repositoryWithArray();
  for (let i = 0; i < 8; i++) await session.store.set(`a/c/${i}`, chunk(2, i + 1));
  await session.commit("unsplit");
  const split = await repository.reopen({
    config: {
      manifest: {
        splitting: {
          split_sizes: [[{ path_matches: { regex: ".*" } }, [{ condition: "Any", num_chunks: 3 }]]],
        },
      },
    },
  });

  const next = await split.writableSession("main");
  await next.store.set("a/c/4", chunk(2, 99));
  await next.commit("split");

  expect(await split.listManifestFiles(next.snapshotId)).toHaveLength(3);
  for (let i = 0; i < 8; i++) {
    expect(await next.store.get(`a/c/${i}`)).toEqual(chunk(2, i === 4 ? 99 : i + 1));
  }
});
