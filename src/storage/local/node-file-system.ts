/**
 * The file system of Node, Deno and Bun. Small steps block for microseconds, others go through
 * the callback API of `node:fs`, which is faster than its promises: see `step-pace.ts`. Modules are
 * loaded by `process.getBuiltinModule`, so that a bundle for browsers may contain this file; it is
 * refused there when it is used.
 */
import type * as NodeBuffer from "node:buffer";
import type * as NodeFs from "node:fs";
import type * as NodePath from "node:path";
import type * as NodeUrl from "node:url";
import { makeError } from "../../base/errors.ts";
import type { Runtime } from "../../base/runtime.ts";
import type { ByteSpan } from "../byte-range.ts";
import {
  codeOf,
  type FileBody,
  type FileFacts,
  type FileSystem,
  type FolderEntry,
} from "./file-system.ts";
import { QUICK_BYTES_MAX, StepPace } from "./step-pace.ts";

interface BuiltinModules {
  readonly "node:buffer": typeof NodeBuffer;
  readonly "node:fs": typeof NodeFs;
  readonly "node:path": typeof NodePath;
  readonly "node:url": typeof NodeUrl;
}

/** A module of the platform, or `missing-dependency` where there is none (browsers). */
export function builtinModule<Name extends keyof BuiltinModules>(name: Name): BuiltinModules[Name] {
  const found = globalThis.process?.getBuiltinModule?.(name);
  if (found === undefined) {
    throw makeError("missing-dependency", `local files need Node, Deno or Bun: no ${name} here`, {
      details: { module: name },
    });
  }
  return found as unknown as BuiltinModules[Name];
}

const TRANSFER_BYTES_MAX = 2 ** 30; // One read or write call carries less than 2^31 bytes everywhere.
const FOLDER_READ_COUNT = 256; // Names fetched per call while a folder is read.
const RENAME_ATTEMPTS_MAX = 10; // Windows refuses a rename while a scanner or reader holds the file.
const RENAME_PAUSE_MS = 20;

const BIG = { bigint: true } as const;

type Callback<T> = (error: NodeJS.ErrnoException | null, value: T) => void;

function call<T>(start: (done: Callback<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => (error ? reject(error) : resolve(value)));
  });
}

function coded(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

function factsOf(stats: NodeFs.BigIntStats, path: string): FileFacts {
  if (!stats.isFile()) throw coded("EISDIR", path);
  return { inode: stats.ino, modifiedNs: stats.mtimeNs, sizeBytes: Number(stats.size) };
}

/** Bytes of a file that is closed again. */
interface WholeRead {
  readonly bytes: Uint8Array;
  readonly facts: FileFacts;
}

/** The platform's own file system. `runtime` paces the retries that Windows needs. */
export function nodeFileSystem(runtime: Runtime): FileSystem {
  return new NodeFileSystem(runtime);
}

class NodeFileSystem implements FileSystem {
  readonly #fs = builtinModule("node:fs");
  readonly #path = builtinModule("node:path");
  readonly #buffers = builtinModule("node:buffer");
  readonly #runtime: Runtime;
  readonly #isWindows = globalThis.process.platform === "win32";
  readonly #readFlags: number;
  readonly #pace: StepPace;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    this.#pace = new StepPace(runtime);
    // A pipe planted in the folder must not hang a thread of the pool. Windows has no such flag.
    this.#readFlags = this.#fs.constants.O_RDONLY | (this.#fs.constants.O_NONBLOCK ?? 0);
  }

  join(...segments: string[]): string {
    return this.#path.join(...segments);
  }

  async create(
    path: string,
    body: FileBody,
    options: { readonly sync: boolean },
  ): Promise<FileFacts> {
    let file: number | undefined;
    try {
      const quick =
        !options.sync && body instanceof Uint8Array && body.length <= QUICK_BYTES_MAX
          ? body
          : undefined;
      const made = await this.#pace.run<number | FileFacts>(
        () => {
          file = this.#fs.openSync(path, "wx");
          return quick === undefined ? file : this.#fillNow(file, path, quick);
        },
        () => call((done) => this.#fs.open(path, "wx", done)),
      );
      if (typeof made !== "number") return made;
      file = made;
      return await this.#fill(file, path, body, options.sync);
    } catch (error) {
      // The write's own failure is what the caller must see, whatever the removal does.
      if (file !== undefined) await this.unlink(path).catch(() => undefined);
      throw error;
    }
  }

  /** All of a small file in one step: a way to the thread pool and back would take longer. */
  #fillNow(file: number, path: string, bytes: Uint8Array): FileFacts {
    try {
      for (let at = 0; at < bytes.length; )
        at += this.#fs.writeSync(file, bytes, at, bytes.length - at, at);
      return factsOf(this.#fs.fstatSync(file, BIG), path);
    } finally {
      this.#fs.closeSync(file);
    }
  }

  #close(file: number): void | Promise<void> {
    return this.#pace.run(
      () => this.#fs.closeSync(file),
      () => call((done) => this.#fs.close(file, done)),
    );
  }

  #stat(file: number): NodeFs.BigIntStats | Promise<NodeFs.BigIntStats> {
    return this.#pace.run(
      () => this.#fs.fstatSync(file, BIG),
      () => call((done) => this.#fs.fstat(file, BIG, done)),
    );
  }

  /** Writes all of `bytes` at `start` of the file. */
  async #write(file: number, bytes: Uint8Array, start: number): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const count = Math.min(bytes.length - at, TRANSFER_BYTES_MAX);
      const pooled = (): Promise<number> =>
        call((done) => this.#fs.write(file, bytes, at, count, start + at, done));
      const quick = (): number => this.#fs.writeSync(file, bytes, at, count, start + at);
      at += await (count > QUICK_BYTES_MAX ? pooled() : this.#pace.run(quick, pooled));
    }
  }

  async #fill(file: number, path: string, body: FileBody, sync: boolean): Promise<FileFacts> {
    try {
      if (body instanceof Uint8Array) await this.#write(file, body, 0);
      else for await (const { bytes, start } of body) await this.#write(file, bytes, start);
      if (sync) await call<void>((done) => this.#fs.fsync(file, done));
      return factsOf(await this.#stat(file), path);
    } finally {
      // Network file systems report a failed write only here, so its error counts.
      await this.#close(file);
    }
  }

  async read(
    path: string,
    select: (sizeBytes: number) => ByteSpan,
  ): Promise<{ bytes: Uint8Array; facts: FileFacts }> {
    const opened = await this.#pace.run<number | WholeRead>(
      () => this.#readNow(path, select),
      () => call((done) => this.#fs.open(path, this.#readFlags, done)),
    );
    return typeof opened === "number" ? this.#readOpen(opened, path, select) : opened;
  }

  /** A small file in one step; of a large one the open file. */
  #readNow(path: string, select: (sizeBytes: number) => ByteSpan): number | WholeRead {
    const file = this.#fs.openSync(path, this.#readFlags);
    let isLarge = false;
    try {
      const facts = factsOf(this.#fs.fstatSync(file, BIG), path);
      const { start, end } = select(facts.sizeBytes);
      isLarge = end - start > QUICK_BYTES_MAX;
      if (isLarge) return file;
      const bytes = new Uint8Array(end - start);
      let filled = 0;
      for (let got = 1; got > 0 && filled < bytes.length; filled += got)
        got = this.#fs.readSync(file, bytes, filled, bytes.length - filled, start + filled);
      return { bytes: filled === bytes.length ? bytes : bytes.slice(0, filled), facts };
    } finally {
      if (!isLarge) this.#fs.closeSync(file);
    }
  }

  async #readOpen(
    file: number,
    path: string,
    select: (sizeBytes: number) => ByteSpan,
  ): Promise<WholeRead> {
    try {
      const facts = factsOf(await this.#stat(file), path);
      const { start, end } = select(facts.sizeBytes);
      const bytes = this.#room(end - start);
      let filled = 0;
      while (filled < bytes.length) {
        const count = Math.min(bytes.length - filled, TRANSFER_BYTES_MAX);
        const from = start + filled;
        const pooled = (): Promise<number> =>
          call((done) => this.#fs.read(file, bytes, filled, count, from, done));
        const quick = (): number => this.#fs.readSync(file, bytes, filled, count, from);
        const got = await (count > QUICK_BYTES_MAX ? pooled() : this.#pace.run(quick, pooled));
        if (got === 0) break;
        filled += got;
      }
      return { bytes: filled === bytes.length ? bytes : bytes.slice(0, filled), facts };
    } finally {
      await this.#close(file);
    }
  }

  /** Memory of its own for bytes that are read over all of it: zeros first would cost as much again. */
  #room(byteLength: number): Uint8Array {
    const { buffer } = this.#buffers.Buffer.allocUnsafeSlow(byteLength);
    return new Uint8Array(buffer);
  }

  async facts(path: string): Promise<FileFacts> {
    const stats = await this.#pace.run(
      () => this.#fs.statSync(path, BIG),
      () => call<NodeFs.BigIntStats>((done) => this.#fs.stat(path, BIG, done)),
    );
    return factsOf(stats, path);
  }

  setModified(path: string, modifiedNs: bigint): Promise<void> {
    // libuv takes seconds as a double and keeps microseconds: round up, and past the double's error.
    const seconds = Number((modifiedNs + 1999n) / 1000n) / 1e6;
    return call((done) => this.#fs.utimes(path, seconds, seconds, done));
  }

  async rename(from: string, to: string): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#pace.run(
          () => this.#fs.renameSync(from, to),
          () => call<void>((done) => this.#fs.rename(from, to, done)),
        );
      } catch (error) {
        const code = codeOf(error);
        const mayPass = code === "EPERM" || code === "EBUSY" || code === "EACCES";
        if (!this.#isWindows || !mayPass || attempt === RENAME_ATTEMPTS_MAX) throw error;
        await this.#runtime.sleep(RENAME_PAUSE_MS * attempt);
      }
    }
  }

  async link(from: string, to: string): Promise<void> {
    await this.#pace.run(
      () => this.#fs.linkSync(from, to),
      () => call<void>((done) => this.#fs.link(from, to, done)),
    );
  }

  async unlink(path: string): Promise<void> {
    await this.#pace.run(
      () => this.#fs.unlinkSync(path),
      () => call<void>((done) => this.#fs.unlink(path, done)),
    );
  }

  makeFolder(path: string): Promise<void> {
    return call((done) => this.#fs.mkdir(path, done));
  }

  removeFolder(path: string): Promise<void> {
    return call((done) => this.#fs.rmdir(path, done));
  }

  async *readFolder(path: string): AsyncGenerator<FolderEntry> {
    const options = { bufferSize: FOLDER_READ_COUNT };
    const folder = await call<NodeFs.Dir>((done) => this.#fs.opendir(path, options, done));
    for await (const entry of folder) {
      yield {
        name: entry.name,
        kind: await this.#kindOf(entry, this.#path.join(path, entry.name)),
      };
    }
  }

  async #kindOf(entry: NodeFs.Dirent, path: string): Promise<FolderEntry["kind"]> {
    if (entry.isFile()) return "file";
    if (entry.isDirectory()) return "folder";
    if (!entry.isSymbolicLink()) return "other";
    try {
      const stats = await call<NodeFs.Stats>((done) => this.#fs.stat(path, done));
      return stats.isFile() ? "file" : stats.isDirectory() ? "folder" : "other";
    } catch (error) {
      if (codeOf(error) === "ENOENT" || codeOf(error) === "ELOOP") return "other";
      throw error;
    }
  }

  async syncFolder(path: string): Promise<void> {
    if (this.#isWindows) return; // Windows has no such call; its journal keeps names in order.
    const folder = await call<number>((done) => this.#fs.open(path, "r", done));
    try {
      await call<void>((done) => this.#fs.fsync(folder, done));
    } finally {
      await call<void>((done) => this.#fs.close(folder, done));
    }
  }
}
