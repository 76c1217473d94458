/** Reads fork bytes, and does with the fork what can be done: open, read, merge, commit. */
import { isDeepStrictEqual } from "node:util";
import { equalBytes } from "../../src/base/bytes.ts";
import type { ErrorKind } from "../../src/base/error-kinds.ts";
import { isIcefloeError } from "../../src/base/errors.ts";
import { crc32c } from "../../src/codec/crc32c.ts";
import { ForkSession, memoryStorage, Repository, type Session } from "../../src/index.ts";
import { encodeForkBytes } from "../../src/session/fork/bytes.ts";
import { decodeForkBytes } from "../../src/session/fork/read-bytes.ts";
import type { Storage } from "../../src/storage/port.ts";
import { simulatedRuntime } from "../../src/testing/simulated-runtime.ts";
import type { Corpus } from "./corpus.ts";
import type { Outcome } from "./readers.ts";

const CHECKSUM_BYTES = 4;
const KEYS_READ_MAX = 50;

/** Puts a right checksum under changed bytes, so that what is behind it is reached. */
export function reseal(bytes: Uint8Array): Uint8Array {
  const end = bytes.length - CHECKSUM_BYTES;
  if (end < 0) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  view.setUint32(end, crc32c(bytes, 0, end), true);
  return bytes;
}

/** Decodes and encodes again; only `invalid-fork-bytes` may be thrown. */
export function readFork(bytes: Uint8Array): Outcome {
  let state: ReturnType<typeof decodeForkBytes>;
  try {
    state = decodeForkBytes(bytes);
  } catch (error) {
    if (isIcefloeError(error, "invalid-fork-bytes")) return "refused";
    throw error;
  }
  const written = encodeForkBytes(state);
  const again = encodeForkBytes(decodeForkBytes(written));
  if (!isDeepStrictEqual(again, written)) throw new Error("a fork is not the same when written");
  return "read";
}

/**
 * Opens and merges a fork whose bytes could be decoded. What is accepted leaves whole states behind,
 * what is refused leaves the receiver as it was.
 */
export async function useFork(bytes: Uint8Array, { storage, parents }: Corpus): Promise<Outcome> {
  const runtime = simulatedRuntime({ seed: 5 });
  const open = (one: Uint8Array) => ForkSession.fromBytes(one, { storage, runtime });
  const fork = await orRefused(() => open(bytes), ["invalid-fork-bytes", "fork-base-mismatch"]);
  if (fork !== undefined) await checkWhole(fork, storage);
  let isAccepted = fork !== undefined;
  for (const parent of parents) {
    const receiver = await open(parent);
    const before = receiver.toBytes();
    const report = await orRefused(() => receiver.merge(bytes), MERGE_KINDS);
    if (report !== undefined) await checkWhole(receiver, storage);
    else if (!equalBytes(receiver.toBytes(), before))
      throw new Error("a refused merge left traces");
    isAccepted ||= report !== undefined;
  }
  const repository = await Repository.open(await copyOf(storage), { runtime });
  const session = await repository.writableSession("main");
  if ((await orRefused(() => session.merge(bytes), MERGE_KINDS)) !== undefined) {
    isAccepted = true;
    await readAll(session);
    await session.status();
    const flushed = await session.flush("fuzz");
    await readAll(await repository.readonlySession({ snapshotId: flushed }));
  }
  return isAccepted ? "read" : "refused";
}

/** The repository stays as it was for the inputs that follow. */
async function copyOf(storage: Storage): Promise<Storage> {
  const copy = memoryStorage();
  for await (const { path } of storage.list("")) {
    const bytes = (await storage.get(path))?.bytes ?? new Uint8Array(0);
    await copy.put(path, bytes, { objectKind: "chunk" });
  }
  return copy;
}

const MERGE_KINDS: readonly ErrorKind[] = [
  "invalid-fork-bytes",
  "fork-base-mismatch",
  "merge-failed",
  "merge-overlap",
];

/** A fork can be read, and sent away once more. */
async function checkWhole(fork: ForkSession, storage: Storage): Promise<void> {
  await readAll(fork);
  await fork.status();
  const again = await ForkSession.fromBytes(fork.toBytes(), { storage });
  if (!equalBytes(again.toBytes(), fork.toBytes())) throw new Error("a fork is not the same again");
}

async function readAll({ store }: Session | ForkSession): Promise<void> {
  const keys = await store.list().toArray();
  for (const key of keys.slice(0, KEYS_READ_MAX)) {
    await store.getSize(key);
    // A chunk may be where it cannot be read: virtual, or an object that never was.
    await orRefused(() => store.get(key), UNREADABLE_KINDS);
  }
}

const UNREADABLE_KINDS: readonly ErrorKind[] = [
  "unimplemented",
  "object-not-found",
  "invalid-object-size",
];

async function orRefused<T>(
  work: () => Promise<T>,
  kinds: readonly ErrorKind[],
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isIcefloeError(error, ...kinds)) return undefined;
    throw error;
  }
}
