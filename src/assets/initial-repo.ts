/**
 * The first state of a repository: initial snapshot and log, then `repo`, each put only where
 * there is none. Several creators may race: one wins, and none overwrites another's objects.
 * Spec: v2 "Repo Info File"; docs/format.md "Order of writes".
 */
import { isIcefloeError, makeError } from "../base/errors.ts";
import { backoff } from "../base/retry.ts";
import type { Runtime } from "../base/runtime.ts";
import { decodeEnvelope } from "../format/envelope.ts";
import { encodeEnvelope, objectMetadata } from "../format/envelope-write.ts";
import { INITIAL_SNAPSHOT_ID } from "../format/ids.ts";
import { encodeMetadata } from "../format/metadata-encode.ts";
import { REPO_PATH, snapshotPath, transactionLogPath } from "../format/object-paths.ts";
import type { RepoInfo } from "../format/repo/read.ts";
import { parseSnapshot, type Snapshot } from "../format/snapshot/read.ts";
import { encodeSnapshot, type WritableSnapshot } from "../format/snapshot/write.ts";
import { emptyTransactionLog, encodeTransactionLog } from "../format/transaction-log/write.ts";
import type { Storage } from "../storage/port.ts";
import { encodeRepo, randomWriteId, repoMetadata, WRITE_ID_KEY } from "./repo-encode.ts";
import { decodeRepo, type VersionedRepo } from "./repo-object.ts";

/** Sends of one object while replies get lost. */
const SENDS_MAX = 5;
const RESEND_BACKOFF = { initialBackoffMs: 50, maxBackoffMs: 5000 };

/** What a first state is made with. */
interface InitialRepoOptions {
  readonly runtime: Runtime;
  readonly metadataBytesMax: number;
  readonly compressionLevel: number;
  /** The persisted configuration; `undefined` leaves all to the defaults. */
  readonly config: Uint8Array | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Writes the first state. The place must be known to hold no repository.
 * @throws {repo-info-updated} @throws {parent-directory-not-clean} @throws {unknown-outcome}
 */
export async function writeInitialRepo(
  storage: Storage,
  options: InitialRepoOptions,
): Promise<VersionedRepo> {
  const { runtime, signal } = options;
  const [snapshot] = await Promise.all([
    writeInitialSnapshot(storage, options),
    writeInitialLog(storage, options),
  ]);
  const repo = firstState(snapshot, runtime.nowMicros(), options.config);
  const body = encodeRepo(repo, options.metadataBytesMax);
  signal?.throwIfAborted(); // From here on abort is ignored.
  return putFirstRepo(storage, options, repo, body);
}

function firstState(
  snapshot: Snapshot,
  nowMicros: number,
  config: Uint8Array | undefined,
): RepoInfo {
  const { id, flushedAtMicros, message, metadata } = snapshot;
  return {
    branches: new Map([["main", id]]),
    tags: new Map(),
    deletedTags: new Set(),
    snapshots: new Map([[id, { id, flushedAtMicros, message, metadata }]]),
    status: { availability: "online", setAtMicros: nowMicros },
    metadata: [],
    latestUpdates: [{ update: { kind: "repo-initialized" }, updatedAtMicros: nowMicros }],
    config,
  };
}

/** The initial snapshot that stands in the storage afterwards: ours, or an earlier creator's. */
async function writeInitialSnapshot(
  storage: Storage,
  options: InitialRepoOptions,
): Promise<Snapshot> {
  const snapshot: WritableSnapshot = {
    id: INITIAL_SNAPSHOT_ID,
    flushedAtMicros: options.runtime.nowMicros(),
    message: "Repository initialized",
    metadata: encodeMetadata({ __icechunk: { is_root: true } }),
    manifestFiles: [],
    nodes: [],
    specVersion: 2,
  };
  const path = snapshotPath(snapshot.id);
  const payload = encodeSnapshot(snapshot);
  if (await putIfAbsent(storage, options, { path, payload, kind: "snapshot" })) return snapshot;
  const stored = await storage.get(path, { signal: options.signal });
  if (stored === undefined) {
    throw makeError("object-not-found", `${path}: vanished during create`, { details: { path } });
  }
  const { payload: found, specVersion } = await decodeEnvelope(stored.bytes, {
    object: path,
    fileType: "snapshot",
    bytesMax: options.metadataBytesMax,
  });
  const present = parseSnapshot(found, specVersion, path);
  if (present.id === INITIAL_SNAPSHOT_ID && present.nodes.length === 0) return present;
  throw makeError("parent-directory-not-clean", `${path} holds another snapshot already`, {
    details: { path },
  });
}

async function writeInitialLog(storage: Storage, options: InitialRepoOptions): Promise<void> {
  const log = emptyTransactionLog(INITIAL_SNAPSHOT_ID);
  const path = transactionLogPath(log.id);
  await putIfAbsent(storage, options, {
    path,
    payload: encodeTransactionLog(log),
    kind: "transaction-log",
  });
}

/** Whether the object was put; false if one stood there already, perhaps by a send whose reply was lost. */
async function putIfAbsent(
  storage: Storage,
  { compressionLevel, signal }: InitialRepoOptions,
  object: {
    readonly path: string;
    readonly payload: Uint8Array;
    readonly kind: "snapshot" | "transaction-log";
  },
): Promise<boolean> {
  const { path, payload, kind } = object;
  const body = await encodeEnvelope({ fileType: kind, payload, compressionLevel });
  const metadata = storage.capabilities.userMetadata ? objectMetadata(kind) : undefined;
  const condition = { ifAbsent: true } as const;
  for (let send = 1; ; send++) {
    try {
      const put = { objectKind: kind, condition, metadata, signal };
      return (await storage.put(path, body, put)).outcome === "written";
    } catch (error) {
      if (send >= SENDS_MAX || !isIcefloeError(error, "unknown-outcome")) throw error;
    }
  }
}

/** Puts `repo` if there is none, and follows the put until its fate is known. */
async function putFirstRepo(
  storage: Storage,
  options: InitialRepoOptions,
  repo: RepoInfo,
  body: Uint8Array,
): Promise<VersionedRepo> {
  const writeId = randomWriteId(options.runtime);
  const put = {
    objectKind: "repo",
    condition: { ifAbsent: true },
    metadata: repoMetadata(storage, writeId),
  } as const;
  let unknown: unknown;
  for (let send = 1; ; send++) {
    try {
      const reply = await storage.put(REPO_PATH, body, put);
      if (reply.outcome === "written") return { repo, version: reply.version };
    } catch (error) {
      if (isIcefloeError(error) && error.kind !== "unknown-outcome") throw error;
      unknown = error;
    }
    const found = await findFirstRepo(storage, options, { repo, writeId, unknown });
    if (found === "another") {
      throw makeError("repo-info-updated", "another client created the repository meanwhile", {
        details: { storage: storage.id },
      });
    }
    if (found !== "none") return found;
    if (send >= SENDS_MAX) throw unknown === undefined ? blocked(storage) : unknownOutcome(unknown);
    await backoff(options.runtime, RESEND_BACKOFF, send);
  }
}

/** Reads `repo` back: ours, with what others have committed on top; another creator's; or none. */
async function findFirstRepo(
  storage: Storage,
  options: InitialRepoOptions,
  ours: { readonly repo: RepoInfo; readonly writeId: string; readonly unknown: unknown },
): Promise<VersionedRepo | "another" | "none"> {
  try {
    const info = await storage.head(REPO_PATH);
    if (info === undefined) return "none";
    if (info.metadata[WRITE_ID_KEY] === ours.writeId)
      return { repo: ours.repo, version: info.version };
    if (ours.unknown === undefined) return "another";
    const stored = await storage.get(REPO_PATH);
    if (stored === undefined) return "none";
    // Others may have committed on top: the log's first entry tells who created the repository.
    const found = await decodeRepo(stored.bytes, REPO_PATH, options.metadataBytesMax);
    const oldest = found.latestUpdates.at(-1);
    const isOurs = oldest?.updatedAtMicros === ours.repo.latestUpdates[0]?.updatedAtMicros;
    return isOurs ? { repo: found, version: stored.version } : "another";
  } catch (error) {
    throw unknownOutcome(ours.unknown ?? error);
  }
}

/** For instance a folder of that name on a file system. */
function blocked(storage: Storage): Error {
  const message = `${REPO_PATH} cannot be created in storage ${storage.id}, though no object is there`;
  return makeError("storage-other", message, { details: { path: REPO_PATH } });
}

function unknownOutcome(cause: unknown): Error {
  const message = `${REPO_PATH}: whether the repository was created is not known`;
  return makeError("unknown-outcome", message, { details: { path: REPO_PATH }, cause });
}
