/** What may happen at once in one session, step by step: requests wait until the test lets them go. */
import { describe, expect, test } from "vitest";
import { memoryStorage, Repository, type Session, type Storage } from "../../../src/index.ts";
import { array, chunk, kindOf, repositoryWithArray } from "./fixture.ts";
import { type HeldStorage, heldStorage } from "./held-storage.ts";

interface Place {
  readonly inner: Storage;
  readonly gate: HeldStorage;
  readonly session: Session;
}

/** A repository with array /a, opened anew (nothing is cached) behind a gate. */
async function place(): Promise<Place> {
  const inner = memoryStorage();
  await repositoryWithArray(inner);
  const gate = heldStorage(inner);
  const repository = await Repository.open(gate.storage);
  return { inner, gate, session: await repository.writableSession("main") };
}
const isChunk = ({ path }: { path: string }): boolean => path.startsWith("chunks/");
const isSnapshotRead = ({ path, operation }: { path: string; operation: string }): boolean =>
  operation === "get" && path.startsWith("snapshots/");

/** Mutations of every kind. */
const MUTATIONS: Record<string, (session: Session) => Promise<unknown>> = {
  set: (s) => s.store.set("a/c/1", chunk(1)),
  "set of a large chunk": (s) => s.store.set("a/c/1", chunk(600)),
  "set of metadata": (s) => s.store.set("a/zarr.json", array([4], [1])),
  setIfNotExists: (s) => s.store.setIfNotExists("a/c/1", chunk(1)),
  delete: (s) => s.store.delete("a/c/1"),
  deleteDir: (s) => s.store.deleteDir("a"),
  clear: (s) => s.store.clear(),
  setVirtualRef: (s) =>
    s.store.setVirtualRef(
      "a/c/1",
      { location: "s3://b/k", offset: 0, length: 1 },
      { validateContainer: false },
    ),
  setVirtualRefs: (s) => s.store.setVirtualRefs("a", []),
  discardChanges: async (s) => s.discardChanges(),
  fork: async (s) => s.fork(),
  commit: (s) => s.commit("second"),
  amend: (s) => s.amend("second"),
  flush: (s) => s.flush("second"),
  rebase: (s) => s.rebase(),
};

/** Long operations, each held at its first request of the given kind. */
const ACTIVITIES: Record<string, (session: Session) => Promise<unknown>> = {
  commit: (s) => s.commit("first"),
  amend: (s) => s.amend("first"),
  flush: (s) => s.flush("first"),
  rebase: (s) => s.rebase(),
  merge: (s) =>
    s.merge(
      (async function* () {
        await s.config; // Forces the stream to be asynchronous.
        yield* [];
      })(),
    ),
};

describe.each(Object.keys(ACTIVITIES))("while %s runs", (name) => {
  test.each(Object.keys(MUTATIONS).filter((one) => !(one === "merge" && name === "merge")))(
    "%s is refused as session-busy, and the session goes on",
    async (mutation) => {
      const { gate, session } = await place();
      await session.store.set("a/c/0", chunk(1));
      const before = await session.status();
      // Everything awaits something that the gate holds: `repo`, a snapshot or a put.
      gate.holds = () => true;
      let enter: () => void = () => undefined;
      const entered = new Promise<void>((resolve) => {
        enter = resolve;
      });
      const running =
        name === "merge"
          ? session.merge(
              (async function* () {
                enter();
                await gate.storage.head("chunks/anything");
                yield* [];
              })(),
            )
          : (ACTIVITIES[name] as (s: Session) => Promise<unknown>)(session);
      await (name === "merge" ? entered : gate.next());
      const kind = await kindOf((MUTATIONS[mutation] as (s: Session) => Promise<unknown>)(session));
      expect(kind).toBe("session-busy");
      gate.releaseAll();
      await running;
      if (name === "rebase" || name === "merge") {
        expect(await session.status()).toEqual(before);
        await (MUTATIONS[mutation] as (s: Session) => Promise<unknown>)(session);
      }
    },
  );

  test("reads go on", async () => {
    const { gate, session } = await place();
    await session.store.set("a/c/0", chunk(1));
    gate.holds = ({ operation }) => operation === "put" || operation === "getIfChanged";
    const running = (ACTIVITIES[name] as (s: Session) => Promise<unknown>)(session);
    if (name !== "merge") await gate.next();
    expect(await session.store.get("a/c/0")).toEqual(chunk(1));
    expect(await session.store.list().toArray()).toContain("a/c/0");
    expect((await session.status()).isEmpty).toBe(false);
    gate.releaseAll();
    await running;
  });
});

describe("commit", () => {
  test.each(["commit", "amend", "flush"] as const)(
    "%s waits for every write called before it",
    async (mode) => {
      const { inner, gate, session } = await place();
      gate.holds = (request) => isChunk(request) || isSnapshotRead(request);
      const writes = [
        session.store.set("a/c/0", chunk(600)),
        session.store.set("a/c/1", chunk(1)),
        session.store.setIfNotExists("a/c/2", chunk(1)),
        session.store.set("b/zarr.json", array([1], [1])),
      ];
      const done = session[mode]("all of it");
      await gate.next();
      gate.releaseAll();
      const snapshotId = await done;
      await Promise.all(writes);
      const reader = await (await Repository.open(inner)).readonlySession({ snapshotId });
      expect(await reader.store.list().toArray()).toEqual([
        "zarr.json",
        "a/zarr.json",
        "b/zarr.json",
        "a/c/0",
        "a/c/1",
        "a/c/2",
      ]);
    },
  );

  test("waits for writes that fail, and commits the others", async () => {
    const { gate, session } = await place();
    gate.holds = isChunk;
    const failing = kindOf(session.store.set("a/c/0", chunk(600)));
    const abort = new AbortController();
    const aborted = session.store
      .set("a/c/1", chunk(600), { signal: abort.signal })
      .catch((e) => e);
    await session.store.set("a/c/2", chunk(1));
    const done = session.commit("what is left");
    await session.store.has("a/zarr.json"); // Let everything get as far as it can.
    abort.abort("no");
    gate.releaseAll();
    await done;
    expect(await aborted).toBe("no");
    await expect(failing).rejects.toThrow("expected a rejection");
    expect(await session.store.has("a/c/1")).toBe(false);
    expect(await session.store.has("a/c/0")).toBe(true);
  });

  test("makes later writes read-only-session, and a second commit commit-not-allowed", async () => {
    const { session } = await place();
    await session.store.set("a/c/0", chunk(1));
    await session.commit("done");
    for (const [name, mutate] of Object.entries(MUTATIONS)) {
      const kind = await kindOf(mutate(session));
      const expected = ["commit", "amend", "flush", "rebase"].includes(name)
        ? "commit-not-allowed"
        : name === "fork"
          ? "cannot-fork-read-only-session"
          : "read-only-session";
      expect(`${name}: ${kind}`).toBe(`${name}: ${expected}`);
    }
    expect(await kindOf(session.merge([]))).toBe("merge-not-allowed");
  });
});

describe("fork", () => {
  test("sees the writes that have resolved, and not those in flight", async () => {
    const { gate, session } = await place();
    await session.store.set("a/c/0", chunk(1));
    gate.holds = isChunk;
    const late = session.store.set("a/c/1", chunk(600));
    await gate.next();
    const fork = session.fork();
    gate.releaseAll();
    await late;
    expect(await fork.store.get("a/c/0")).toEqual(chunk(1));
    expect(await fork.store.get("a/c/1")).toBeUndefined();
    await fork.store.set("a/c/1", chunk(2));
    // The write in flight is newer than the fork: nobody overwrites it unseen.
    expect(await kindOf(session.merge(fork))).toBe("merge-overlap");
    expect(await session.store.get("a/c/1")).toEqual(chunk(600));
  });
});

describe("discardChanges", () => {
  test("drops writes in flight: uploads, and those that still load the base", async () => {
    const { gate, session } = await place();
    gate.holds = (request) => isChunk(request) || isSnapshotRead(request);
    const inFlight = [
      session.store.set("a/c/0", chunk(600)),
      session.store.set("a/c/1", chunk(1)),
      session.store.setIfNotExists("a/c/2", chunk(1)),
      session.store.set("b/zarr.json", array([1], [1])),
      session.store.delete("a/zarr.json"),
      session.store.deleteDir("a"),
    ];
    await gate.next();
    session.discardChanges();
    gate.releaseAll();
    await Promise.all(inFlight);
    expect(session.hasUncommittedChanges).toBe(false);
    const upload = heldSet(gate, session);
    await gate.next();
    session.discardChanges();
    await session.store.set("a/c/3", chunk(1));
    gate.releaseAll();
    await upload;
    expect((await session.status()).updatedChunks.get("/a")?.toJSON()).toEqual([[3]]);
  });

  function heldSet(gate: HeldStorage, session: Session): Promise<void> {
    gate.holds = isChunk;
    return session.store.set("a/c/0", chunk(600));
  }

  test("of a fork drops its writes in flight", async () => {
    const { gate, session } = await place();
    const fork = session.fork();
    gate.holds = isChunk;
    const upload = fork.store.set("a/c/0", chunk(600));
    await gate.next();
    fork.discardChanges();
    gate.releaseAll();
    await upload;
    expect(fork.hasUncommittedChanges).toBe(false);
  });
});

describe("deleteDir of chunks", () => {
  test("leaves nothing behind if the array is deleted while it reads manifests", async () => {
    const { inner } = await place();
    const writer = await (await Repository.open(inner)).writableSession("main");
    await writer.store.set("a/c/0", chunk(1));
    await writer.commit("a chunk");
    const gate = heldStorage(inner);
    const session = await (await Repository.open(gate.storage)).writableSession("main");
    const fork = session.fork();
    await fork.store.has("a/zarr.json");
    gate.holds = ({ path }) => path.startsWith("manifests/");
    const clearing = fork.store.deleteDir("a/c");
    await gate.next();
    await fork.store.delete("a/zarr.json");
    await fork.store.set("a/zarr.json", array([1, 1], [1, 1]));
    gate.releaseAll();
    await clearing;
    await session.merge(fork);
    await session.commit("rank 2");
    expect(await session.store.list().toArray()).toEqual(["zarr.json", "a/zarr.json"]);
  });

  test("of a new array that is deleted meanwhile leaves the session clean", async () => {
    const { session } = await place();
    await session.store.set("n/zarr.json", array([1], [1]));
    await session.store.set("n/c/0", chunk(1));
    const clearing = session.store.deleteDir("n/c");
    await session.store.delete("n/zarr.json");
    await clearing;
    expect(session.hasUncommittedChanges).toBe(false);
  });
});

describe("merges", () => {
  test("queue in the order they are called, each seeing the one before", async () => {
    const { gate, session } = await place();
    const forks = [session.fork(), session.fork(), session.fork()];
    for (const [at, fork] of forks.entries()) await fork.store.set(`a/c/${at}`, chunk(600, at));
    const clash = session.fork();
    await clash.store.set("a/c/0", chunk(600, 9));
    gate.holds = ({ operation }) => operation === "head";
    const running = [
      ...forks.map((fork) => session.merge(fork)),
      kindOf(session.merge(clash)),
      session.merge(clash, { onOverlap: "ours" }),
    ];
    await gate.next();
    expect(await kindOf(session.commit("no"))).toBe("session-busy");
    gate.releaseAll();
    const reports = await Promise.all(running);
    expect(reports[3]).toBe("merge-overlap");
    expect(reports[4]).toMatchObject({ chunks: 0, overlaps: 1 });
    for (const at of [0, 1, 2])
      expect(await session.store.get(`a/c/${at}`)).toEqual(chunk(600, at));
    await session.commit("merged");
  });

  test("wait for sets that were called before them", async () => {
    const { gate, session } = await place();
    const fork = session.fork();
    await fork.store.set("a/c/0", chunk(1, 7));
    gate.holds = isChunk;
    const upload = session.store.set("a/c/0", chunk(600));
    await gate.next();
    const merging = kindOf(session.merge(fork));
    gate.releaseAll();
    await upload;
    expect(await merging).toBe("merge-overlap");
  });
});

describe("two writes of the same", () => {
  test("setIfNotExists writes once, whoever comes first", async () => {
    const { session } = await place();
    await Promise.all(
      [1, 2, 3].map((value) => session.store.setIfNotExists("a/c/0", chunk(600, value))),
    );
    expect(await session.store.get("a/c/0")).toEqual(chunk(600, 1));
  });

  test("sets in flight may be many; the last to be stored stays", async () => {
    const { session } = await place();
    await Promise.all(
      Array.from({ length: 200 }, (_, at) =>
        session.store.set(`a/c/${at % 8}`, chunk(513 + at, at)),
      ),
    );
    const sizes = await Promise.all(
      [0, 1, 2, 3, 4, 5, 6, 7].map((at) => session.store.getSize(`a/c/${at}`)),
    );
    for (const size of sizes) expect(size).toBeGreaterThanOrEqual(513);
    await session.commit("many");
  });
});
