/**
 * Typed immutable objects over a storage: snapshots, manifests, transaction logs, chunks.
 *
 * Caches are bounded in bytes; concurrent reads of one object share one request, which is aborted
 * when all of them have aborted; requests and decodings are bounded in number. What is written is
 * cached, chunks excepted, and comes encoded: readers need no encoders. Never touches the one
 * mutable object, `repo`: that is `repo-state`.
 * Spec: v2 "File Layout".
 */

import { createLimiter, type Limiter } from "../base/concurrency.ts";
import { makeError } from "../base/errors.ts";
import { lazyPart } from "../base/lazy-part.ts";
import { type ByteLru, createByteLru } from "../base/lru.ts";
import { abortable } from "../base/on-abort.ts";
import type { Runtime } from "../base/runtime.ts";
import { createSingleFlight } from "../base/single-flight.ts";
import {
  decodeEnvelope,
  type EnvelopeExpectation,
  type EnvelopeWatch,
  type FileType,
  openEnvelope,
} from "../format/envelope.ts";
import { type Manifest, parseManifest } from "../format/manifest/read.ts";
import { manifestPath, snapshotPath, transactionLogPath } from "../format/object-paths.ts";
import { parseSnapshot, type Snapshot } from "../format/snapshot/read.ts";
import type { TransactionLog } from "../format/transaction-log/read.ts";
import type { ObjectKind, Storage } from "../storage/port.ts";
import { type AssetLimits, assertReadable } from "./asset-limits.ts";
import { type ChunkIo, createChunkIo } from "./chunk-io.ts";
import type { FilePut } from "./file-put.ts";
import { getPart } from "./object-part.ts";
import { indexSnapshot, type SnapshotIndex } from "./snapshot-index.ts";

const loadLogReader = /* @__PURE__ */ lazyPart(() => import("../format/transaction-log/read.ts"));
type FilePuts = typeof import("./file-put.ts");
const loadFilePut = /* @__PURE__ */ lazyPart(() => import("./file-put.ts"));
const loadLargeManifest = /* @__PURE__ */ lazyPart(() => import("./large-manifest.ts"));

/** Files from here on are read by ranges: below, the requests for that take longer than all of it. */
const LARGE_BYTES_MIN = 4 * 1024 * 1024;

/** Sizes of what was stored. */
interface Stored {
  /** Bytes of the whole object, header included. */
  readonly sizeBytes: number;
}

/** Typed access to immutable objects. Shared by all sessions of a repository. */
export interface AssetStore extends ChunkIo {
  /** One GET, or none if cached. @throws {object-not-found} @throws {invalid-file-format} */
  readSnapshot(id: string, signal?: AbortSignal): Promise<SnapshotIndex>;
  /** Stores a snapshot; `payload` is its encoded form, which the asset store owns from now on. */
  writeSnapshot(snapshot: Snapshot, payload: Uint8Array, signal?: AbortSignal): Promise<Stored>;
  /**
   * One GET, or none if cached. With its `sizeBytes`, a large one that was written for it is
   * fetched as far as it is looked at, by its `attempt`.
   * @throws {object-not-found} @throws {invalid-file-format}
   * @throws {invalid-object-size} a large one has not `sizeBytes`
   */
  readManifest(id: string, signal?: AbortSignal, sizeBytes?: number): Promise<Manifest>;
  /** The manifest, if it is cached. */
  cachedManifest(id: string): Manifest | undefined;
  /**
   * Begins to store a manifest's payload, which the asset store owns from now on. It may be referred
   * to when it is `stored`.
   */
  beginManifest(id: string, payload: Uint8Array, signal?: AbortSignal): FilePut | Promise<FilePut>;
  /** `undefined`: there is none, as for the first snapshot of repositories made by spec 1. */
  readTransactionLog(id: string, signal?: AbortSignal): Promise<TransactionLog | undefined>;
  /** Stores a log; `payload` is its encoded form, which the asset store owns from now on. */
  writeTransactionLog(
    log: TransactionLog,
    payload: Uint8Array,
    signal?: AbortSignal,
  ): Promise<Stored>;
}

/** What an asset store works with. */
interface AssetStoreOptions {
  readonly storage: Storage;
  readonly runtime: Runtime;
  readonly limits: AssetLimits;
  /** zstd level of metadata files. */
  readonly compressionLevel: number;
}

/** How one kind of metadata file is found, decoded and weighed. */
interface AssetType<T> {
  readonly fileType: FileType;
  readonly objectKind: ObjectKind;
  path(id: string): string;
  parse(payload: Uint8Array, specVersion: 1 | 2, object: string): T | Promise<T>;
  /** Reads a file of which only parts are decoded; `undefined`, or absent: all of it must be. */
  open?(
    bytes: Uint8Array,
    expected: EnvelopeExpectation,
    watch: EnvelopeWatch,
  ): Promise<T | undefined>;
  /** Reads a file of at least `LARGE_BYTES_MIN`. */
  readLarge?(
    context: CacheContext,
    sizeBytes: number,
    expected: EnvelopeExpectation,
    watch: EnvelopeWatch,
    signal: AbortSignal | undefined,
  ): Promise<T>;
  idOf(asset: T): string;
  /** Memory that the decoded asset holds, about. */
  weigh(asset: T, payloadBytes: number): number;
}

const SNAPSHOTS: AssetType<SnapshotIndex> = {
  fileType: "snapshot",
  objectKind: "snapshot",
  path: snapshotPath,
  parse: (payload, specVersion, object) =>
    indexSnapshot(parseSnapshot(payload, specVersion, object)),
  idOf: ({ snapshot }) => snapshot.id,
  weigh: ({ snapshot }, payloadBytes) => payloadBytes + snapshot.nodes.length * NODE_OBJECT_BYTES,
};

const MANIFESTS: AssetType<Manifest> = {
  fileType: "manifest",
  objectKind: "manifest",
  path: manifestPath,
  parse: (payload, _specVersion, object) => parseManifest(payload, object),
  async open(bytes, expected, watch) {
    const partial = await openEnvelope(bytes, expected, watch);
    return partial && parseManifest(partial, expected.object);
  },
  readLarge: async (...options) => (await loadLargeManifest()).readLargeManifest(...options),
  idOf: ({ id }) => id,
  weigh: ({ sizeBytes }) => sizeBytes,
};

const TRANSACTION_LOGS: AssetType<TransactionLog> = {
  fileType: "transaction-log",
  objectKind: "transaction-log",
  path: transactionLogPath,
  async parse(payload, _specVersion, object) {
    const { parseTransactionLog } = await loadLogReader();
    return parseTransactionLog(payload, object);
  },
  idOf: ({ id }) => id,
  weigh: (_log, payloadBytes) => payloadBytes * 2,
};

/** Objects, strings and map entries of one decoded node, besides the bytes of the file: about. */
const NODE_OBJECT_BYTES = 600;

/** An asset store with empty caches. */
export function createAssetStore(options: AssetStoreOptions): AssetStore {
  const { storage, runtime, limits } = options;
  const requests = createLimiter(limits.concurrentRequestsMax);
  const decodes = createLimiter(limits.concurrentDecodesMax);
  const context = { ...options, requests, decodes, ...FOR_LARGE };
  const snapshots = createAssetCache(SNAPSHOTS, context, limits.snapshotCacheBytes);
  const manifests = createAssetCache(MANIFESTS, context, limits.manifestCacheBytes);
  const logs = createAssetCache(TRANSACTION_LOGS, context, limits.transactionLogCacheBytes);
  const chunks = createChunkIo({
    storage,
    runtime,
    requests,
    cacheBytesMax: limits.chunkCacheBytes,
  });
  return {
    readSnapshot: (id, signal) => snapshots.mustRead(id, signal),
    writeSnapshot: (snapshot, payload, signal) =>
      snapshots.write(snapshot.id, payload, signal, indexSnapshot(snapshot)),
    readManifest: manifests.mustRead,
    cachedManifest: manifests.cached,
    beginManifest: (id, payload, signal) => manifests.begin(id, payload, signal),
    readTransactionLog: (id, signal) => logs.read(id, signal),
    writeTransactionLog: (log, payload, signal) => logs.write(log.id, payload, signal, log),
    ...chunks,
  };
}

/** What the reader of large files takes from here: imported there, it would make a piece of bundles. */
const FOR_LARGE = { createSingleFlight, getPart, parseManifest };

type CacheContext = AssetStoreOptions &
  typeof FOR_LARGE & { readonly requests: Limiter; readonly decodes: Limiter };

/** Reads and writes of one type of asset, with its cache. */
interface AssetCache<T> {
  read(id: string, signal?: AbortSignal, sizeBytes?: number): Promise<T | undefined>;
  mustRead(id: string, signal?: AbortSignal, sizeBytes?: number): Promise<T>;
  cached(id: string): T | undefined;
  /** Begins to store `payload`. */
  begin(id: string, payload: Uint8Array, signal?: AbortSignal): FilePut | Promise<FilePut>;
  /** Stores `payload`, which encodes `asset`. */
  write(
    id: string,
    payload: Uint8Array,
    signal: AbortSignal | undefined,
    asset: T,
  ): Promise<Stored>;
}

function createAssetCache<T>(
  type: AssetType<T>,
  context: CacheContext,
  cacheBytesMax: number,
): AssetCache<T> {
  const { storage, limits, requests, decodes } = context;
  // The latest one stays however large it is, or each chunk that is looked up in it would be a GET.
  const cache: ByteLru<T> = createByteLru(cacheBytesMax, true);
  const flights = createSingleFlight<T | undefined>();
  const object = type.path;

  const expectedOf = (id: string): EnvelopeExpectation => ({
    object: object(id),
    fileType: type.fileType,
    bytesMax: limits.metadataBytesMax,
  });

  /** An asset of which parts are still to be decoded. */
  const openParts = async (
    id: string,
    open: (watch: EnvelopeWatch) => Promise<T | undefined> | undefined,
  ): Promise<T | undefined> => {
    let opened: T | undefined;
    opened = await open({
      // Perhaps only this copy is damaged: the next reader gets another.
      onDamage: () => cache.delete(id),
      onResize: () => opened && cache.resize(id, opened, type.weigh(opened, 0)),
    });
    return opened && keep(id, opened, 0);
  };

  const decode = async (id: string, bytes: Uint8Array): Promise<T> => {
    const expected = expectedOf(id);
    const opened = await openParts(id, (watch) => type.open?.(bytes, expected, watch));
    if (opened !== undefined) return opened;
    const { payload, specVersion } = await decodeEnvelope(bytes, expected);
    return keep(id, await type.parse(payload, specVersion, object(id)), payload.length);
  };

  const keep = (id: string, asset: T, payloadBytes: number): T => {
    checkId(object(id), id, type.idOf(asset));
    cache.set(id, asset, type.weigh(asset, payloadBytes));
    return asset;
  };

  // Decoded within the request's turn, or files that wait for a decoder would pile up in memory.
  const load = (id: string, sizeBytes: number, signal?: AbortSignal): Promise<T | undefined> =>
    sizeBytes >= LARGE_BYTES_MIN
      ? openParts(id, (watch) =>
          type.readLarge?.(context, sizeBytes, expectedOf(id), watch, signal),
        )
      : requests.run(async () => {
          const stored = await abortable(storage.get(object(id), { signal }), signal);
          return stored && decodes.run(() => decode(id, stored.bytes), signal);
        }, signal);

  const fetch = (id: string, sizeBytes: number, signal?: AbortSignal): Promise<T | undefined> =>
    flights.share(id, (abandoned) => load(id, sizeBytes, abandoned), signal);

  return {
    async read(id, signal, sizeBytes = 0) {
      signal?.throwIfAborted();
      return cache.get(id) ?? (await fetch(id, sizeBytes, signal));
    },
    cached: (id) => cache.get(id),
    async mustRead(id, signal, sizeBytes = 0) {
      signal?.throwIfAborted();
      const asset = cache.get(id) ?? (await fetch(id, sizeBytes, signal));
      if (asset !== undefined) return asset;
      const path = object(id);
      throw makeError("object-not-found", `${path} does not exist`, { details: { path } });
    },
    ...createAssetWriter(type, context, cache),
  };
}

function createAssetWriter<T>(
  type: AssetType<T>,
  { storage, limits, requests, compressionLevel }: CacheContext,
  cache: ByteLru<T>,
): Pick<AssetCache<T>, "begin" | "write"> {
  const beginPut = (id: string, payload: Uint8Array, signal: AbortSignal | undefined) => {
    const path = type.path(id);
    assertReadable(path, payload.length, limits.metadataBytesMax);
    const { fileType, objectKind } = type;
    const file = { path, fileType, objectKind, payload, compressionLevel };
    const begin = ({ beginFilePut }: FilePuts) => beginFilePut(storage, requests, file, signal);
    return loadFilePut.loaded ? begin(loadFilePut.loaded) : loadFilePut().then(begin);
  };

  const keep = (id: string, payload: Uint8Array, asset: T): void =>
    cache.set(id, asset, type.weigh(asset, payload.length));

  const keepParsed = async (
    id: string,
    payload: Uint8Array,
    stored: Promise<void>,
  ): Promise<void> => {
    await stored;
    const parsed = type.parse(payload, 2, type.path(id));
    keep(id, payload, parsed instanceof Promise ? await parsed : parsed);
  };

  return {
    begin(id, payload, signal) {
      const begun = (put: FilePut): FilePut => ({
        sizeBytes: put.sizeBytes,
        stored: keepParsed(id, payload, put.stored),
      });
      const put = beginPut(id, payload, signal);
      return put instanceof Promise ? put.then(begun) : begun(put);
    },
    async write(id, payload, signal, asset) {
      const put = beginPut(id, payload, signal);
      const { sizeBytes, stored } = put instanceof Promise ? await put : put;
      await stored;
      keep(id, payload, asset);
      return { sizeBytes };
    },
  };
}

/** Refuses an object that stands under another's name: reading it would mix up two states. */
function checkId(object: string, expected: string, found: string): void {
  if (found === expected) return;
  throw makeError("invalid-file-format", `${object}: holds the id ${found}`, {
    details: { object, expected, found },
  });
}
