/**
 * Every storage request of every operation fails once, in every way: the operation succeeds
 * anyway, or it leaves the session exactly as it was and succeeds when it is called again.
 */
import { describe, expect, test } from "vitest";
import {
  basicConflictSolver,
  ForkSession,
  memoryStorage,
  Repository,
  type Session,
  type Storage,
  systemRuntime,
} from "../../../src/index.ts";
import { type Fault, type FaultEffect, faultyStorage } from "../../../src/testing/index.ts";
import { array, chunk, GROUP, rejection, repositoryWithArray } from "./fixture.ts";

/** Nobody waits: pauses between retries are none of these tests' business. */
const RUNTIME = { ...systemRuntime(), sleep: async () => undefined };

interface Place {
  readonly inner: Storage;
  /** `inner`, failing as planned while armed. */
  readonly storage: Storage;
  readonly repository: Repository;
  readonly session: Session;
  readonly other: Session;
  readonly forkBytes: Uint8Array;
}

/** What is tried; resolves to a value that equal successes share. */
interface Operation {
  /** Whether another writer commits first. */
  readonly isRaced?: boolean;
  run(place: Place): Promise<unknown>;
  /** False: after an unknown outcome that was a success, the same call is refused. */
  readonly isRepeatable?: boolean;
  /** Whether success shows in a repository opened anew: for all that publish something. */
  isDone?(reopened: Repository, place: Place): Promise<boolean>;
}

const messageOnMain = async (repository: Repository, message: string): Promise<number> => {
  const history = await repository.ancestry("main").toArray();
  return history.filter((one) => one.message === message).length;
};
const isCommitted = async (reopened: Repository): Promise<boolean> => {
  const count = await messageOnMain(reopened, "ours");
  expect(count).toBeLessThanOrEqual(1);
  return count === 1;
};

const OPERATIONS: Record<string, Operation> = {
  commit: { run: ({ session }) => session.commit("ours"), isDone: isCommitted },
  amend: { run: ({ session }) => session.amend("ours"), isDone: isCommitted },
  flush: {
    run: ({ session }) => session.flush("ours"),
    isDone: async (reopened) => {
      const { nodes } = await reopened.ancestryGraph();
      const found = nodes.filter(({ message }) => message === "ours");
      expect(found.length).toBeLessThanOrEqual(1);
      return found.length === 1;
    },
  },
  "commit with a solver after a lost race": {
    isRaced: true,
    run: ({ session }) => session.commit("ours", { solver: basicConflictSolver() }),
    isDone: isCommitted,
  },
  rebase: { isRaced: true, run: ({ session }) => session.rebase(basicConflictSolver()) },
  "merge of bytes": {
    run: async ({ session, forkBytes }) => {
      const { bytes: _, ...report } = await session.merge(forkBytes);
      return report;
    },
  },
  "set of a large chunk": { run: ({ session }) => session.store.set("a/c/6", chunk(700, 6)) },
  "ForkSession.fromBytes": {
    run: async ({ storage, forkBytes }) => {
      const fork = await ForkSession.fromBytes(forkBytes, { storage, runtime: RUNTIME });
      return fork.store.list().toArray();
    },
  },
  createBranch: {
    isRepeatable: false,
    run: ({ repository, session }) => repository.createBranch("dev", session.snapshotId),
    isDone: async (reopened) => (await reopened.listBranches()).includes("dev"),
  },
  resetBranch: {
    run: ({ repository, session }) => repository.resetBranch("old", session.snapshotId),
    isDone: async (reopened, { session }) =>
      (await reopened.lookupBranch("old")) === session.snapshotId,
  },
  deleteBranch: {
    isRepeatable: false,
    run: ({ repository }) => repository.deleteBranch("old"),
    isDone: async (reopened) => !(await reopened.listBranches()).includes("old"),
  },
  createTag: {
    isRepeatable: false,
    run: ({ repository, session }) => repository.createTag("v2", session.snapshotId),
    isDone: async (reopened) => (await reopened.listTags()).includes("v2"),
  },
  deleteTag: {
    isRepeatable: false,
    run: ({ repository }) => repository.deleteTag("v1"),
    isDone: async (reopened) => !(await reopened.listTags()).includes("v1"),
  },
};

async function place(faults: readonly Fault[], isRaced: boolean): Promise<Place> {
  const inner = memoryStorage();
  const { repository: builder, session: first } = await repositoryWithArray(inner);
  await builder.createBranch("old", "1CECHNKREP0F1RSTCMT0");
  await builder.createTag("v1", "1CECHNKREP0F1RSTCMT0");
  await first.store.set("a/c/0", chunk(1));
  await first.store.set("g/zarr.json", GROUP);
  await first.commit("seed");
  const storage = faultyStorage(inner, { faults, runtime: RUNTIME });
  const repository = await Repository.open(storage, { runtime: RUNTIME });
  const session = await repository.writableSession("main");
  const fork = session.fork();
  await fork.store.set("a/c/5", chunk(800, 5));
  await fork.store.delete("g/zarr.json");
  const forkBytes = fork.toBytes();
  await session.store.set("a/c/1", chunk(600, 1));
  await session.store.set("a/c/2", chunk(3, 2));
  await session.store.delete("a/c/0");
  await session.store.set("n/zarr.json", array([2], [1]));
  await session.store.set("n/c/1", chunk(2, 4));
  const other = await (await Repository.open(inner)).writableSession("main");
  if (isRaced) {
    await other.store.set("a/c/2", chunk(3, 9));
    await other.store.set("a/c/3", chunk(3, 9));
    await other.commit("theirs");
  }
  return { inner, storage, repository, session, other, forkBytes };
}

/** All that can be seen of a session. */
async function viewOf(session: Session): Promise<unknown> {
  const { updatedChunks, ...status } = await session.status();
  const values: [string, string][] = [];
  for await (const key of session.store.list()) {
    values.push([key, String(await session.store.get(key))]);
  }
  const { mode, branch, snapshotId, hasUncommittedChanges, readOnly } = session;
  const chunks = JSON.stringify([...updatedChunks].map(([path, at]) => [path, at.toJSON()]));
  return { status, chunks, values, mode, branch, snapshotId, hasUncommittedChanges, readOnly };
}

/** What goes wrong with one request, or with it and all later ones until the operation has ended. */
const MISHAPS: Record<string, { effect: FaultEffect; lasts: boolean }> = {
  "a failure": { effect: "fail-before", lasts: false },
  "a lost reply": { effect: "lost-reply", lasts: false },
  "a repetition": { effect: "duplicate", lasts: false },
  "the loss of the network": { effect: "fail-before", lasts: true },
  "the loss of all replies": { effect: "lost-reply", lasts: true },
};

describe.each(Object.entries(OPERATIONS))("%s", (_, operation) => {
  const isRaced = operation.isRaced ?? false;

  /** Runs it with the request number `nth` going wrong; false if there are fewer requests. */
  async function attempt(mishap: string, nth: number): Promise<boolean> {
    const { effect, lasts } = MISHAPS[mishap] as (typeof MISHAPS)[string];
    let isArmed = false;
    let count = 0;
    const path = (): boolean => isArmed && (++count === nth || (lasts && count > nth));
    const at = await place([{ effect, path }], isRaced);
    const before = await viewOf(at.session);
    isArmed = true;
    const first = await operation.run(at).then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    isArmed = false;
    const isDone = async (): Promise<boolean> =>
      (await operation.isDone?.(await Repository.open(at.inner), at)) ?? true;
    if ("error" in first) {
      expect(first.error).toMatchObject({ category: expect.any(String) });
      expect(await viewOf(at.session)).toEqual(before);
      const isUnknown = (first.error as { kind: string }).kind === "unknown-outcome";
      if (operation.isDone && !isUnknown) expect(await isDone()).toBe(false);
      // After an unknown outcome the same call again finds out, or does it.
      if (!isUnknown || operation.isRepeatable !== false) await operation.run(at);
      else if (!(await isDone())) await operation.run(at);
    }
    expect(await isDone()).toBe(true);
    return count >= nth;
  }

  test.each(Object.keys(MISHAPS))("survives %s at every request", async (mishap) => {
    let nth = 1;
    while (await attempt(mishap, nth)) nth++;
    expect(nth).toBeGreaterThan(1);
  });
});

describe("after a commit of unknown outcome that had landed", () => {
  /** The reply to the put of `repo` is lost, and so is everything after it. */
  async function committedUnknown(mode: "commit" | "amend" | "flush"): Promise<Place> {
    let isArmed = false;
    let isSent = false;
    const path = (name: string): boolean => {
      isSent ||= isArmed && name === "repo" && puts++ > 0;
      return isArmed && isSent;
    };
    let puts = 0; // `repo` is copied before it is put.
    const at = await place([{ effect: "lost-reply", path }], false);
    isArmed = true;
    const error = await at.session[mode]("ours").catch((thrown: unknown) => thrown);
    isArmed = false;
    expect(error).toMatchObject({ kind: "unknown-outcome" });
    expect(at.session.hasUncommittedChanges).toBe(true);
    return at;
  }

  test("committing again resolves to it, whatever was committed on top", async () => {
    const { inner, session } = await committedUnknown("commit");
    const repository = await Repository.open(inner);
    const landed = await repository.lookupBranch("main");
    const later = await repository.writableSession("main");
    await later.store.set("a/c/2", chunk(1));
    await later.commit("on top");
    expect(await session.commit("ours", { solver: basicConflictSolver() })).toBe(landed);
    expect(session.snapshotId).toBe(landed);
    expect(session.mode).toBe("readonly");
    expect(await messageOnMain(repository, "ours")).toBe(1);
  });

  test("changes made since are refused with its id, and can be dropped", async () => {
    const { inner, session } = await committedUnknown("commit");
    const landed = await (await Repository.open(inner)).lookupBranch("main");
    await session.store.set("a/c/7", chunk(1));
    for (const call of [
      () => session.commit("more"),
      () => session.commit("more", { solver: basicConflictSolver() }),
      () => session.rebase(basicConflictSolver()),
    ]) {
      expect(await rejection(call())).toMatchObject({
        kind: "commit-not-allowed",
        details: { snapshotId: landed },
      });
    }
    expect(session.hasUncommittedChanges).toBe(true);
    session.discardChanges();
    await session.rebase();
    await session.store.set("a/c/7", chunk(1));
    await session.commit("more");
    const reader = await (await Repository.open(inner)).readonlySession("main");
    expect(await reader.store.get("a/c/7")).toEqual(chunk(1));
    expect(await reader.store.get("a/c/2")).toEqual(chunk(3, 2));
  });

  test("a commit after a flush is a commit of its own", async () => {
    const { inner, session } = await committedUnknown("flush");
    const id = await session.commit("ours too");
    expect(await (await Repository.open(inner)).lookupBranch("main")).toBe(id);
  });
});
