import { describe, expect, it } from "vitest";
import type { AssetLimits } from "../../../src/assets/asset-limits.ts";
import { type AssetStore, createAssetStore } from "../../../src/assets/asset-store.ts";
import { systemRuntime } from "../../../src/base/runtime.ts";
import { encodeManifest } from "../../../src/format/manifest/write.ts";
import { encodeSnapshot, type WritableSnapshot } from "../../../src/format/snapshot/write.ts";
import type { TransactionLog } from "../../../src/format/transaction-log/read.ts";
import {
  emptyTransactionLog,
  encodeTransactionLog,
} from "../../../src/format/transaction-log/write.ts";
import { memoryStorage } from "../../../src/storage/memory.ts";
import type { Storage } from "../../../src/storage/port.ts";
import { recordingStorage } from "./recording-storage.ts";

const MIB = 1024 * 1024;
const LIMITS: AssetLimits = {
  snapshotCacheBytes: MIB,
  manifestCacheBytes: MIB,
  transactionLogCacheBytes: MIB,
  chunkCacheBytes: 0,
  metadataBytesMax: MIB,
  concurrentRequestsMax: 16,
  concurrentDecodesMax: 4,
};

const storeOn = (storage: Storage, limits: Partial<AssetLimits> = {}): AssetStore =>
  createAssetStore({
    storage,
    runtime: systemRuntime(),
    limits: { ...LIMITS, ...limits },
    compressionLevel: 1,
  });

const ids = ["0000000000000000000G", "00000000000000000010", "0000000000000000001G"] as const;

const snapshotOf = (id: string, nodeCount = 1): WritableSnapshot => ({
  id,
  flushedAtMicros: 7,
  message: "a snapshot",
  metadata: [],
  manifestFiles: [],
  nodes: Array.from({ length: nodeCount }, (_, at) => ({
    id: `${String(at).padStart(12, "0")}0`,
    path: `/group${at}`,
    userData: new TextEncoder().encode(`{"attributes":{"padding":"${"x".repeat(900)}"}}`),
    data: { type: "group" as const },
  })),
  specVersion: 2,
});

const logOf = (id: string): TransactionLog => ({
  ...emptyTransactionLog(id),
  newGroups: ["000000000000G"],
});

const putSnapshot = (store: AssetStore, snapshot: WritableSnapshot) =>
  store.writeSnapshot(snapshot, encodeSnapshot(snapshot));

const putLog = (store: AssetStore, log: TransactionLog) =>
  store.writeTransactionLog(log, encodeTransactionLog(log));

describe("what is written", () => {
  it("is read from the cache by the same store, and from the storage by another", async () => {
    const storage = recordingStorage(memoryStorage());
    const store = storeOn(storage);
    await putSnapshot(store, snapshotOf(ids[0]));
    await putLog(store, logOf(ids[0]));
    const { payload } = await encodeManifest({ id: ids[1], arrays: [] });
    await (await store.beginManifest(ids[1], payload)).stored;
    storage.requests.length = 0;

    expect((await store.readSnapshot(ids[0])).node("/group0")?.path).toBe("/group0");
    expect((await store.readTransactionLog(ids[0]))?.newGroups).toEqual(["000000000000G"]);
    expect((await store.readManifest(ids[1])).nodeIds).toEqual([]);
    expect(storage.requests).toEqual([]);

    const other = storeOn(storage);
    expect((await other.readSnapshot(ids[0])).snapshot.message).toBe("a snapshot");
    expect(await other.readTransactionLog(ids[0])).toEqual(logOf(ids[0]));
    expect((await other.readManifest(ids[1])).nodeIds).toEqual([]);
    expect(storage.requests).toEqual([
      `get snapshots/${ids[0]}`,
      `get transactions/${ids[0]}`,
      `get manifests/${ids[1]}`,
    ]);
  });

  it("has the size that the write reports", async () => {
    const storage = memoryStorage();

    const { sizeBytes } = await putSnapshot(storeOn(storage), snapshotOf(ids[0]));

    expect((await storage.head(`snapshots/${ids[0]}`))?.sizeBytes).toBe(sizeBytes);
  });

  it("carries the official keys as user metadata, chunks none", async () => {
    const storage = memoryStorage();
    const store = storeOn(storage);
    await putSnapshot(store, snapshotOf(ids[0]));
    await putLog(store, logOf(ids[0]));
    const { payload } = await encodeManifest({ id: ids[1], arrays: [] });
    await (await store.beginManifest(ids[1], payload)).stored;
    await store.writeChunk(Uint8Array.of(1));

    const typeOf: Record<string, string | undefined> = {};
    for await (const { path } of storage.list("")) {
      const metadata = (await storage.head(path))?.metadata ?? {};
      typeOf[path.split("/")[0] as string] = metadata["icfiletype"];
      if (!path.startsWith("chunks/")) {
        expect(metadata).toMatchObject({ icspecver: "2", iccompalg: "zstd" });
      }
    }
    expect(typeOf).toEqual({
      snapshots: "snapshot",
      transactions: "transaction-log",
      manifests: "manifest",
      chunks: undefined,
    });
  });

  it("carries no user metadata where the storage keeps none", async () => {
    const storage = memoryStorage();

    await putSnapshot(
      storeOn(recordingStorage(storage, { userMetadata: false })),
      snapshotOf(ids[0]),
    );

    expect((await storage.head(`snapshots/${ids[0]}`))?.metadata).toEqual({});
  });
});

describe("reads", () => {
  it("share one GET while it is under way, also without a cache", async () => {
    const storage = recordingStorage(memoryStorage());
    await putSnapshot(storeOn(storage), snapshotOf(ids[0]));
    const store = storeOn(storage, { snapshotCacheBytes: 0 });
    storage.requests.length = 0;

    const [a, b] = await Promise.all([store.readSnapshot(ids[0]), store.readSnapshot(ids[0])]);
    await store.readSnapshot(ids[0]);

    expect(a).toBe(b);
    expect(storage.requests).toHaveLength(2);
  });

  it("name the path of a missing object; a missing log is undefined", async () => {
    const store = storeOn(memoryStorage());

    await expect(store.readSnapshot(ids[0])).rejects.toMatchObject({
      kind: "object-not-found",
      details: { path: `snapshots/${ids[0]}` },
    });
    await expect(store.readManifest(ids[0])).rejects.toMatchObject({ kind: "object-not-found" });
    expect(await store.readTransactionLog(ids[0])).toBeUndefined();
  });

  it("refuse an object that stands under another's name", async () => {
    const storage = memoryStorage();
    await putSnapshot(storeOn(storage), snapshotOf(ids[0]));
    await storage.copy(`snapshots/${ids[0]}`, `snapshots/${ids[1]}`, {});

    await expect(storeOn(storage).readSnapshot(ids[1])).rejects.toMatchObject({
      kind: "invalid-file-format",
      details: { object: `snapshots/${ids[1]}`, expected: ids[1], found: ids[0] },
    });
  });

  it("refuse files that decompress to more than metadataBytesMax", async () => {
    const storage = memoryStorage();
    await putSnapshot(storeOn(storage), snapshotOf(ids[0], 100));

    const store = storeOn(storage, { metadataBytesMax: 10_000 });

    await expect(store.readSnapshot(ids[0])).rejects.toMatchObject({ category: "format" });
  });

  it("refuse what is no Icechunk file, naming it", async () => {
    const storage = memoryStorage();
    await storage.put(`manifests/${ids[0]}`, Uint8Array.of(1, 2, 3), { objectKind: "manifest" });

    await expect(storeOn(storage).readManifest(ids[0])).rejects.toMatchObject({
      kind: "invalid-file-format",
      details: { object: `manifests/${ids[0]}` },
    });
  });

  it("keep no more than the cache may hold", async () => {
    const storage = recordingStorage(memoryStorage());
    const writer = storeOn(storage, { snapshotCacheBytes: 0 });
    for (const id of ids) await putSnapshot(writer, snapshotOf(id, 20));
    const store = storeOn(storage, { snapshotCacheBytes: 70_000 }); // Room for two of three.
    for (const id of ids) await store.readSnapshot(id);
    storage.requests.length = 0;

    await store.readSnapshot(ids[2]);
    await store.readSnapshot(ids[1]);
    await store.readSnapshot(ids[0]);

    expect(storage.requests).toEqual([`get snapshots/${ids[0]}`]);
  });

  it("abort their request once all callers have aborted, and read anew for the next", async () => {
    const storage = recordingStorage(memoryStorage());
    await putSnapshot(storeOn(storage), snapshotOf(ids[0]));
    const store = storeOn(storage, { concurrentRequestsMax: 1 });
    const aborting = new AbortController();
    storage.before = () => new Promise<never>(() => undefined);
    const stuck = store.readSnapshot(ids[0], aborting.signal);
    const queued = store.readManifest(ids[1], aborting.signal);
    storage.before = () => undefined;

    aborting.abort("enough");
    const fresh = store.readSnapshot(ids[0], new AbortController().signal);

    await expect(stuck).rejects.toBe("enough");
    await expect(queued).rejects.toBe("enough");
    expect((await fresh).snapshot.message).toBe("a snapshot");
    expect(storage.requests.slice(1)).toEqual([
      `get snapshots/${ids[0]}`,
      `get snapshots/${ids[0]}`,
    ]);
    expect(storage.signals[1]?.aborted).toBe(true);
  });

  it("keep to the number of requests at once", async () => {
    const storage = recordingStorage(memoryStorage());
    const store = storeOn(storage, { concurrentRequestsMax: 3 });
    let active = 0;
    let most = 0;
    storage.before = async () => {
      most = Math.max(most, ++active);
      await new Promise((resolve) => setImmediate(resolve));
      active--;
    };

    await Promise.all(Array.from({ length: 20 }, (_, at) => store.writeChunk(Uint8Array.of(at))));

    expect(most).toBe(3);
  });
});
