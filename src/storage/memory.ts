/**
 * Objects in this process's memory: for tests, scratch work and the browser.
 *
 * Conditional puts are atomic because no operation gives up control between its check and its
 * change. The object is shared by reference: give the same storage to two repositories and they
 * see each other. It cannot be shared with another process or worker (`describe()` is undefined).
 */
import { hexOf } from "../base/bytes.ts";
import { makeError } from "../base/errors.ts";
import { type Abortable, anything, checkOptions } from "../base/options.ts";
import { type Runtime, systemRuntime } from "../base/runtime.ts";
import { checkByteRange, resolveByteRange } from "./byte-range.ts";
import { checkListPrefix, checkObjectPath } from "./object-path.ts";
import {
  type DeleteOutcome,
  type ListEntry,
  type ObjectInfo,
  type ObjectVersion,
  type PutBody,
  type Storage,
  type StorageCapabilities,
  type StoredObject,
  sameVersion,
} from "./port.ts";
import { isWholeBody, wholeBody } from "./put-body.ts";
import { checkCondition } from "./put-condition.ts";

interface Entry {
  readonly bytes: Uint8Array;
  readonly version: ObjectVersion;
  readonly modifiedMicros: number;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Options of `memoryStorage`. */
export interface MemoryStorageOptions {
  /** Where `lastModified` comes from. Default: the system's clock. */
  readonly runtime?: Runtime | undefined;
}

const CAPABILITIES: StorageCapabilities = Object.freeze({
  conditionalCreate: true,
  conditionalUpdate: true,
  uniqueVersions: true,
  userMetadata: true,
  list: true,
  delete: true,
  write: true,
  lastModified: true,
});

/** A new, empty storage in memory. */
export function memoryStorage(options?: MemoryStorageOptions): Storage {
  checkOptions("memoryStorage", options, { runtime: anything });
  const runtime = options?.runtime ?? systemRuntime();
  return new MemoryStorage(`memory:${hexOf(runtime.randomBytes(8))}`, runtime);
}

class MemoryStorage implements Storage {
  readonly id: string;
  readonly capabilities: StorageCapabilities = CAPABILITIES;
  readonly #runtime: Runtime;
  readonly #entries = new Map<string, Entry>();
  #writes = 0; // Equal bytes never have equal versions: each write takes the next number.

  constructor(id: string, runtime: Runtime) {
    this.id = id;
    this.#runtime = runtime;
  }

  describe(): undefined {
    return undefined;
  }

  async get(path: string, options: Parameters<Storage["get"]>[1] = {}): ReturnType<Storage["get"]> {
    checkObjectPath(path);
    options.signal?.throwIfAborted();
    if (options.range) checkByteRange(options.range, path);
    const entry = this.#entries.get(path);
    if (entry === undefined) return undefined;
    const { start, end } = resolveByteRange(options.range, entry.bytes.length, path);
    return { bytes: entry.bytes.slice(start, end), version: entry.version };
  }

  async getIfChanged(
    path: string,
    version: ObjectVersion,
    options: Abortable = {},
  ): Promise<StoredObject | "unchanged" | undefined> {
    checkObjectPath(path);
    options.signal?.throwIfAborted();
    const held = this.#entries.get(path);
    if (held !== undefined && sameVersion(held.version, version)) return "unchanged";
    return this.get(path, options);
  }

  async put(
    path: string,
    body: PutBody,
    options: Parameters<Storage["put"]>[2],
  ): ReturnType<Storage["put"]> {
    checkObjectPath(path);
    checkCondition(options.condition, path);
    options.signal?.throwIfAborted();
    const { sizeBytes, signal } = options;
    const bytes =
      isWholeBody(body) && sizeBytes === undefined
        ? body
        : await wholeBody(body, { path, sizeBytes, signal });
    const found = this.#entries.get(path);
    if (options.condition !== undefined) {
      const holds =
        "ifAbsent" in options.condition
          ? found === undefined
          : found !== undefined && sameVersion(found.version, options.condition.ifMatch);
      if (!holds) return { outcome: "condition-failed" };
    }
    return { outcome: "written", version: this.#store(path, bytes.slice(), options.metadata) };
  }

  #store(
    path: string,
    bytes: Uint8Array,
    metadata: Readonly<Record<string, string>> = {},
  ): ObjectVersion {
    const version = Object.freeze({ etag: `m${++this.#writes}` });
    const modifiedMicros = this.#runtime.nowMicros();
    this.#entries.set(path, { bytes, version, modifiedMicros, metadata: { ...metadata } });
    return version;
  }

  async head(path: string, options: Abortable = {}): Promise<ObjectInfo | undefined> {
    checkObjectPath(path);
    options.signal?.throwIfAborted();
    const entry = this.#entries.get(path);
    if (entry === undefined) return undefined;
    return { ...this.#info(entry), metadata: { ...entry.metadata } };
  }

  #info(entry: Entry): { version: ObjectVersion; sizeBytes: number; lastModified: Date } {
    return {
      version: entry.version,
      sizeBytes: entry.bytes.length,
      lastModified: new Date(entry.modifiedMicros / 1000),
    };
  }

  async copy(
    from: string,
    to: string,
    options: Parameters<Storage["copy"]>[2],
  ): ReturnType<Storage["copy"]> {
    checkObjectPath(from);
    checkObjectPath(to);
    options.signal?.throwIfAborted();
    const entry = this.#entries.get(from);
    if (options.ifMatch !== undefined) {
      if (entry === undefined || !sameVersion(entry.version, options.ifMatch))
        return { outcome: "condition-failed" };
    }
    if (entry === undefined) {
      throw makeError("object-not-found", `copy of ${from}: no such object`, {
        details: { path: from },
      });
    }
    this.#store(to, entry.bytes, entry.metadata); // Entries are never changed in place.
    return { outcome: "copied" };
  }

  async *list(prefix: string, options: Abortable = {}): AsyncGenerator<ListEntry> {
    checkListPrefix(prefix);
    for (const [path, entry] of [...this.#entries]) {
      options.signal?.throwIfAborted();
      if (path.startsWith(prefix)) yield { path, ...this.#info(entry) };
    }
  }

  async delete(paths: readonly string[], options: Abortable = {}): Promise<DeleteOutcome[]> {
    options.signal?.throwIfAborted();
    for (const path of paths) checkObjectPath(path);
    return paths.map((path) => {
      this.#entries.delete(path);
      return { path, outcome: "deleted" };
    });
  }

  async close(): Promise<void> {}
}
