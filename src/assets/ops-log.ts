/**
 * The ops log inside `repo`: how an update is appended, and how to learn from it whether an
 * update landed. Pure.
 *
 * The name of the backup that a put made for the state it replaced stands only in the body of
 * that very put, and stays in the log when others commit on top. So it tells for certain whether
 * a put whose reply was lost took effect. Spec: v2 "Repo Info File" › Update; docs/format.md
 * "Backups and the ops log".
 */

import { makeError } from "../base/errors.ts";
import { describeMicros } from "../base/plain-value.ts";
import { REPO_PATH } from "../format/object-paths.ts";
import type { RepoInfo } from "../format/repo/read.ts";
import type { RepoUpdate, UpdateKind } from "../format/repo/update.ts";

/** A newest entry further ahead of our clock than this is refused: ours would be a future time too. */
export const CLOCK_SKEW_MAX_MICROS = 600_000_000;

/** The newest entry. @throws {invalid-file-format} if there is none */
export function newestUpdate(repo: RepoInfo): RepoUpdate {
  const newest = repo.latestUpdates[0];
  if (newest !== undefined) return newest;
  throw makeError("invalid-file-format", `${REPO_PATH}: the ops log has no entry`, {
    details: { object: REPO_PATH },
  });
}

/** The next entry's time: now, but at least 1 µs after the newest. @throws {snapshot-timestamp} */
export function nextUpdateMicros(repo: RepoInfo, nowMicros: number): number {
  const { updatedAtMicros } = newestUpdate(repo);
  if (updatedAtMicros - nowMicros > CLOCK_SKEW_MAX_MICROS) {
    throw makeError(
      "snapshot-timestamp",
      `the repository's newest update is of ${describeMicros(updatedAtMicros)}, over ` +
        `${CLOCK_SKEW_MAX_MICROS / 1e6} s ahead of this clock, ${describeMicros(nowMicros)}`,
      { details: { newest: describeMicros(updatedAtMicros), now: describeMicros(nowMicros) } },
    );
  }
  return Math.max(nowMicros, updatedAtMicros + 1);
}

/** What an append needs to know besides the entries. */
interface AppendOptions {
  /** Time of the first of the new entries; the others follow 1 µs apart. */
  readonly firstMicros: number;
  /** File name of the copy of the state that is replaced. */
  readonly backupName: string;
  /** Entries to keep in `repo` before older ones are left to the backup. */
  readonly entriesPerFile: number;
}

/**
 * `repo` with `updates` (oldest first) entered in its log. The entry that was newest gets the
 * backup's name; of the new ones none has one. Once `entriesPerFile` entries stand in the log, the
 * next one that has a backup ends it, and older ones are found through that backup.
 */
export function appendUpdates(
  repo: RepoInfo,
  updates: readonly UpdateKind[],
  { firstMicros, backupName, entriesPerFile }: AppendOptions,
): RepoInfo {
  const fresh: RepoUpdate[] = updates
    .map((update, at) => ({ update, updatedAtMicros: firstMicros + at }))
    .reverse();
  const previous: RepoUpdate = { ...newestUpdate(repo), backupPath: backupName };
  const entries = fresh.concat(previous, repo.latestUpdates.slice(1));
  let { repoBeforeUpdates } = repo;
  for (let at = Math.max(fresh.length, entriesPerFile); at < entries.length; at++) {
    const { backupPath } = entries[at] as RepoUpdate;
    if (backupPath === undefined) continue;
    repoBeforeUpdates = backupPath;
    entries.length = at;
    break;
  }
  return { ...repo, latestUpdates: entries, repoBeforeUpdates };
}

/** What one page of the log says about a put: `continue` in the named older page if undecided. */
type PutFate =
  | { readonly fate: "landed" | "not-landed" | "unknown" }
  | { readonly fate: "continue"; readonly backupName: string };

/**
 * Whether a put that replaced the state with newest entry `replacedMicros`, and named its backup
 * `backupName`, is part of the history that `page` ends.
 */
export function fateOfPut(page: RepoInfo, replacedMicros: number, backupName: string): PutFate {
  for (const entry of page.latestUpdates) {
    if (entry.backupPath === backupName) return { fate: "landed" };
    // Entries are appended to, never changed: whoever replaced that state named another backup.
    if (entry.updatedAtMicros <= replacedMicros) return { fate: "not-landed" };
  }
  const older = page.repoBeforeUpdates;
  if (older === backupName) return { fate: "landed" };
  return older === undefined ? { fate: "unknown" } : { fate: "continue", backupName: older };
}
