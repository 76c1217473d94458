/** Large manifests are fetched as far as they are looked at. */
import { describe, expect, test } from "vitest";
import { assetLimits } from "../../../src/assets/asset-limits.ts";
import { createAssetStore } from "../../../src/assets/asset-store.ts";
import { concatBytes } from "../../../src/base/bytes.ts";
import { isIcefloeError } from "../../../src/base/errors.ts";
import { systemRuntime } from "../../../src/base/runtime.ts";
import { DEFAULT_CONFIG } from "../../../src/format/config/config.ts";
import { COMPRESSION_AT, ENVELOPE_HEADER_BYTES } from "../../../src/format/envelope.ts";
import { encodeEnvelope } from "../../../src/format/envelope-write.ts";
import type { ChunkRef } from "../../../src/format/manifest/chunk-ref.ts";
import { encodeManifest } from "../../../src/format/manifest/write.ts";
import { memoryStorage, Repository, type Storage } from "../../../src/index.ts";
import { interceptStorage } from "../../../src/storage/intercept.ts";
import type { GetOptions, StoredObject } from "../../../src/storage/port.ts";
import { countingStorage } from "../../../src/testing/index.ts";
import { NODE_A, selectionOf, tableOf } from "../format/manifest/ref-model.ts";
import { heldStorage } from "../session/held-storage.ts";
import { CHUNKS, largeChunk, withLargeManifest } from "./large-manifest-fixture.ts";

const shared = await withLargeManifest();
const MANIFEST = shared.path;
/** Of repo, snapshot, and whatever else is not the manifest. */
const isManifest = ({ path }: { path: string }) => path === MANIFEST;

/** A session's store over `storage`, and what it has cost in requests and bytes of the manifest. */
async function opened(storage: Storage = shared.storage, config = {}) {
  const counting = countingStorage(storage);
  const repository = await Repository.open(counting, { config });
  const session = await repository.readonlySession("main");
  await session.store.get("a/zarr.json");
  const before = counting.total.receivedBytes;
  return {
    session,
    store: session.store,
    requests: () => counting.log.filter(isManifest).length,
    bytes: () => counting.total.receivedBytes - before,
  };
}

/** `storage`, of which `change` sees what is read of the manifest. */
function changed(
  storage: Storage,
  change: (found: StoredObject, options: GetOptions) => StoredObject | undefined,
): Storage {
  return {
    ...interceptStorage(storage, { request: (_, run) => run(), list: (_, run) => run() }),
    async get(path, options = {}) {
      const found = await storage.get(path, options);
      return path === MANIFEST && found !== undefined ? change(found, options) : found;
    },
  };
}

const positions = (count: number, step: number, start = 0) =>
  Array.from({ length: count }, (_, at) => start + at * step);

describe("a large manifest", () => {
  test("gives every chunk that is asked for, and none that is not there", async () => {
    const { store } = await opened();
    for (const at of [0, 1, CHUNKS - 1, 77_777, 40_000, 39_999])
      expect(await store.get(`a/c/${at}`)).toEqual(largeChunk(at));

    expect(await store.get(`a/c/${CHUNKS}`)).toBeUndefined();
    expect(await store.exists("a/c/120000")).toBe(true);
  });

  test("costs a part of its bytes where chunks here and there are read", async () => {
    const { store, requests, bytes } = await opened();
    for (const start of positions(3, 45_000, 4000))
      for (const at of positions(10, 5, start))
        expect(await store.get(`a/c/${at}`)).toEqual(largeChunk(at));

    expect(shared.sizeBytes).toBeGreaterThan(8e6);
    expect(bytes()).toBeLessThan(0.2 * shared.sizeBytes);
    expect(requests()).toBeLessThan(10);
  });

  test("comes at once when requests for chunks all over it have taken as long", async () => {
    const { store, requests, bytes } = await opened();
    for (const at of positions(100, 1500))
      expect(await store.get(`a/c/${at}`)).toEqual(largeChunk(at));

    expect(requests()).toBeLessThan(20);
    expect(bytes()).toBeLessThan(1.02 * shared.sizeBytes);
  });

  test("comes in parts also after requests that failed", async () => {
    let fails = false;
    const failing = changed(shared.storage, (found) => {
      if (fails) throw new Error("no way");
      return found;
    });
    const { store, bytes } = await opened(failing);
    await store.get("a/c/0");
    fails = true;
    for (let turn = 0; turn < 20; turn++) await expect(store.get("a/c/99000")).rejects.toThrow();
    fails = false;
    const before = bytes();

    expect(await store.get("a/c/99000")).toEqual(largeChunk(99_000));
    expect(bytes() - before).toBeLessThan(0.1 * shared.sizeBytes);
  });

  test("costs few requests and no byte twice where chunks are read in order", async () => {
    const { store, requests, bytes } = await opened();
    for (const at of positions(CHUNKS / 50, 50))
      expect((await store.get(`a/c/${at}`))?.length).toBe(400);

    expect(requests()).toBeLessThan(16);
    expect(bytes()).toBeLessThan(1.02 * shared.sizeBytes);
  });

  test("costs hardly more where chunks are asked for at once", async () => {
    const { store, requests, bytes } = await opened();
    const near = positions(500, 3, 90_000);

    const found = await Promise.all(near.map((at) => store.get(`a/c/${at}`)));

    expect(found).toEqual(near.map(largeChunk));
    expect(requests()).toBeLessThan(10);
    expect(bytes()).toBeLessThan(0.35 * shared.sizeBytes);
  });

  test("comes whole in one request where all of it is asked for", async () => {
    const { store, requests } = await opened();

    expect(await store.list().toArray()).toHaveLength(CHUNKS + 1);
    expect(requests()).toBe(1);
  });

  test("gets what is left in few requests where all of it is asked for later", async () => {
    const { store, session, requests, bytes } = await opened();
    for (const at of [10_000, 60_000, 110_000]) await store.get(`a/c/${at}`);
    const before = requests();

    let length = 0;
    for await (const batch of session.chunkCoordinates("/a").batches()) length += batch.length;

    expect(length).toBe(CHUNKS);
    expect(requests() - before).toBeLessThan(6);
    expect(bytes()).toBeLessThan(1.1 * shared.sizeBytes);
    expect(await store.get("a/c/5")).toEqual(largeChunk(5));
  });

  test("is the base of a commit, though only a part of it was there", async () => {
    const copy = memoryStorage();
    for await (const { path } of shared.storage.list("")) {
      const { bytes } = (await shared.storage.get(path)) as StoredObject;
      await copy.put(path, bytes, { objectKind: "other" });
    }
    const repository = await Repository.open(copy);
    const session = await repository.writableSession("main");
    expect(await session.store.get("a/c/7")).toEqual(largeChunk(7));
    await session.store.set("a/c/8", largeChunk(9));
    const fork = await session.fork();
    await fork.store.set("a/c/9", largeChunk(8));
    await session.merge(fork);
    await session.commit("two chunks");

    const { store } = await (await Repository.open(copy)).readonlySession("main");
    for (const [at, value] of [
      [7, 7],
      [8, 9],
      [9, 8],
      [CHUNKS - 1, CHUNKS - 1],
    ] as const)
      expect(await store.get(`a/c/${at}`)).toEqual(largeChunk(value));
  });

  test("is dropped like any other when the cache is full, and fetched again", async () => {
    const { store, requests } = await opened(shared.storage, { caching: { numChunkRefs: 0 } });
    expect(await store.get("a/c/5")).toEqual(largeChunk(5));
    const first = requests();
    expect(await store.get("a/c/5")).toEqual(largeChunk(5));

    expect(requests()).toBe(2 * first);
  });

  test("stays in the cache as the manifest used last, with all that has been fetched", async () => {
    const { store, requests } = await opened(shared.storage, { caching: { numChunkRefs: 1 } });
    await store.get("a/c/5");
    const first = requests();
    for (const at of positions(50, 2)) expect(await store.get(`a/c/${at}`)).toEqual(largeChunk(at));

    expect(requests()).toBe(first);
  });
});

describe("fetching a part", () => {
  test("goes on for the others when one of them aborts, and ends with the last", async () => {
    const held = heldStorage(shared.storage);
    const { store } = await opened(held.storage);
    await store.get("a/c/0");
    held.holds = isManifest;
    const [leaving, staying] = [new AbortController(), new AbortController()];
    const left = store.get("a/c/100000", { signal: leaving.signal });
    const stayed = store.get("a/c/100001", { signal: staying.signal });
    await held.next();
    leaving.abort("enough");

    await expect(left).rejects.toBe("enough");
    expect(held.held).toHaveLength(1);
    held.releaseAll();
    expect(await stayed).toEqual(largeChunk(100_001));

    held.holds = isManifest;
    const alone = store.get("a/c/140000", { signal: staying.signal });
    await held.next();
    staying.abort("enough, too");
    await expect(alone).rejects.toBe("enough, too");
    expect(held.held).toHaveLength(0);
    held.releaseAll();
    expect(await store.get("a/c/140000")).toEqual(largeChunk(140_000));
  });

  test("that failed is tried again by the next who looks there", async () => {
    let fails = false;
    const failing = changed(shared.storage, (found) => {
      if (fails) throw new Error("no way");
      return found;
    });
    const { store } = await opened(failing);
    await store.get("a/c/0");
    fails = true;
    await expect(store.get("a/c/100000")).rejects.toThrow("no way");
    fails = false;

    expect(await store.get("a/c/100000")).toEqual(largeChunk(100_000));
  });

  test("of an object that is gone meanwhile is refused, and so is one that has become shorter", async () => {
    let change = (found: StoredObject): StoredObject | undefined => found;
    const { store } = await opened(changed(shared.storage, (found) => change(found)));
    await store.get("a/c/0");

    change = () => undefined;
    await expect(store.get("a/c/100000")).rejects.toMatchObject({
      kind: "object-not-found",
      details: { path: MANIFEST },
    });
    change = ({ bytes, version }) => ({ bytes: bytes.subarray(1), version });
    await expect(store.get("a/c/100000")).rejects.toMatchObject({
      kind: "invalid-object-size",
      details: { path: MANIFEST },
    });
  });

  test("that arrived damaged is refused, and asked for again by the next", async () => {
    let isDamaged = false;
    const { store } = await opened(
      changed(shared.storage, ({ bytes, version }) => {
        const copy = bytes.slice();
        if (isDamaged) copy.set([copy[1000]! ^ 1], 1000);
        return { bytes: copy, version };
      }),
    );
    await store.get("a/c/0");
    isDamaged = true;
    await expect(store.get("a/c/100000")).rejects.toMatchObject({
      kind: "deserialization",
      details: { object: MANIFEST, offset: expect.any(Number) },
    });
    isDamaged = false;

    expect(await store.get("a/c/100000")).toEqual(largeChunk(100_000));
  });
});

describe("a manifest of another size than its snapshot says", () => {
  const sized = (change: (bytes: Uint8Array) => Uint8Array): Storage =>
    changedWhole(shared.storage, change);

  test.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ["shorter", (bytes) => bytes.subarray(0, bytes.length - 10)],
    ["longer", (bytes) => concatBytes([bytes.subarray(0, 100), bytes])],
    ["empty", () => new Uint8Array(0)],
  ])("is refused: %s", async (_, change) => {
    const { store } = await opened(sized(change));
    const error = await store.get("a/c/5").catch((caught: unknown) => caught);

    expect(isIcefloeError(error, "invalid-object-size")).toBe(true);
    expect(error).toMatchObject({ details: { path: MANIFEST } });
  });

  test("is not found if it is not there", async () => {
    const { store } = await opened(changed(shared.storage, () => undefined));

    await expect(store.get("a/c/5")).rejects.toMatchObject({ kind: "object-not-found" });
  });
});

describe("a large manifest without a seek table", () => {
  const ids = ["0000000000000000000G", "00000000000000000010", "0000000000000000001G"] as const;
  const FRAMED = ids[2];

  /** Two that are not compressed, as anybody may write them, and one in frames. */
  async function stored() {
    const storage = memoryStorage();
    const refs = positions(100_000, 1).map((at): [number[], ChunkRef] => [
      [at],
      { type: "inline", bytes: largeChunk(at).subarray(0, 48) },
    ]);
    const sizes = new Map<string, number>();
    for (const id of ids) {
      const arrays = [{ nodeId: NODE_A, selection: selectionOf(tableOf(1, refs)) }];
      const { payload } = await encodeManifest({ id, arrays });
      const framed = await encodeEnvelope({ fileType: "manifest", payload, compressionLevel: 1 });
      const header = framed.slice(0, ENVELOPE_HEADER_BYTES);
      header[COMPRESSION_AT] = 0;
      const bytes = id === FRAMED ? framed : concatBytes([header, payload]);
      sizes.set(id, bytes.length);
      await storage.put(`manifests/${id}`, bytes, { objectKind: "manifest" });
    }
    const counting = countingStorage(storage);
    const assets = createAssetStore({
      storage: counting,
      runtime: systemRuntime(),
      limits: assetLimits(DEFAULT_CONFIG),
      compressionLevel: 1,
    });
    const read = async (id: string): Promise<void> => {
      const manifest = await assets.readManifest(id, undefined, sizes.get(id));
      const found = await manifest.attempt?.(() => manifest.lookup(NODE_A, 1)?.find([40_000]));
      expect(found ?? manifest.lookup(NODE_A, 1)?.find([40_000])).toBe(40_000);
    };
    return { counting, sizes, read };
  }

  test("is fetched whole, after a look at its end, and the next one at once", async () => {
    const { counting, sizes, read } = await stored();
    await read(ids[0]);
    expect(counting.total.requests).toBe(2);
    expect(counting.total.receivedBytes - sizes.get(ids[0])!).toBe(64 * 1024);

    counting.reset();
    await read(ids[1]);
    expect(counting.total).toMatchObject({ requests: 1, receivedBytes: sizes.get(ids[1]) });
  });

  test("makes one in frames come whole after it, but no more than that", async () => {
    const { counting, sizes, read } = await stored();
    expect(sizes.get(FRAMED)).toBeGreaterThan(4 * 1024 * 1024);
    await read(ids[0]);

    counting.reset();
    await read(FRAMED);
    expect(counting.total).toMatchObject({ requests: 1, receivedBytes: sizes.get(FRAMED) });

    counting.reset();
    await read(ids[1]);
    expect(counting.total.requests).toBe(2);
  });
});

/** `storage` with another manifest in place of the large one. */
function changedWhole(storage: Storage, change: (bytes: Uint8Array) => Uint8Array): Storage {
  const other = memoryStorage();
  let stored: Promise<unknown> | undefined;
  const store = async (): Promise<void> => {
    const { bytes } = (await storage.get(MANIFEST)) as StoredObject;
    await other.put(MANIFEST, change(bytes), { objectKind: "manifest" });
  };
  return {
    ...interceptStorage(storage, { request: (_, run) => run(), list: (_, run) => run() }),
    async get(path, options) {
      if (path !== MANIFEST) return storage.get(path, options);
      stored ??= store();
      await stored;
      return other.get(path, options);
    },
  };
}
