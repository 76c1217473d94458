/** Operations of several steps under way while the session commits, is sent, or changes under them. */
import { describe, expect, test } from "vitest";
import * as zarr from "zarrita";
import { memoryStorage, Repository, type Session } from "../../../src/index.ts";
import {
  append,
  createArray,
  createGroup,
  resize,
  updateAttributes,
  writeRegion,
  type ZarrStore,
} from "../../../src/zarr/index.ts";
import { kindOf, rejection, textOf } from "../session/fixture.ts";
import { type HeldStorage, heldStorage } from "../session/held-storage.ts";

const CODECS = [{ name: "bytes", configuration: { endian: "little" } }];
const ROW = 800; // Chunks of 800 bytes are stored as objects.
const ROWS = 3;

interface Scene {
  readonly repository: Repository;
  readonly session: Session;
  readonly gate: HeldStorage;
}

/** Array /x of uint8 [3, 800], a row per chunk, filled with ones; everything behind a gate. */
async function scene(): Promise<Scene> {
  const gate = heldStorage(memoryStorage());
  const repository = await Repository.create(gate.storage);
  const setup = await repository.writableSession("main");
  const options = { shape: [ROWS, ROW], chunkShape: [1, ROW], dtype: "uint8" } as const;
  await createArray(setup.store, "/x", { ...options, codecs: CODECS });
  await writeRegion(setup.store, "/x", { data: 1 });
  await setup.commit("x");
  return { repository, gate, session: await repository.writableSession("main") };
}
const isChunkPut = ({ path, operation }: { path: string; operation: string }): boolean =>
  operation === "put" && path.startsWith("chunks/");

async function valuesOf(store: ZarrStore, path: `/${string}`): Promise<number[]> {
  const array = await zarr.open.v3(zarr.root(store as never).resolve(path), { kind: "array" });
  return [...((await zarr.get(array)) as { data: Iterable<number> }).data].map(Number);
}
/** The first value of every row. */
const firstOfRows = async (store: ZarrStore): Promise<number[]> =>
  (await valuesOf(store, "/x")).filter((_, at) => at % ROW === 0);

const OPERATIONS: Record<string, (session: Session) => Promise<unknown>> = {
  writeRegion: (s) => writeRegion(s.store, "/x", { data: 2 }),
  append: (s) => append(s.store, "/x", { data: new Uint8Array(ROW).fill(2) }),
  resize: (s) => resize(s.store, "/x", [2, ROW]),
  updateAttributes: (s) => updateAttributes(s.store, "/x", { late: true }),
  createArray: (s) => createArray(s.store, "/p/q", { shape: [1], dtype: "int8" }),
  "createArray that overwrites": (s) =>
    createArray(s.store, "/x", { shape: [1], dtype: "int8", overwrite: true }),
  createGroup: (s) => createGroup(s.store, "/p/q"),
};

/** What a version holds, chunks by their size. */
async function contentOf(session: Session): Promise<string[]> {
  const keys = await session.store.list().toArray();
  return Promise.all(
    keys.map(async (key) => {
      const bytes = await session.store.get(key);
      return key.endsWith("zarr.json") ? `${key} ${textOf(bytes)}` : `${key} ${bytes?.slice(0, 3)}`;
    }),
  );
}

describe.each(Object.keys(OPERATIONS))("%s that nobody awaits", (name) => {
  const operation = OPERATIONS[name] as (session: Session) => Promise<unknown>;

  test.each(["commit", "amend", "flush"] as const)("is in the %s called after it", async (mode) => {
    const { repository, session } = await scene();
    const forgotten = operation(session);

    const snapshotId = await session[mode]("all of it");

    await forgotten;
    const reader = await repository.readonlySession({ snapshotId });
    const { session: other } = await scene();
    await operation(other);
    expect(await contentOf(reader)).toEqual(await contentOf(other));
  });

  test("keeps a fork from being sent and from being merged, by name", async () => {
    const { session } = await scene();
    const fork = session.fork() as never as Session & { toBytes(): Uint8Array };
    const forgotten = operation(fork);

    expect(() => fork.toBytes()).toThrow(
      expect.objectContaining({
        kind: "writes-in-flight",
        message: expect.stringContaining("await"),
        details: expect.objectContaining({ total: 1, writes: [expect.stringMatching(/^\w+ \//)] }),
      }),
    );

    await forgotten;
    expect(await session.merge(fork as never)).toMatchObject({ forks: 1 });
  });

  test("is refused while a commit runs", async () => {
    const { session, gate } = await scene();
    await session.store.set("zarr.json", (await session.store.get("zarr.json")) as Uint8Array);
    gate.holds = ({ path }) => path === "repo";
    const committing = session.commit("empty", { allowEmpty: true });
    await gate.next();

    const error = await rejection(operation(session));

    expect(error).toMatchObject({
      kind: "session-busy",
      message: expect.stringContaining("await"),
    });
    gate.releaseAll();
    await committing;
    expect(await rejection(operation(session))).toMatchObject({
      kind: "read-only-session",
      message: expect.stringContaining("await"),
    });
  });
});

describe("a commit that waits for an operation", () => {
  test("refuses new writes meanwhile", async () => {
    const { session, gate } = await scene();
    gate.holds = isChunkPut;
    const forgotten = writeRegion(session.store, "/x", { data: 2 });
    const committing = session.commit("twos");
    await gate.next();

    expect(await kindOf(session.store.set("x/c/0/0", new Uint8Array(1)))).toBe("session-busy");
    expect(await kindOf(writeRegion(session.store, "/x", { data: 3 }))).toBe("session-busy");

    gate.releaseAll();
    await committing;
    await forgotten;
    expect(await firstOfRows(session.store)).toEqual([2, 2, 2]);
  });

  test("commits the rest where the operation fails, which rejects by itself", async () => {
    const { session, repository } = await scene();
    const abort = new AbortController();
    const forgotten = writeRegion(session.store, "/x", { data: 2, signal: abort.signal });
    const committing = session.commit("nothing", { allowEmpty: true });
    abort.abort("enough");

    await expect(forgotten).rejects.toBe("enough");
    const snapshotId = await committing;
    expect(await repository.lookupBranch("main")).toBe(snapshotId);
  });

  test("ends at once when its signal aborts, and the session goes on", async () => {
    const { session, gate } = await scene();
    gate.holds = isChunkPut;
    const writing = writeRegion(session.store, "/x", { data: 2 });
    await gate.next();
    const abort = new AbortController();
    const committing = session.commit("twos", { signal: abort.signal });
    abort.abort("enough");

    await expect(committing).rejects.toBe("enough");
    gate.releaseAll();
    await writing;
    await session.commit("twos");
    expect(await firstOfRows(session.store)).toEqual([2, 2, 2]);
  });
});

test("a fork is not merged while a region is being written in it", async () => {
  const { session, gate } = await scene();
  const fork = session.fork();
  gate.holds = isChunkPut;
  const writing = writeRegion(fork.store, "/x", { data: 2 });
  await gate.next();

  expect(await kindOf(session.merge(fork))).toBe("writes-in-flight");

  gate.releaseAll();
  await writing;
  await session.merge(fork);
  expect(await firstOfRows(session.store)).toEqual([2, 2, 2]);
});

test("a merge waits for an operation under way", async () => {
  const { session, gate } = await scene();
  const fork = session.fork();
  await writeRegion(fork.store, "/x", { region: [0, null], data: 3 });
  gate.holds = isChunkPut;
  const writing = writeRegion(session.store, "/x", { region: [0, null], data: 2 });
  await gate.next();
  const merging = kindOf(session.merge(fork));
  gate.releaseAll();

  await writing;
  expect(await merging).toBe("merge-overlap");
});

test("discarded changes stay discarded, whatever an operation would still write", async () => {
  for (let steps = 0; steps < 60; steps += 3) {
    const { session } = await scene();
    const writing = Promise.allSettled([
      createArray(session.store, "/p/q", { shape: [4], chunkShape: [1], dtype: "int8" }),
      writeRegion(session.store, "/x", { data: 2 }),
    ]);
    for (let step = 0; step < steps; step++) await undefined;
    session.discardChanges();
    await writing;
    expect(session.hasUncommittedChanges).toBe(false);
  }
});

test("a commit has the part of a chunk that zarrita is changing", async () => {
  const { session, repository } = await scene();
  const array = await zarr.open(zarr.root(session.store).resolve("x"), { kind: "array" });
  const forgotten = zarr.set(array, [0, zarr.slice(0, 3)], 9); // Reads the chunk, then writes it.
  await session.commit("what zarrita was changing");
  await forgotten;

  const { store } = await repository.readonlySession("main");
  const stored = await zarr.open(zarr.root(store).resolve("x"), { kind: "array" });
  expect((await zarr.get(stored, [0, 0])) as unknown).toBe(9);
});

test("a write that comes after the commit says that something was not awaited", async () => {
  const { session } = await scene();
  const committing = session.commit("nothing", { allowEmpty: true });
  const forgotten = committing.then(() => session.store.set("x/c/0/0", new Uint8Array(ROW)));

  expect(await rejection(forgotten)).toMatchObject({
    kind: "read-only-session",
    message: expect.stringContaining("await"),
  });
});

/** What makes /x another array, or one whose chunks mean something else. */
const REPLACEMENTS: Record<string, (session: Session) => Promise<unknown>> = {
  "createArray with overwrite": (s) =>
    createArray(s.store, "/x", {
      shape: [ROWS, ROW],
      chunkShape: [1, ROW],
      dtype: "int8",
      codecs: CODECS,
      overwrite: true,
    }),
  "delete and create": async (s) => {
    await s.store.delete("x/zarr.json");
    await createArray(s.store, "/x", {
      shape: [ROWS, ROW],
      chunkShape: [1, ROW],
      dtype: "int8",
      codecs: CODECS,
    });
  },
  delete: (s) => s.store.delete("x/zarr.json"),
  "deleteDir of the root": (s) => s.store.clear(),
  "another data type": (s) => setMember(s, "data_type", "int8"),
  "another grid": (s) =>
    setMember(s, "chunk_grid", { name: "regular", configuration: { chunk_shape: [1, ROW / 2] } }),
  "other codecs": (s) => setMember(s, "codecs", [...CODECS, { name: "crc32c", configuration: {} }]),
  "another fill value": (s) => setMember(s, "fill_value", 1),
};

async function setMember(session: Session, name: string, value: unknown): Promise<void> {
  const document = JSON.parse(textOf(await session.store.get("x/zarr.json")) as string);
  const bytes = new TextEncoder().encode(JSON.stringify({ ...document, [name]: value }));
  await session.store.set("x/zarr.json", bytes);
}

describe.each(Object.keys(REPLACEMENTS))("%s", (name) => {
  const replace = REPLACEMENTS[name] as (session: Session) => Promise<unknown>;

  test("while a region is written: the region is refused, and nothing of it lands after", async () => {
    const { session, gate } = await scene();
    gate.holds = isChunkPut;
    const writing = kindOf(writeRegion(session.store, "/x", { data: 2 }));
    await gate.next();
    await replace(session);
    gate.releaseAll();

    expect(["node-not-found", "node-changed"]).toContain(await writing);
    const status = await session.status();
    expect(status.updatedChunks.size).toBe(0);
  });

  test("beside a region that is written: a whole region or a refused one", async () => {
    for (let steps = 0; steps < 60; steps += 2) {
      const { session } = await scene();
      const before = await session.getNodeId("/x");
      const replacing = replace(session);
      for (let step = 0; step < steps; step++) await undefined;
      const outcome = await writeRegion(session.store, "/x", { data: 2 }).then(
        () => "written",
        (error: { kind: string }) => error.kind,
      );
      await replacing;
      expect(["written", "node-not-found", "node-changed"]).toContain(outcome);
      if (!(await session.store.has("x/zarr.json"))) continue;
      if ((await session.getNodeId("/x")) === before) continue; // Not made anew.
      const values = await valuesOf(session.store, "/x");
      const isWhole = new Set(values).size === 1;
      expect(`${outcome}: ${isWhole}`).toBe(`${outcome}: true`);
    }
  });
});

test("a region in flight is refused where a shrink cuts it off, and stays where it fits", async () => {
  const { session, gate } = await scene();
  gate.holds = isChunkPut;
  const outside = kindOf(writeRegion(session.store, "/x", { region: [2, null], data: 2 }));
  const inside = writeRegion(session.store, "/x", { region: [0, null], data: 2 });
  await gate.next();
  await resize(session.store, "/x", [1, ROW]);
  gate.releaseAll();

  expect(await outside).toBe("invalid-chunk-index");
  await inside;
  expect(await firstOfRows(session.store)).toEqual([2]);
});

test("a zarr.json that something else has set is not written back as it was before", async () => {
  for (let steps = 0; steps < 40; steps += 2) {
    const { session } = await scene();
    const updating = updateAttributes(session.store, "/x", { late: true }).then(
      () => "done",
      (error: { kind: string }) => error.kind,
    );
    for (let step = 0; step < steps; step++) await undefined;
    await setMember(session, "data_type", "int8");
    const outcome = await updating;
    const document = JSON.parse(textOf(await session.store.get("x/zarr.json")) as string);
    expect(document.data_type).toBe("int8");
    expect(["done", "node-changed"]).toContain(outcome);
  }
});
