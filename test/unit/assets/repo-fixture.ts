/** Repositories in memory under a clock that the test sets, and writers on them. */
import { METADATA_BYTES_MAX } from "../../../src/assets/asset-limits.ts";
import { writeInitialRepo } from "../../../src/assets/initial-repo.ts";
import type { RepoChange } from "../../../src/assets/repo-change.ts";
import { decodeRepo } from "../../../src/assets/repo-object.ts";
import { createRepoState, type RepoState } from "../../../src/assets/repo-state.ts";
import { type Runtime, systemRuntime } from "../../../src/base/runtime.ts";
import { backupPath } from "../../../src/format/object-paths.ts";
import type { RepoInfo } from "../../../src/format/repo/read.ts";
import type { RepoUpdate } from "../../../src/format/repo/update.ts";
import { memoryStorage } from "../../../src/storage/memory.ts";
import type { Storage } from "../../../src/storage/port.ts";

export const NOON_MICROS = 1_800_000_000_000_000;

/** A runtime whose clock stands still unless set, and whose sleeps end at once. */
export interface StillRuntime extends Runtime {
  nowMicrosIs: number;
  /** Milliseconds asked for, one per sleep. */
  readonly sleeps: number[];
}

export function stillRuntime(nowMicros: number = NOON_MICROS): StillRuntime {
  const { randomBytes } = systemRuntime();
  const runtime: StillRuntime = {
    nowMicrosIs: nowMicros,
    sleeps: [],
    nowMicros: () => runtime.nowMicrosIs,
    randomBytes,
    sleep: async (milliseconds, signal) => {
      signal?.throwIfAborted();
      runtime.sleeps.push(milliseconds);
    },
  };
  return runtime;
}

/** A memory storage that holds a new repository. */
export async function storageWithRepo(
  runtime: Runtime = stillRuntime(),
  storage: Storage = memoryStorage(),
): Promise<Storage> {
  await writeInitialRepo(storage, {
    runtime,
    compressionLevel: 1,
    metadataBytesMax: METADATA_BYTES_MAX,
    config: undefined,
    signal: undefined,
  });
  return storage;
}

/** A writer of its own on `storage`: as if in another process. */
export function repoStateOn(
  storage: Storage,
  options: Partial<Parameters<typeof createRepoState>[0]> = {},
): RepoState {
  return createRepoState({
    storage,
    runtime: stillRuntime(),
    retry: { attemptsMax: 100, initialBackoffMs: 50, maxBackoffMs: 30_000 },
    entriesPerFile: 1000,
    metadataBytesMax: METADATA_BYTES_MAX,
    ...options,
  });
}

/** The change that tags the tip of main. */
export function tagMain(name: string): (repo: RepoInfo) => RepoChange {
  return (repo) => {
    const id = repo.branches.get("main") as string;
    return {
      repo: { ...repo, tags: new Map(repo.tags).set(name, id) },
      updates: [{ kind: "tag-created", name }],
    };
  };
}

/** The whole ops log, newest first, as a reader that follows the pages sees it. */
export async function wholeOpsLog(storage: Storage): Promise<RepoUpdate[]> {
  const entries: RepoUpdate[] = [];
  for (let path: string | undefined = "repo"; path !== undefined; ) {
    const stored = await storage.get(path);
    if (stored === undefined) throw new Error(`${path} is missing`);
    const page: RepoInfo = await decodeRepo(stored.bytes, path, METADATA_BYTES_MAX);
    entries.push(...page.latestUpdates);
    path = page.repoBeforeUpdates === undefined ? undefined : backupPath(page.repoBeforeUpdates);
  }
  return entries;
}
