/** Where a repository's objects live. Spec: v2 "File Layout"; docs/format.md "Repository layout". */

import { makeError } from "../base/errors.ts";
import { describeMicros } from "../base/plain-value.ts";

/** The one mutable object. */
export const REPO_PATH = "repo";

/** Folder of the replaced versions of `repo`. */
const OVERWRITTEN_PREFIX = "overwritten/";

/** 3000-01-01T00:00:00Z: backup names count down from it, so that listings are newest first. */
const BACKUP_EPOCH_MS = 32_503_680_000_000;
const BACKUP_TIME_DIGITS = 14;

/** Path of a snapshot file. */
export function snapshotPath(id: string): string {
  return `snapshots/${id}`;
}

/** Path of a manifest file. */
export function manifestPath(id: string): string {
  return `manifests/${id}`;
}

/** Path of the transaction log of snapshot `id`. */
export function transactionLogPath(id: string): string {
  return `transactions/${id}`;
}

/** Path of a chunk's bytes. */
export function chunkPath(id: string): string {
  return `chunks/${id}`;
}

/** Path of a backup; ops log entries hold only the file name. */
export function backupPath(fileName: string): string {
  return `${OVERWRITTEN_PREFIX}${fileName}`;
}

/** Name of the backup of a `repo` replaced at `nowMicros`; `id` is a fresh 12-byte id as text. */
export function backupFileName(nowMicros: number, id: string): string {
  const left = BACKUP_EPOCH_MS - Math.floor(nowMicros / 1000);
  if (left < 0)
    throw makeError("internal", `clock stands past the year 3000: ${describeMicros(nowMicros)}`);
  return `repo.${String(left).padStart(BACKUP_TIME_DIGITS, "0")}.${id}`;
}
