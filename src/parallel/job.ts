/**
 * One attempt at one task as bytes: how to find the worker and the repository, the task, and the
 * fork. What goes out holds no secrets and no storage; what comes back is fork bytes.
 */
import { decodeUtf8, encodeUtf8 } from "../base/bytes.ts";
import { makeError } from "../base/errors.ts";
import type { RepositoryConfig } from "../format/config/config.ts";
import { ForkSession } from "../session/fork-session.ts";
import { storageFromHint } from "../storage/from-url.ts";
import type { Storage, StorageHint } from "../storage/port.ts";
import {
  isWorkerDefinition,
  loadWorkerDefinition,
  type WorkerDefinition,
} from "./define-worker.ts";

/** What a job says besides the fork. */
interface JobHeader {
  /** URL of the worker module; `undefined`: the definition is at hand (tasks only). */
  readonly worker: string | undefined;
  readonly hint: StorageHint | undefined;
  readonly task: unknown;
  readonly config: RepositoryConfig;
}

/** What is at hand where a job runs in the coordinator's own thread. */
interface LocalParts {
  readonly definition: WorkerDefinition | undefined;
  readonly storage: Storage;
}

/** What the place of work provides. */
interface JobContext {
  readonly signal: AbortSignal;
  readonly report: (data: unknown) => void;
  readonly local?: LocalParts | undefined;
}

const LENGTH_BYTES = 4;

/** Joins header and fork: u32 length of the header's JSON, the JSON, the fork's bytes. */
export function encodeJob(header: JobHeader, forkBytes: Uint8Array): Uint8Array {
  const json = encodeUtf8(JSON.stringify(header));
  const bytes = new Uint8Array(LENGTH_BYTES + json.length + forkBytes.length);
  new DataView(bytes.buffer).setUint32(0, json.length, true);
  bytes.set(json, LENGTH_BYTES);
  bytes.set(forkBytes, LENGTH_BYTES + json.length);
  return bytes;
}

/** Splits what `encodeJob` joined. @throws {invalid-fork-bytes} on anything else */
function decodeJob(bytes: Uint8Array): { header: JobHeader; forkBytes: Uint8Array } {
  try {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const end = LENGTH_BYTES + view.getUint32(0, true);
    const header = JSON.parse(decodeUtf8(bytes.subarray(LENGTH_BYTES, end))) as JobHeader;
    return { header, forkBytes: bytes.subarray(end) };
  } catch (cause) {
    throw makeError("invalid-fork-bytes", "these bytes are no icefloe job", { cause });
  }
}

const openStorages = new WeakMap<WorkerDefinition, Map<string, Promise<Storage>>>();

/**
 * Runs a job and resolves to its result: the fork's own changes as bytes. Whatever goes wrong
 * rejects; no part of a failed attempt is ever merged.
 */
export async function runJob(bytes: Uint8Array, context: JobContext): Promise<Uint8Array> {
  const { header, forkBytes } = decodeJob(bytes);
  const { signal, report, local } = context;
  signal.throwIfAborted();
  const definition = await definitionOf(header, local);
  const storage = local?.storage ?? (await openStorage(header, definition));
  const { authorizeVirtualChunkAccess } = definition.options;
  const fork = await ForkSession.fromBytes(forkBytes, {
    storage,
    config: header.config,
    ...(authorizeVirtualChunkAccess === undefined ? {} : { authorizeVirtualChunkAccess }),
    signal,
  });
  await definition.work({ fork, task: header.task, signal, report });
  signal.throwIfAborted();
  return fork.toBytes({ overlay: "omit" });
}

async function definitionOf(
  { worker }: JobHeader,
  local: LocalParts | undefined,
): Promise<WorkerDefinition> {
  if (worker !== undefined) return loadWorkerDefinition(worker);
  if (isWorkerDefinition(local?.definition)) return local.definition;
  throw makeError("invalid-option", "this executor needs a worker module's URL, not a definition", {
    details: { option: "worker" },
  });
}

/** One storage per worker and hint, kept open between jobs. */
function openStorage({ hint }: JobHeader, definition: WorkerDefinition): Promise<Storage> {
  if (hint === undefined) {
    throw makeError(
      "storage-not-shareable",
      "the coordinator's storage can't be rebuilt elsewhere",
    );
  }
  let storages = openStorages.get(definition);
  if (storages === undefined) {
    storages = new Map();
    openStorages.set(definition, storages);
  }
  const key = JSON.stringify(hint);
  let storage = storages.get(key);
  if (storage === undefined) {
    storage = Promise.resolve(definition.options.storage?.(hint) ?? storageFromHint(hint));
    storages.set(key, storage);
    storage.catch(() => storages.delete(key)); // A failure is not remembered.
  }
  return storage;
}
