/** Reads fork bytes, and does with the fork what can be done: open, read, merge, commit. */
import { isDeepStrictEqual } from "node:util";
import { isIcefloeError } from "../../src/base/errors.ts";
import { crc32c } from "../../src/codec/crc32c.ts";
import { ForkSession, Repository, type Session } from "../../src/index.ts";
import { decodeForkBytes, encodeForkBytes } from "../../src/session/fork/bytes.ts";
import type { Storage } from "../../src/storage/port.ts";
import { simulatedRuntime } from "../../src/testing/simulated-runtime.ts";
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

/** Uses a fork whose bytes could be decoded: a typed error is fine, a broken state is not. */
export async function useFork(bytes: Uint8Array, storage: Storage): Promise<void> {
  const runtime = simulatedRuntime({ seed: 5 });
  const repository = await Repository.open(storage, { runtime });
  const fork = await typed(() => ForkSession.fromBytes(bytes, { storage, runtime }));
  if (fork !== undefined) await readAll(fork);
  const receiver = await repository.writableSession("main");
  const report = await typed(() => receiver.merge(bytes));
  if (report === undefined) return;
  await readAll(receiver);
  await typed(() => receiver.status());
  // Of no branch: the repository stays as it was for the inputs that follow.
  const flushed = await typed(() => receiver.flush("fuzz"));
  if (flushed === undefined) return;
  const stored = await repository.readonlySession({ snapshotId: flushed });
  await readAll(stored, true);
}

async function readAll(session: Session | ForkSession, mustSucceed = false): Promise<void> {
  const run = mustSucceed ? <T>(work: () => Promise<T>) => work() : typed;
  const keys = (await run(() => session.store.list().toArray())) ?? [];
  for (const key of keys.slice(0, KEYS_READ_MAX)) {
    // A chunk may be where it cannot be read: virtual, or an object that never was.
    await typed(() => session.store.get(key));
    await run(() => session.store.getSize(key));
  }
}

async function typed<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isIcefloeError(error) && error.category !== "internal") return undefined;
    throw error;
  }
}
