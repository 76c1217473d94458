/**
 * Every operation is aborted at every request: it rejects with the signal's reason while the
 * request still hangs, leaves the session as it was, and works when called again. Once the
 * conditional put of `repo` is sent, abort is ignored and the outcome is reported.
 */
import { describe, expect, test } from "vitest";
import {
  basicConflictSolver,
  ForkSession,
  memoryStorage,
  Repository,
  type Session,
  type Storage,
} from "../../../src/index.ts";
import { writeRegion } from "../../../src/zarr/index.ts";
import { array, chunk, repositoryWithArray } from "./fixture.ts";
import { type HeldStorage, heldStorage } from "./held-storage.ts";

interface Place {
  readonly gate: HeldStorage;
  readonly inner: Storage;
  readonly repository: Repository;
  readonly session: Session;
  readonly forkBytes: Uint8Array;
}
type Run = (place: Place, signal: AbortSignal) => Promise<unknown>;

const OPERATIONS: Record<string, { run: Run; isRaced?: boolean; leavesTraces?: boolean }> = {
  commit: { run: ({ session }, signal) => session.commit("ours", { signal }) },
  amend: { run: ({ session }, signal) => session.amend("ours", { signal }) },
  flush: { run: ({ session }, signal) => session.flush("ours", { signal }) },
  "commit with a solver after a lost race": {
    isRaced: true,
    run: ({ session }, signal) => session.commit("ours", { signal, solver: basicConflictSolver() }),
  },
  rebase: {
    isRaced: true,
    run: ({ session }, signal) => session.rebase(basicConflictSolver(), { signal }),
  },
  merge: { run: ({ session, forkBytes }, signal) => session.merge(forkBytes, { signal }) },
  "set of a large chunk": {
    run: ({ session }, signal) => session.store.set("a/c/6", chunk(700), { signal }),
  },
  get: { run: ({ session }, signal) => session.store.get("a/c/0", { signal }) },
  "get of a native chunk": { run: ({ session }, signal) => session.store.get("a/c/4", { signal }) },
  getPartialValues: {
    run: ({ session }, signal) =>
      session.store.getPartialValues([["a/c/0"], ["a/c/4", { offset: 3 }]], { signal }),
  },
  list: { run: ({ session }, signal) => session.store.list({ signal }).toArray() },
  getSizePrefix: { run: ({ session }, signal) => session.store.getSizePrefix("", { signal }) },
  deleteDir: { run: ({ session }, signal) => session.store.deleteDir("a/c", { signal }) },
  chunkCoordinates: {
    run: ({ session }, signal) => session.chunkCoordinates("/a", { signal }).toArray(),
  },
  status: { run: ({ session }, signal) => session.status({ signal }) },
  fromBytes: {
    run: ({ gate, forkBytes }, signal) =>
      ForkSession.fromBytes(forkBytes, { storage: gate.storage, signal }),
  },
  writeRegion: {
    leavesTraces: true,
    run: ({ session }, signal) =>
      writeRegion(session.store, "/big", { data: new Uint8Array(2000).fill(3), signal }),
  },
  open: { run: ({ gate }, signal) => Repository.open(gate.storage, { signal }) },
  writableSession: {
    run: ({ repository }, signal) => repository.writableSession("main", { signal }),
  },
  ancestry: { run: ({ repository }, signal) => repository.ancestry("main", { signal }).toArray() },
  diff: {
    run: ({ repository }, signal) =>
      repository.diff({ snapshotId: "1CECHNKREP0F1RSTCMT0" }, "main", { signal }),
  },
  createTag: {
    run: ({ repository, session }, signal) =>
      repository.createTag("v2", session.snapshotId, { signal }),
  },
  transaction: {
    run: ({ repository }, signal) =>
      repository.transaction("main", (s) => s.store.set("a/c/3", chunk(600)), {
        message: "ours",
        signal,
      }),
  },
};

/** A repository opened anew behind a gate, a dirty session, bytes of a fork. */
async function place(isRaced: boolean): Promise<Place> {
  const inner = memoryStorage();
  const { session: first } = await repositoryWithArray(inner);
  await first.store.set("a/c/0", chunk(1));
  await first.store.set("a/c/4", chunk(900));
  await first.store.set("big/zarr.json", array([2000], [1000]));
  await first.commit("seed");
  const forkMaker = await (await Repository.open(inner)).writableSession("main");
  const fork = forkMaker.fork();
  await fork.store.set("a/c/5", chunk(800));
  const gate = heldStorage(inner);
  const repository = await Repository.open(gate.storage);
  const session = await repository.writableSession("main");
  await session.store.set("a/c/1", chunk(600));
  await session.store.set("a/c/2", chunk(3));
  if (isRaced) {
    await forkMaker.store.set("a/c/2", chunk(3, 9));
    await forkMaker.commit("theirs");
  }
  return { gate, inner, repository, session, forkBytes: fork.toBytes() };
}

/** The changes as text; ids and times of a place are its own. */
async function changesOf(session: Session): Promise<string> {
  const { updatedChunks, ...nodes } = await session.status();
  return JSON.stringify([nodes, [...updatedChunks].map(([path, at]) => [path, at.toJSON()])]);
}

describe.each(Object.entries(OPERATIONS))(
  "%s",
  (_, { run, isRaced = false, leavesTraces = false }) => {
    test("ends when aborted at any request, and works afterwards", async () => {
      let isHeld = true;
      for (let nth = 1; isHeld; nth++) {
        const expected = await changesOf((await place(isRaced)).session);
        const target = await place(isRaced); // Nothing is cached that a look would have cached.
        let count = 0;
        target.gate.holds = () => ++count >= nth;
        const abort = new AbortController();
        const running = run(target, abort.signal).then(
          (value) => ({ value }),
          (error: unknown) => ({ error }),
        );
        const held = await Promise.race([target.gate.next(), running.then(() => undefined)]);
        isHeld = held !== undefined;
        if (held === undefined) break;
        const isCommitPoint = held.request.path === "repo" && held.request.operation === "put";
        const reason = { why: "enough" };
        abort.abort(reason);
        if (isCommitPoint) target.gate.releaseAll();
        const ended = await running;
        if (isCommitPoint) {
          expect(ended).toHaveProperty("value");
          continue;
        }
        expect(ended).toEqual({ error: reason });
        target.gate.releaseAll();
        if (!leavesTraces) expect(await changesOf(target.session)).toBe(expected);
        expect(target.session.mode).toBe("writable");
        await run(target, new AbortController().signal);
      }
    });
  },
);

describe("abort while waiting", () => {
  test("for writes in flight ends a commit at once", async () => {
    const { gate, session } = await place(false);
    gate.holds = ({ path }) => path.startsWith("chunks/");
    const upload = session.store.set("a/c/6", chunk(700));
    await gate.next();
    for (const call of [
      (signal: AbortSignal) => session.commit("no", { signal }),
      (signal: AbortSignal) => session.rebase(undefined, { signal }),
      (signal: AbortSignal) => session.merge([], { signal }),
    ]) {
      const abort = new AbortController();
      const running = call(abort.signal).catch((error: unknown) => error);
      abort.abort("enough");
      expect(await running).toBe("enough");
    }
    gate.releaseAll();
    await upload;
    await session.commit("yes");
  });

  test("for an earlier merge ends a queued one, and the earlier one goes on", async () => {
    const { gate, session, forkBytes } = await place(false);
    gate.holds = ({ operation }) => operation === "head";
    const first = session.merge(forkBytes);
    await gate.next();
    const abort = new AbortController();
    const second = session.merge(forkBytes, { signal: abort.signal }).catch((error) => error);
    const third = session.merge(forkBytes);
    abort.abort("enough");
    expect(await second).toBe("enough");
    gate.releaseAll();
    expect((await first).chunks).toBe(1);
    expect((await third).skipped).toBe(1);
    await session.commit("merged");
  });

  test("for a stream of forks that never goes on ends the merge, and the session is usable", async () => {
    const { session, forkBytes } = await place(false);
    const abort = new AbortController();
    let isClosed = false;
    let announceSilence: () => void;
    const silence = new Promise<void>((resolve) => {
      announceSilence = resolve;
    });
    const stream = {
      [Symbol.asyncIterator]() {
        let count = 0;
        return {
          next: () => {
            if (count++ === 0) return Promise.resolve({ done: false as const, value: forkBytes });
            announceSilence();
            return new Promise<never>(() => undefined);
          },
          return: () => {
            isClosed = true;
            return new Promise<never>(() => undefined);
          },
        };
      },
    };
    const before = await changesOf(session);
    const running = session.merge(stream, { signal: abort.signal }).catch((error) => error);
    await silence;
    abort.abort("enough");
    expect(await running).toBe("enough");
    expect(isClosed).toBe(true);
    expect(await changesOf(session)).toBe(before);
    expect((await session.merge(forkBytes)).chunks).toBe(1);
    await session.commit("merged");
  });

  test("for a solver that never answers ends the rebase, and the session is usable", async () => {
    const { session } = await place(true);
    const abort = new AbortController();
    let rebase: Promise<unknown> = Promise.resolve();
    await new Promise<void>((asked) => {
      const solver = (): Promise<never> => {
        asked();
        return new Promise(() => undefined);
      };
      rebase = session.rebase(solver, { signal: abort.signal }).catch((error) => error);
    });
    abort.abort("enough");
    expect(await rebase).toBe("enough");
    await session.commit("rebased", { solver: basicConflictSolver() });
  });
});
