/**
 * What the storage needs of the origin private file system, and the real one over its handles.
 * Paths go from the origin's root, `/`-separated. Failures are thrown as the platform throws them
 * (`DOMException`); what they mean is decided above. Tests put a double here that stops after a
 * step.
 */
import { createByteLru } from "../../base/lru.ts";

/** An entry of a folder. `open` is the file, or `undefined` if it is gone. */
export interface OriginEntry {
  readonly name: string;
  readonly kind: "file" | "folder";
  open(): Promise<File | undefined>;
}

/** The port between the storage and the platform. */
export interface OriginFiles {
  /** The file as it is now: once it is replaced, its bytes cannot be read any more. */
  open(path: string): Promise<File | undefined>;
  /** Writes a file, and the folders above it. What is there is in part, until this resolves. */
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** Gives a file another name, over the file that has it, in one step; makes the folders above. */
  move(from: string, to: string): Promise<void>;
  /** Removes a file; one that is absent is fine. */
  remove(path: string): Promise<void>;
  /** The entries of a folder, in any order; none if it is absent. */
  readFolder(path: string): AsyncIterable<OriginEntry>;
}

/** What the library of types does not know yet: every browser has `move` here. */
interface FileHandle extends Omit<FileSystemFileHandle, "createWritable"> {
  move(folder: FileSystemDirectoryHandle, name: string): Promise<void>;
  /** Absent in Safari before 26. */
  createWritable?(): Promise<FileSystemWritableFileStream>;
  /** Only in dedicated workers. */
  createSyncAccessHandle?(): Promise<SyncAccessHandle>;
}

interface SyncAccessHandle {
  write(bytes: Uint8Array, options: { readonly at: number }): number;
  truncate(sizeBytes: number): void;
  flush(): void;
  close(): void;
}

const FOLDERS_KEPT = 256;
const PIECE_BYTES = 65_536;

/** The platform's name of an error (`NotFoundError`), or `undefined`. */
export function nameOf(error: unknown): string | undefined {
  const name = (error as { readonly name?: unknown } | null | undefined)?.name;
  return typeof name === "string" ? name : undefined;
}

/** Whether the error says, definitely, that there is no such file: the other name is a folder's. */
function isAbsent(error: unknown): boolean {
  const name = nameOf(error);
  return name === "NotFoundError" || name === "TypeMismatchError";
}

async function unlessAbsent<T>(step: Promise<T>): Promise<T | undefined> {
  try {
    return await step;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

function splitPath(path: string): { readonly folder: string; readonly name: string } {
  const slash = path.lastIndexOf("/");
  return { folder: path.slice(0, Math.max(slash, 0)), name: path.slice(slash + 1) };
}

/** The files of this origin; `openRoot` is `getDirectory` of `navigator.storage`. */
export function originFiles(openRoot: () => Promise<FileSystemDirectoryHandle>): OriginFiles {
  return new HandleFiles(openRoot);
}

class HandleFiles implements OriginFiles {
  readonly #openRoot: () => Promise<FileSystemDirectoryHandle>;
  /** A handle names a path, so it stays good for a folder that is removed and made anew. */
  readonly #folders = createByteLru<FileSystemDirectoryHandle>(FOLDERS_KEPT);

  constructor(openRoot: () => Promise<FileSystemDirectoryHandle>) {
    this.#openRoot = openRoot;
  }

  async #walk(path: string, create: boolean): Promise<FileSystemDirectoryHandle> {
    let folder = await this.#openRoot();
    for (const name of path.split("/").filter((segment) => segment !== ""))
      folder = await folder.getDirectoryHandle(name, { create });
    this.#folders.set(path, folder, 1);
    return folder;
  }

  /** Runs a step in a folder that is there; made if it is not. */
  async #make<T>(
    path: string,
    step: (folder: FileSystemDirectoryHandle) => Promise<T>,
  ): Promise<T> {
    const known = this.#folders.get(path);
    if (known !== undefined) {
      try {
        return await step(known);
      } catch (error) {
        if (nameOf(error) !== "NotFoundError") throw error;
      }
    }
    return step(await this.#walk(path, true));
  }

  /** The handle of a file that is there; throws if there is none. */
  async #handle(path: string): Promise<FileHandle> {
    const { folder, name } = splitPath(path);
    const parent = this.#folders.get(folder) ?? (await this.#walk(folder, false));
    return (await parent.getFileHandle(name)) as FileHandle;
  }

  open(path: string): Promise<File | undefined> {
    return unlessAbsent(this.#handle(path).then((handle) => handle.getFile()));
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    const { folder, name } = splitPath(path);
    const made = this.#make(folder, (parent) => parent.getFileHandle(name, { create: true }));
    const handle = (await made) as FileHandle;
    if (handle.createWritable === undefined) return writeSynchronously(handle, bytes);
    const own = unshared(bytes);
    try {
      await writeByStream(handle, own, own.length);
    } catch (error) {
      if (nameOf(error) !== "AbortError") throw error;
      // Chromium: the pipe broke, mostly since the quota is used up. A piece that the pipe holds
      // whole gets the true reason for an answer.
      await writeByStream(handle, own, PIECE_BYTES);
    }
  }

  async move(from: string, to: string): Promise<void> {
    const { folder, name } = splitPath(to);
    const handle = await this.#handle(from);
    await this.#make(folder, (parent) => handle.move(parent, name));
  }

  async remove(path: string): Promise<void> {
    const { folder, name } = splitPath(path);
    const parent = this.#folders.get(folder) ?? (await unlessAbsent(this.#walk(folder, false)));
    if (parent === undefined) return;
    // A folder of that name is no file: it is not removed, and not looked at.
    const file = await unlessAbsent(parent.getFileHandle(name));
    if (file !== undefined) await unlessAbsent(parent.removeEntry(name));
  }

  async *readFolder(path: string): AsyncGenerator<OriginEntry> {
    const folder = await unlessAbsent(this.#walk(path, false));
    if (folder === undefined) return;
    try {
      for await (const [name, handle] of folder.entries()) yield entryOf(name, handle);
    } catch (error) {
      if (!isAbsent(error)) throw error; // Removed while it was read.
    }
  }
}

function entryOf(
  name: string,
  handle: FileSystemDirectoryHandle | FileSystemFileHandle,
): OriginEntry {
  if (handle.kind === "directory")
    return { name, kind: "folder", open: () => Promise.resolve(undefined) };
  return { name, kind: "file", open: () => unlessAbsent(handle.getFile()) };
}

async function writeByStream(
  handle: FileHandle,
  bytes: Uint8Array<ArrayBuffer>,
  pieceBytes: number,
): Promise<void> {
  const stream = (await handle.createWritable?.()) as FileSystemWritableFileStream;
  try {
    for (let start = 0; start < bytes.length; start += pieceBytes)
      await stream.write(bytes.subarray(start, start + pieceBytes));
  } catch (error) {
    await stream.abort(error).catch(() => undefined); // It has failed already.
    throw error;
  }
  await stream.close();
}

/** Streams refuse memory that threads share. */
function unshared(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : bytes.slice();
}

/** For workers where files cannot be written by streams. */
async function writeSynchronously(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  if (handle.createSyncAccessHandle === undefined)
    throw new DOMException("files are written only in workers here", "NotSupportedError");
  const access = await handle.createSyncAccessHandle();
  try {
    access.truncate(0);
    const written = access.write(bytes, { at: 0 });
    if (written !== bytes.length)
      throw new DOMException(`${written} of ${bytes.length} bytes`, "QuotaExceededError");
    access.flush();
  } finally {
    access.close();
  }
}
