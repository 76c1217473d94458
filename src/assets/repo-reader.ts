/**
 * Reads of `repo` that are never stale: one conditional GET, shared by concurrent callers.
 *
 * A caller may join a read only while its request has not been sent: a reply under way may miss a
 * commit that was acknowledged before the call. So one read runs and one waits.
 *
 *   calls   a b      c d e
 *   reads   [ab.....][cde....]      c, d, e come while [ab] runs: they share the next one
 *
 * A read is aborted when all who wait for it have aborted, and the next begins. It also begins
 * beside one that may be stuck: after a second, while few are under way.
 */
import { makeError } from "../base/errors.ts";
import { abortable } from "../base/on-abort.ts";
import { type Runtime, waitAtMost } from "../base/runtime.ts";
import { type Flight, joinFlight, startFlight } from "../base/single-flight.ts";
import { REPO_PATH } from "../format/object-paths.ts";
import type { Storage } from "../storage/port.ts";
import { decodeRepo, type VersionedRepo } from "./repo-object.ts";

/** The newest state known, and reads of a newer one. */
export interface RepoReader {
  /** The state last read or written; may be stale. */
  readonly held: VersionedRepo | undefined;
  /** A state that was current at some moment after this call. @throws {repository-not-found} */
  read(signal?: AbortSignal): Promise<VersionedRepo>;
  /** Takes over a state that this process has just written. */
  remember(written: VersionedRepo): void;
}

/** How long a read waits for the one before it, which may be stuck. */
const PATIENCE_MS = 1000;

/** Reads that may be under way before a stuck one is waited for. */
const READS_MAX = 4;

/** A reader that starts from `initial`, if given. */
export function createRepoReader(
  storage: Storage,
  runtime: Runtime,
  metadataBytesMax: number,
  initial?: VersionedRepo,
): RepoReader {
  let held = initial;
  /** Grows whenever `held` is replaced: a reply to an older question must not undo a write. */
  let revision = 0;
  let running: Promise<unknown> = Promise.resolve();
  let next: Flight<VersionedRepo> | undefined;
  /** Reads whose request has been sent. */
  let underWay = 0;

  const hold = (state: VersionedRepo): VersionedRepo => {
    held = state;
    revision++;
    return state;
  };

  const load = async (signal: AbortSignal | undefined): Promise<VersionedRepo> => {
    signal?.throwIfAborted();
    const base = held;
    const asked = revision;
    const replying = base
      ? storage.getIfChanged(REPO_PATH, base.version, { signal })
      : storage.get(REPO_PATH, { signal });
    const reply = await abortable<Awaited<typeof replying>>(replying, signal);
    if (reply === "unchanged" && base !== undefined) return base;
    if (reply === undefined || reply === "unchanged") throw repositoryNotFound(storage);
    const { bytes, version } = reply;
    const state = { repo: await decodeRepo(bytes, REPO_PATH, metadataBytesMax), version };
    return revision === asked ? hold(state) : state;
  };

  const startNext = (signal: AbortSignal | undefined): Flight<VersionedRepo> => {
    const mayPass = underWay > 0 && underWay < READS_MAX;
    const before = mayPass ? waitAtMost(runtime, PATIENCE_MS, running) : running;
    const close = (): void => {
      if (next === flight) next = undefined;
    };
    const readAfter = async (abandoned?: AbortSignal): Promise<VersionedRepo> => {
      await before;
      close();
      underWay++;
      try {
        return await load(abandoned);
      } finally {
        underWay--;
      }
    };
    const flight = startFlight(readAfter, signal, close);
    running = flight.result.catch(() => undefined); // Its own callers see the failure.
    return flight;
  };

  return {
    get held() {
      return held;
    },
    async read(signal) {
      signal?.throwIfAborted();
      next ??= startNext(signal);
      return joinFlight(next, signal);
    },
    remember: hold,
  };
}

/** What to throw where `repo` is absent. */
export function repositoryNotFound(storage: Storage, cause?: unknown): Error {
  return makeError("repository-not-found", `there is no repository in storage ${storage.id}`, {
    details: { storage: storage.id },
    ...(cause === undefined ? {} : { cause }),
  });
}
