/** Values, names and sizes at the edges: they come back as they were given, or are refused before anything is written. */
import { describe, expect, test } from "vitest";
import {
  basicConflictSolver,
  ForkSession,
  memoryStorage,
  Repository,
  type Session,
} from "../../../src/index.ts";
import { countingStorage } from "../../../src/testing/index.ts";
import { createArray, updateAttributes } from "../../../src/zarr/index.ts";
import { array, chunk, GROUP, kindOf, rejection, text } from "./fixture.ts";

async function writable(): Promise<{ repository: Repository; session: Session }> {
  const repository = await Repository.create(memoryStorage());
  return { repository, session: await repository.writableSession("main") };
}
/** The committed state, read by a repository that has cached nothing. */
async function reopened(repository: Repository): Promise<Session> {
  return (await Repository.open(repository.storage)).readonlySession("main");
}

describe("commit metadata", () => {
  test.each<[string, unknown]>([
    ["nesting", { a: { b: [{ c: [[], {}, [null]] }] } }],
    ["integers", [0, -1, 255, 256, 2 ** 31, 2 ** 32, -(2 ** 53) + 1, 2 ** 53 - 1]],
    ["integers beyond 2^53", [2n ** 53n + 1n, -(2n ** 63n), 2n ** 64n - 1n]],
    ["floats", [0.1, -1e-300, 1e300, 5e-324]],
    ["text", ["", "\0", "\n", "äöü", "🧊", "a".repeat(100_000)]],
    ["booleans", [true, false, null]],
    ["names", { "": 1, ä: 2, "a.b/c": 3, constructor: 4, toString: 5 }],
  ])("of %s comes back", async (_, value) => {
    const { repository, session } = await writable();
    await session.store.set("zarr.json", GROUP);
    const id = await session.commit("m", { metadata: { value } });
    const fresh = await Repository.open(repository.storage);
    expect((await fresh.lookupSnapshot(id)).metadata).toEqual({ value });
  });

  test("named __proto__ or nothing is metadata like any other", async () => {
    const { repository, session } = await writable();
    const metadata = JSON.parse('{"__proto__": {"x": 1}, "": 2, "b": {"__proto__": 3}}');
    const id = await session.commit("m", { metadata, allowEmpty: true });
    const found = (await (await Repository.open(repository.storage)).lookupSnapshot(id)).metadata;
    expect(JSON.stringify(found)).toBe('{"":2,"__proto__":{"x":1},"b":{"__proto__":3}}');
    expect(Object.getPrototypeOf(found)).toBe(Object.prototype);
  });

  const cycle: unknown[] = [];
  cycle.push(cycle, cycle);
  let deep: unknown = 1;
  for (let depth = 0; depth < 70; depth++) deep = [deep];
  let wide: unknown = 1;
  for (let depth = 0; depth < 40; depth++) wide = [wide, wide];
  test.each<[string, unknown]>([
    ["a function", () => 1],
    ["a symbol", Symbol("s")],
    ["undefined in a list", [undefined]],
    ["a hole in a list", new Array(2)],
    ["a bigint beyond 64 bits", 2n ** 64n],
    ["a bigint below -2^63", -(2n ** 63n) - 1n],
    ["a cycle", cycle],
    ["nesting too deep", deep],
    ["a structure that explodes", wide],
    ["a date", new Date(0)],
    ["a map", new Map()],
    ["bytes", new Uint8Array(3)],
    ["half a surrogate pair", "\ud800"],
    ["half a surrogate pair as a name", { "\udc00": 1 }],
  ])("with %s is refused by name, and nothing is written", async (_, bad) => {
    const storage = countingStorage(memoryStorage());
    const repository = await Repository.create(storage);
    const session = await repository.writableSession("main");
    await session.store.set("zarr.json", array([4], [1]));
    await session.store.set("c/0", chunk(2));
    storage.reset();
    for (const call of [
      () => session.commit("m", { metadata: { good: 1, nested: { bad } } }),
      () => session.amend("m", { metadata: { nested: { bad } } }),
      () => session.flush("m", { metadata: { nested: { bad } } }),
      () =>
        repository.transaction("main", async () => expect.fail("not run"), {
          message: "m",
          metadata: { nested: { bad } },
        }),
      () => Repository.open(storage, { defaultCommitMetadata: { nested: { bad } } }),
    ]) {
      const error = await rejection(call());
      expect(error.kind).toBe("invalid-option");
      expect(error.message).toContain("nested.bad");
    }
    expect(storage.total.requests).toBe(0);
    await session.commit("m", { metadata: { good: 1, left: undefined } });
    const [info] = await repository.ancestry("main").toArray();
    expect(info?.metadata).toEqual({ good: 1 });
  });
});

describe("messages", () => {
  test.each(["", "\0", "🧊", "a\nb", "x".repeat(2_000_000)])("come back: %#", async (message) => {
    const { repository, session } = await writable();
    await session.commit(message, { allowEmpty: true });
    const [info] = await (await Repository.open(repository.storage)).ancestry("main").toArray();
    expect(info?.message === message).toBe(true);
  });

  test("that are no Unicode are refused", async () => {
    const { session } = await writable();
    expect(await kindOf(session.commit("a\ud800", { allowEmpty: true }))).toBe("invalid-option");
  });
});

describe("attributes", () => {
  test("come back byte for byte, whatever JSON they are", async () => {
    const { repository, session } = await writable();
    const document = text(
      '{"zarr_format":3,"node_type":"group","attributes":{"big":123456789012345678901234567890,"float":2.0,"small":1e-400,"__proto__":{"x":1},"deep":[[[[{"a":null}]]]],"text":"\\ud83e\\uddca\\u0000"}, "foreign": {"b":1,"a":2}}',
    );
    await session.store.set("g/zarr.json", document);
    await session.commit("m");
    expect(await (await reopened(repository)).store.get("g/zarr.json")).toEqual(document);
  });

  test("that JSON can't say are refused by name, and nothing is changed", async () => {
    const { session } = await writable();
    await createArray(session.store, "/a", { shape: [1], dtype: "int8" });
    const before = await session.store.get("a/zarr.json");
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, new Date(0), () => 1, Symbol("s")]) {
      const error = await rejection(
        updateAttributes(session.store, "/a", { outer: { inner: bad } } as never),
      );
      expect(["bad-metadata", "invalid-option"]).toContain(error.kind);
      expect(error.message).toContain("inner");
    }
    expect(await session.store.get("a/zarr.json")).toEqual(before);
  });
});

describe("paths", () => {
  const ODD = [
    "c",
    "zarr.json",
    "c/c",
    "0",
    "a b",
    "ä",
    "a\u0308", // Looks like the one before.
    "🧊/🐧",
    "\u{10ffff}",
    "\uffff",
    "..a",
    "...",
    "%2F",
    "a\\b",
    "a\nb",
    "__proto__",
    "constructor",
    "x".repeat(2000),
  ];

  test("of any text hold groups, arrays and chunks", async () => {
    const { repository, session } = await writable();
    const arrays = ODD.map((path) => `${path}/array`);
    for (const path of arrays) {
      await session.store.set(`${path}/zarr.json`, array([2], [1]));
      await session.store.set(`${path}/c/1`, text(path));
    }
    for (const path of ["", ...ODD]) await session.store.set(`${path}/zarr.json`, GROUP);
    const fork = session.fork();
    await fork.store.set("🧊/🐧/array/c/0", chunk(1));
    await session.merge(fork.toBytes());
    const id = await session.commit("odd");
    const reader = await reopened(repository);
    for (const path of arrays) {
      expect(await reader.store.get(`/${path}/c/1`)).toEqual(text(path));
      expect(await reader.chunkType(`/${path}`, [1])).not.toBe("uninitialized");
    }
    const keys = await reader.store.list().toArray();
    expect(keys).toHaveLength(new Set(keys).size);
    expect(keys).toHaveLength(ODD.length * 3 + 2);
    const diff = await repository.diff({ snapshotId: "1CECHNKREP0F1RSTCMT0" }, { snapshotId: id });
    expect(diff.newArrays).toHaveLength(ODD.length);
    const names = await reader.store.listDir("").toArray();
    expect(names).toContain("__proto__");
    const next = await repository.writableSession("main");
    await next.store.deleteDir("ä");
    await next.store.deleteDir("c/c");
    expect(await next.store.has("a\u0308/array/c/1")).toBe(true);
    expect(await next.store.has("c/array/c/1")).toBe(true);
    expect(await next.store.has("c/c/array/zarr.json")).toBe(false);
    await next.commit("less");
  });

  test("that climb, or are no Unicode, are refused everywhere", async () => {
    const { session } = await writable();
    for (const path of ["../a", "a/../b", "a/..", "\ud800"]) {
      expect(await kindOf(session.store.set(`${path}/zarr.json`, GROUP))).toBe("invalid-key");
      expect(await kindOf(session.store.get(`${path}/zarr.json`))).toBe("invalid-key");
      expect(await kindOf(session.store.delete(`${path}/c/0`))).toBe("invalid-key");
      expect(await kindOf(session.store.listDir(path).toArray())).toBe("bad-key-prefix");
      expect(await kindOf(session.store.deleteDir(path))).toBe("bad-key-prefix");
      expect(await kindOf(session.getNodeId(`/${path}`))).toBe("invalid-path");
    }
    expect(session.hasUncommittedChanges).toBe(false);
  });

  test("an array at the root has chunks, and nodes below it are refused nowhere by surprise", async () => {
    const { repository, session } = await writable();
    await session.store.set("zarr.json", array([2, 2], [1, 1]));
    await session.store.set("c/1/0", chunk(3));
    await session.store.set("c/0/1", chunk(700));
    await session.commit("root");
    const reader = await reopened(repository);
    expect(await reader.store.get("c/1/0")).toEqual(chunk(3));
    expect(await reader.store.list().toArray()).toEqual(["zarr.json", "c/0/1", "c/1/0"]);
    expect(await reader.store.listDir("").toArray()).toEqual(["zarr.json", "c"]);
    expect(await reader.store.listDir("c").toArray()).toEqual(["0", "1"]);
    const next = await repository.writableSession("main");
    await next.store.delete("zarr.json");
    await next.store.set("zarr.json", GROUP);
    await next.commit("a group now");
    expect(await (await reopened(repository)).store.list().toArray()).toEqual(["zarr.json"]);
  });

  test("a scalar has one chunk", async () => {
    const { repository, session } = await writable();
    await session.store.set("s/zarr.json", array([], []));
    await session.store.set("s/c", chunk(3));
    expect(await kindOf(session.store.set("s/c/0", chunk(3)))).toBe("invalid-chunk-index");
    const fork = session.fork();
    await fork.store.set("s/c", chunk(4));
    await session.merge(fork.toBytes());
    await session.commit("scalar");
    const reader = await reopened(repository);
    expect(await reader.store.get("s/c")).toEqual(chunk(4));
    expect(await reader.chunkCoordinates("/s").toArray()).toEqual([[]]);
    const [ours, theirs] = [
      await repository.writableSession("main"),
      await repository.writableSession("main"),
    ];
    await theirs.store.set("s/c", chunk(5));
    await theirs.commit("theirs");
    await ours.store.delete("s/c");
    const error = await rejection(ours.commit("ours", { solver: () => "fail" }));
    expect(JSON.stringify(error.details?.["conflicts"])).toContain('"chunkCoordinates":[[]]');
    await ours.commit("ours", { solver: basicConflictSolver() });
    expect(await (await reopened(repository)).store.has("s/c")).toBe(false);
  });
});

describe("sizes", () => {
  const LAST = 2 ** 32 - 2; // Of 2^32 - 1 chunks, the most a dimension can have.

  test("chunk coordinates reach up to 2^32 - 2", async () => {
    const { repository, session } = await writable();
    await session.store.set("a/zarr.json", array([LAST + 1, 3], [1, 1]));
    await session.store.set(`a/c/${LAST}/2`, chunk(3));
    await session.store.set(`a/c/${LAST}/0`, chunk(700));
    await session.store.set("a/c/0/1", chunk(2));
    expect(await kindOf(session.store.set(`a/c/${LAST + 1}/0`, chunk(1)))).toBe(
      "invalid-chunk-index",
    );
    expect(await kindOf(session.store.set(`a/c/${2 ** 32}/0`, chunk(1)))).toBe("invalid-key");
    const fork = session.fork();
    await fork.store.set(`a/c/${LAST - 1}/1`, chunk(4));
    const opened = await ForkSession.fromBytes(fork.toBytes(), { storage: repository.storage });
    expect(await opened.store.get(`a/c/${LAST}/2`)).toEqual(chunk(3));
    await session.merge(fork.toBytes());
    const id = await session.commit("far");
    const expected = [
      [0, 1],
      [LAST - 1, 1],
      [LAST, 0],
      [LAST, 2],
    ];
    const reader = await reopened(repository);
    expect(await reader.chunkCoordinates("/a").toArray()).toEqual(expected);
    expect(await reader.store.get(`a/c/${LAST}/2`)).toEqual(chunk(3));
    const diff = await repository.diff({ snapshotId: "1CECHNKREP0F1RSTCMT0" }, { snapshotId: id });
    expect(diff.updatedChunks.get("/a")?.toJSON()).toEqual(expected);
    expect(await kindOf(session.store.set("b/zarr.json", array([LAST + 2], [1])))).toBe(
      "read-only-session",
    );
    const next = await repository.writableSession("main");
    expect(await kindOf(next.store.set("b/zarr.json", array([LAST + 2], [1])))).toBe(
      "invalid-array-metadata",
    );
  });

  test("shapes reach up to 2^53 - 1", async () => {
    const { repository, session } = await writable();
    const length = 2 ** 53 - 1;
    await session.store.set("a/zarr.json", array([length, 0], [2 ** 22, 1]));
    await session.store.set("b/zarr.json", array([length], [length]));
    await session.store.set("b/c/0", chunk(1));
    expect(await kindOf(session.store.set("a/c/0/0", chunk(1)))).toBe("invalid-chunk-index");
    expect(await kindOf(session.store.set("d/zarr.json", array([2 ** 53], [2 ** 30])))).toBe(
      "invalid-array-metadata",
    );
    await session.merge(session.fork().toBytes());
    await session.commit("long");
    const reader = await reopened(repository);
    expect(await reader.store.get("b/c/0")).toEqual(chunk(1));
    const next = await repository.writableSession("main");
    await next.store.set("b/zarr.json", array([length - 1], [length]));
    await next.commit("a little shorter");
    expect(await (await reopened(repository)).store.get("b/c/0")).toEqual(chunk(1));
  });

  test("virtual references reach up to 2^53 - 1", async () => {
    const { repository, session } = await writable();
    await session.store.set("a/zarr.json", array([4], [1]));
    const location = "s3://bucket/key";
    const options = { validateContainer: false };
    const refs = [
      { offset: 2 ** 53 - 2, length: 1 },
      { offset: 0, length: 2 ** 53 - 1 },
      { offset: 2 ** 32, length: 2 ** 32 },
    ];
    for (const [at, ref] of refs.entries()) {
      await session.store.setVirtualRef(`a/c/${at}`, { location, ...ref }, options);
    }
    for (const wrong of [
      { offset: 2 ** 53 - 1, length: 1 },
      { offset: -1, length: 1 },
      { offset: 0.5, length: 1 },
      { offset: 0, length: Number.NaN },
    ]) {
      const call = session.store.setVirtualRef("a/c/3", { location, ...wrong }, options);
      expect(await kindOf(call)).toBe("invalid-virtual-ref");
    }
    const fork = session.fork();
    await fork.store.setVirtualRef("a/c/3", { location, offset: 2 ** 53 - 9, length: 8 }, options);
    await session.merge(fork.toBytes());
    await session.commit("virtual");
    const found = await (await reopened(repository)).store.arrayChunks("a").toArray();
    expect(found.map(({ offset, length }) => ({ offset, length }))).toEqual([
      ...refs,
      { offset: 2 ** 53 - 9, length: 8 },
    ]);
  });

  test("dimensions of length zero hold nothing, and can grow", async () => {
    const { repository, session } = await writable();
    await session.store.set("a/zarr.json", array([0, 3], [1, 1]));
    expect(await kindOf(session.store.set("a/c/0/0", chunk(1)))).toBe("invalid-chunk-index");
    await session.store.delete("a/c/0/0");
    await session.commit("empty");
    const next = await repository.writableSession("main");
    await next.store.set("a/zarr.json", array([2, 3], [1, 1]));
    await next.store.set("a/c/1/2", chunk(1));
    await next.commit("grown");
    const last = await repository.writableSession("main");
    await last.store.set("a/zarr.json", array([2, 0], [1, 1]));
    await last.commit("shrunk");
    expect(await (await reopened(repository)).store.list().toArray()).toEqual(["a/zarr.json"]);
    expect(await repository.listManifestFiles(last.snapshotId)).toEqual([]);
  });

  test("snapshots of ten thousand nodes are written, changed and read", async () => {
    const { repository, session } = await writable();
    const paths = Array.from({ length: 5000 }, (_, at) => `g${at % 50}/n${at}`);
    for (let at = 0; at < 50; at++) await session.store.set(`g${at}/zarr.json`, GROUP);
    for (const path of paths) {
      await session.store.set(`${path}/zarr.json`, array([2], [1]));
      await session.store.set(`${path}/c/1`, chunk(2));
    }
    for (let at = 0; at < 5000; at++)
      await session.store.set(`g${at % 50}/m${at}/zarr.json`, GROUP);
    await session.commit("many");
    const next = await repository.writableSession("main");
    for (const path of paths.slice(0, 2000)) await next.store.delete(`${path}/zarr.json`);
    await next.store.deleteDir("g7");
    await next.store.set("g8/n4958/c/0", chunk(1));
    await next.commit("fewer");
    const reader = await reopened(repository);
    expect(await reader.store.has("g8/n8/c/1")).toBe(false);
    expect(await reader.store.has("g9/n4959/c/1")).toBe(true);
    const count = (await reader.store.list().toArray()).length;
    expect(count).toBe(49 + (3000 - 60) * 2 + 1 + 5000 - 100);
  });
});
