/**
 * One attempt at one task as bytes: how to find the worker and the repository, the task, and the
 * fork. What goes out holds no secrets and no storage; what comes back is fork bytes.
 */
import { decodeUtf8, encodeUtf8 } from "../base/bytes.ts";
import { makeError } from "../base/errors.ts";
import { withOwnSignal } from "../base/on-abort.ts";
import { describe } from "../base/options.ts";
import { crc32c } from "../codec/crc32c.ts";
import type { RepositoryConfig } from "../format/config/config.ts";
import { ForkSession } from "../session/fork-session.ts";
import { closeSession } from "../session/state/access.ts";
import { endAttempt } from "../session/state/in-flight.ts";
import { storageFromHint } from "../storage/from-url.ts";
import type { Storage, StorageHint } from "../storage/port.ts";
import {
  loadWorkerDefinition,
  type WorkerDefinition,
  type WorkerOptions,
} from "./define-worker.ts";

/** What a job says besides the fork. */
interface JobHeader {
  /** URL of the worker's module; `undefined`: the definition is at hand (tasks only). */
  readonly worker: string | undefined;
  readonly hint: StorageHint | undefined;
  readonly task: unknown;
  readonly config: RepositoryConfig;
}

/** The storage of a place of work, or how to make it from the coordinator's hint. */
type WorkerStorage = Storage | NonNullable<WorkerOptions["storage"]>;

/** What the place of work provides. */
interface JobContext {
  readonly signal: AbortSignal;
  readonly report: (data: unknown) => void;
  /** Default: the module that the job names. */
  readonly worker?: WorkerDefinition | string | undefined;
  /** Default: the worker's own, or that of the hint. */
  readonly storage?: WorkerStorage | undefined;
}

const HEAD_BYTES = 8;
const JOB_VERSION = 1;

/** Joins header and fork: u32 length of the header's JSON, its u32 CRC-32C, the JSON, the fork's bytes. */
export function encodeJob(header: JobHeader, forkBytes: Uint8Array): Uint8Array {
  const json = encodeUtf8(JSON.stringify({ version: JOB_VERSION, ...header }));
  const bytes = new Uint8Array(HEAD_BYTES + json.length + forkBytes.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, json.length, true);
  view.setUint32(4, crc32c(json), true);
  bytes.set(json, HEAD_BYTES);
  bytes.set(forkBytes, HEAD_BYTES + json.length);
  return bytes;
}

/** Splits what `encodeJob` joined. @throws {invalid-fork-bytes} on anything else */
function decodeJob(bytes: Uint8Array): { header: JobHeader; forkBytes: Uint8Array } {
  let header: JobHeader & { readonly version: unknown };
  let end: number;
  try {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    end = HEAD_BYTES + view.getUint32(0, true);
    const json = bytes.subarray(HEAD_BYTES, end);
    if (crc32c(json) !== view.getUint32(4, true)) throw new RangeError("wrong checksum");
    header = JSON.parse(decodeUtf8(json));
  } catch (cause) {
    throw makeError("invalid-fork-bytes", "these bytes are no icefloe job", { cause });
  }
  if (header?.version !== JOB_VERSION) {
    throw makeError(
      "invalid-fork-bytes",
      `this job has version ${describe(header?.version)}, expected ${JOB_VERSION}: coordinator and worker need the same version of icefloe`,
      { details: { version: header?.version, expected: JOB_VERSION } },
    );
  }
  return { header, forkBytes: bytes.subarray(end) };
}

/** The worker that a job names. @throws {invalid-option} its module doesn't load, or has none */
export function loadWorkerOf(job: Uint8Array): Promise<WorkerDefinition> {
  return definitionOf(decodeJob(job).header.worker);
}

const openStorages = new WeakMap<object, Map<string, Promise<Storage>>>();

/**
 * Runs a job and resolves to its result: the fork's own changes as bytes. Whatever goes wrong
 * rejects; no part of a failed attempt is ever merged.
 * @throws {writes-in-flight} the worker has not waited for all its writes
 */
export function runJobIn(bytes: Uint8Array, context: JobContext): Promise<Uint8Array> {
  // What a worker adds to its signal must not stay on that of other attempts.
  return withOwnSignal(context.signal, (signal) => attempt(bytes, { ...context, signal }));
}

async function attempt(bytes: Uint8Array, context: JobContext): Promise<Uint8Array> {
  const { header, forkBytes } = decodeJob(bytes);
  const { signal, report } = context;
  signal.throwIfAborted();
  const definition = await definitionOf(context.worker ?? header.worker);
  const storage = await storageOf(header, context.storage ?? definition.options.storage);
  const { authorizeVirtualChunkAccess } = definition.options;
  const fork = await ForkSession.fromBytes(forkBytes, {
    storage,
    config: header.config,
    ...(authorizeVirtualChunkAccess === undefined ? {} : { authorizeVirtualChunkAccess }),
    signal,
  });
  await definition.work({ fork, task: header.task, signal, report });
  await endAttempt(fork, "the worker", signal);
  signal.throwIfAborted();
  const result = fork.toBytes({ overlay: "omit" });
  closeSession(fork, "the attempt"); // A write that comes later must not vanish.
  return result;
}

async function definitionOf(
  worker: WorkerDefinition | string | undefined,
): Promise<WorkerDefinition> {
  if (typeof worker === "string") return loadWorkerDefinition(worker);
  if (worker !== undefined) return worker;
  throw makeError("invalid-option", "this executor needs a worker module's URL, not a definition", {
    details: { option: "worker" },
  });
}

/** One storage per function and hint, kept open between jobs. */
function storageOf(
  { hint }: JobHeader,
  given: WorkerStorage = storageFromHint,
): Storage | Promise<Storage> {
  if (typeof given !== "function") return given;
  if (hint === undefined) {
    throw makeError(
      "storage-not-shareable",
      "the coordinator's storage can't be rebuilt elsewhere",
    );
  }
  let storages = openStorages.get(given);
  if (storages === undefined) {
    storages = new Map();
    openStorages.set(given, storages);
  }
  const key = JSON.stringify(hint);
  let storage = storages.get(key);
  if (storage === undefined) {
    storage = (async () => given(hint))();
    storages.set(key, storage);
    storage.catch(() => storages.delete(key)); // A failure is not remembered.
  }
  return storage;
}
