/**
 * What the local storage needs of a file system: whole-file steps, each of which may be the last
 * one before a crash. The real one is `node-file-system.ts`; tests put doubles here that stop
 * after a step or forget what was not synced. Failures are thrown with the platform's `code`
 * (`ENOENT`, `ENOSPC`, …); what they mean is decided above.
 */
import type { ByteSpan } from "../byte-range.ts";
import type { BodyPiece } from "../put-body.ts";

/** What identifies the state of a file. */
export interface FileFacts {
  readonly inode: bigint;
  readonly modifiedNs: bigint;
  readonly sizeBytes: number;
}

/** An entry of a folder; links are followed. */
export interface FolderEntry {
  readonly name: string;
  readonly kind: "file" | "folder" | "other";
}

/** What is written to a file; pieces are taken once it is open. */
export type FileBody = Uint8Array | AsyncIterable<BodyPiece>;

/** The port between the local storage and the platform. Paths are the platform's own. */
export interface FileSystem {
  /** Joins segments to a path. */
  join(...segments: string[]): string;
  /** Writes a new file, syncing its contents if asked; `EEXIST` if the name is taken. Removes a part on failure. */
  create(path: string, body: FileBody, options: { readonly sync: boolean }): Promise<FileFacts>;
  /** The part of a file that `select` chooses by its size; fewer bytes if it shrank meanwhile. `EISDIR` if it is not a file. */
  read(
    path: string,
    select: (sizeBytes: number) => ByteSpan,
  ): Promise<{ readonly bytes: Uint8Array; readonly facts: FileFacts }>;
  /** Facts about a file; `EISDIR` if it is a folder. */
  facts(path: string): Promise<FileFacts>;
  /** Sets the modification time as closely as the platform can, never earlier. */
  setModified(path: string, modifiedNs: bigint): Promise<void>;
  /** Atomically renames a file over another, or a folder where none is (`ENOTEMPTY` or `EEXIST` otherwise). */
  rename(from: string, to: string): Promise<void>;
  /** Atomically gives a file a second name; `EEXIST` if it is taken. */
  link(from: string, to: string): Promise<void>;
  /** Removes a file. */
  unlink(path: string): Promise<void>;
  /** Makes one folder; its parent must exist. */
  makeFolder(path: string): Promise<void>;
  /** Removes an empty folder. */
  removeFolder(path: string): Promise<void>;
  /** The entries of a folder, in any order, as they come. */
  readFolder(path: string): AsyncIterable<FolderEntry>;
  /** Makes the names in a folder survive a power loss. */
  syncFolder(path: string): Promise<void>;
}

/** The platform's code of an error (`ENOENT`), or `undefined`. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Whether the error says, definitely, that there is no such file. */
export function isAbsent(error: unknown): boolean {
  const code = codeOf(error);
  // ENOTDIR: a parent is a file; EISDIR: the name is a folder's. Either way no object is there.
  return code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR";
}

/** What `step` resolves to, or `undefined` if what it works on is definitely absent. */
export async function unlessAbsent<T>(step: Promise<T>): Promise<T | undefined> {
  try {
    return await step;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}
