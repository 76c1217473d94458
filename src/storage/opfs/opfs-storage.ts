/**
 * Objects as files in the origin private file system, in the official layout: `<folder>/<path>`,
 * special characters escaped. What the storage needs beside them lies in `<origin>/.icefloe`.
 *
 * A file there that is written is seen in part, and empty as soon as its name is made; a rename
 * over a file is one step. So every object is written as a draft and moved to its name, under the
 * object's lock. Versions and why they are safe: `object-version.ts`.
 *
 * Spec: docs/format.md "Repository layout" and "Storage contract".
 */

import { encodeUtf8 } from "../../base/bytes.ts";
import { mapConcurrent } from "../../base/concurrency.ts";
import { makeError } from "../../base/errors.ts";
import type { Abortable } from "../../base/options.ts";
import type { Runtime } from "../../base/runtime.ts";
import { checkByteRange, resolveByteRange } from "../byte-range.ts";
import { escapeSegment } from "../key-escaping.ts";
import { checkListPrefix, checkObjectPath, isWriteOncePath } from "../object-path.ts";
import {
  type ByteRange,
  type DeleteOutcome,
  type GetOptions,
  type ListEntry,
  type ObjectInfo,
  type ObjectKind,
  type ObjectVersion,
  type PutBody,
  type PutCondition,
  type PutOptions,
  type PutOutcome,
  type Storage,
  type StorageCapabilities,
  type StorageHint,
  type StoredObject,
  sameVersion,
} from "../port.ts";
import { wholeBody } from "../put-body.ts";
import { checkCondition } from "../put-condition.ts";
import { discardDraft, sweepDrafts, writeDraft } from "./drafts.ts";
import { listFolder } from "./list-folder.ts";
import type { ObjectLocks } from "./object-locks.ts";
import {
  idFileOf,
  newWriteId,
  type OpfsObject,
  opfsVersion,
  readWriteId,
} from "./object-version.ts";
import { opfsError, unknownPut } from "./opfs-errors.ts";
import { nameOf, type OriginFiles } from "./origin-files.ts";

/** What a storage stands on. */
interface OpfsParts {
  readonly files: OriginFiles;
  /** `undefined`: there are no locks, so no conditions. */
  readonly lock: ObjectLocks | undefined;
  readonly runtime: Runtime;
}

/** An object's file, and the version that it has with its write id. */
interface OpfsState {
  readonly file: File;
  readonly version: ObjectVersion;
}

/** Their names are random and used once, so they need no write id unless one is replaced. */
const WRITE_ONCE_KINDS: ReadonlySet<ObjectKind> = new Set([
  "snapshot",
  "manifest",
  "transaction-log",
  "chunk",
  "backup",
  "saved-fork",
]);
const READ_TURNS_MAX = 100; // Each turn means that another writer replaced the object.
const TOUCHES_MAX = 1000;
const TOUCH_PAUSE_MS = 1; // Clocks of file systems may turn only every few milliseconds.
const SWEEP_INTERVAL_MICROS = 600 * 1e6;
const DELETES_AT_ONCE = 32;
const CONDITION_FAILED = Object.freeze({ outcome: "condition-failed" });
/** What reading a file ends with that was replaced or removed since it was opened. */
const REPLACED: ReadonlySet<string | undefined> = new Set(["NotReadableError", "NotFoundError"]);

/** The storage over the files of an origin: see `opfsStorage`. */
export class OpfsStorage implements Storage {
  readonly id: string;
  readonly capabilities: StorageCapabilities;
  readonly #folder: string;
  readonly #parts: OpfsParts;
  readonly #files: OriginFiles;
  #sweptMicros = Number.NEGATIVE_INFINITY;

  constructor(folder: string, parts: OpfsParts) {
    this.id = `opfs:/${folder}`;
    this.#folder = folder;
    this.#parts = parts;
    this.#files = parts.files;
    this.capabilities = Object.freeze({
      conditionalCreate: parts.lock !== undefined,
      conditionalUpdate: parts.lock !== undefined,
      uniqueVersions: true,
      userMetadata: false,
      list: true,
      delete: true,
      write: true,
      lastModified: true,
    });
  }

  describe(): StorageHint {
    return { type: "opfs", path: this.#folder };
  }

  /** @throws {invalid-path} */
  #objectOf(path: string): OpfsObject {
    checkObjectPath(path);
    return { path, file: this.#below(path.split("/")) };
  }

  #below(segments: readonly string[]): string {
    const names = segments.map(escapeSegment);
    return (this.#folder === "" ? names : [this.#folder, ...names]).join("/");
  }

  /** Runs one operation: typed errors and aborts pass, failures of the platform are named. */
  async #run<T>(
    operation: string,
    path: string,
    signal: AbortSignal | undefined,
    step: () => Promise<T>,
    sizeBytes?: number,
  ): Promise<T> {
    signal?.throwIfAborted();
    try {
      return await step();
    } catch (error) {
      if (signal?.aborted && error === signal.reason) throw error;
      throw opfsError(operation, path, error, sizeBytes);
    }
  }

  /** Runs `work` as the only writer of the object; as one of several where there are no locks. */
  #alone<T>(
    object: OpfsObject,
    signal: AbortSignal | undefined,
    work: () => Promise<T>,
  ): Promise<T> {
    const { lock } = this.#parts;
    return lock === undefined ? work() : lock(object.file, signal, work);
  }

  /** The write id first, then the file: the order matters. */
  async #state(object: OpfsObject): Promise<OpfsState | undefined> {
    const id = await this.#readId(object);
    const file = await this.#files.open(object.file);
    return file === undefined ? undefined : { file, version: opfsVersion(id, file) };
  }

  /** The write id; its file, too, may be replaced while it is read. */
  #readId(object: OpfsObject): Promise<string> {
    return this.#whileReplaced(() => readWriteId(this.#files, object));
  }

  /** Repeats a reading of files that others replace meanwhile. */
  async #whileReplaced<T>(read: () => Promise<T>): Promise<T> {
    for (let turn = 1; ; turn++) {
      try {
        return await read();
      } catch (error) {
        if (turn === READ_TURNS_MAX || !REPLACED.has(nameOf(error))) throw error;
        if (turn > 1) await this.#parts.runtime.sleep(TOUCH_PAUSE_MS);
      }
    }
  }

  async get(path: string, options: GetOptions = {}): Promise<StoredObject | undefined> {
    const object = this.#objectOf(path);
    const { range, signal } = options;
    if (range !== undefined) checkByteRange(range, path);
    return this.#run("get", path, signal, () => this.#readObject(object, range));
  }

  #readObject(object: OpfsObject, range: ByteRange | undefined): Promise<StoredObject | undefined> {
    return this.#whileReplaced(async () => {
      const found = await this.#state(object);
      if (found === undefined) return undefined;
      const { start, end } = resolveByteRange(range, found.file.size, object.path);
      const bytes = new Uint8Array(await found.file.slice(start, end).arrayBuffer());
      if (bytes.length === end - start) return { bytes, version: found.version };
      throw makeError("io", `get of ${object.path} ended early`, {
        details: { path: object.path, expectedBytes: end - start, foundBytes: bytes.length },
      });
    });
  }

  async getIfChanged(
    path: string,
    version: ObjectVersion,
    options: Abortable = {},
  ): Promise<StoredObject | "unchanged" | undefined> {
    const object = this.#objectOf(path);
    return this.#run("get", path, options.signal, async () => {
      const found = await this.#state(object);
      if (found === undefined) return undefined;
      if (sameVersion(found.version, version)) return "unchanged";
      return this.#readObject(object, undefined);
    });
  }

  async head(path: string, options: Abortable = {}): Promise<ObjectInfo | undefined> {
    const object = this.#objectOf(path);
    const found = await this.#run("head", path, options.signal, () => this.#state(object));
    if (found === undefined) return undefined;
    return {
      version: found.version,
      sizeBytes: found.file.size,
      lastModified: new Date(found.file.lastModified),
      metadata: {},
    };
  }

  async put(path: string, body: PutBody, options: PutOptions): Promise<PutOutcome> {
    const object = this.#objectOf(path);
    const { condition, sizeBytes, signal } = options;
    checkCondition(condition, path);
    if (condition !== undefined) this.#checkSupported(condition, path);
    signal?.throwIfAborted();
    // A draft may have to be written twice: see `#makeYounger`.
    const bytes = await wholeBody(body, { path, sizeBytes, signal });
    const put = (): Promise<PutOutcome> => this.#put(object, bytes, options);
    const done = await this.#run("put", path, signal, put, bytes.length);
    await this.#sweep();
    return done;
  }

  /** @throws {condition-not-supported} */
  #checkSupported(condition: PutCondition, path: string): void {
    const reason =
      this.#parts.lock === undefined
        ? "this browser has no Web Locks (navigator.locks), which conditions need here"
        : "ifMatch" in condition && isWriteOncePath(path)
          ? "objects in this folder are written once, so they are not replaced on a condition"
          : undefined;
    if (reason === undefined) return;
    throw makeError("condition-not-supported", `put of ${path}: ${reason}`, { details: { path } });
  }

  #put(object: OpfsObject, body: Uint8Array, options: PutOptions): Promise<PutOutcome> {
    const { condition, objectKind, signal } = options;
    return this.#alone(object, signal, async () => {
      const found = await this.#state(object);
      if (condition !== undefined && !holds(condition, found?.version)) return CONDITION_FAILED;
      const hasId =
        !isWriteOncePath(object.path) && (found !== undefined || !WRITE_ONCE_KINDS.has(objectKind));
      const version = await this.#replace(object, body, { found, hasId, signal });
      return { outcome: "written", version };
    });
  }

  /** Writes an object whose lock is held; see `object-version.ts` for the order of its steps. */
  async #replace(
    object: OpfsObject,
    body: Uint8Array,
    options: Abortable & { readonly found: OpfsState | undefined; readonly hasId: boolean },
  ): Promise<ObjectVersion> {
    const { found, hasId, signal } = options;
    const draft = await writeDraft(this.#files, this.#parts.runtime, body);
    try {
      if (found !== undefined) await this.#makeYounger(object, draft, body, found.file);
      signal?.throwIfAborted();
      if (hasId) await this.#renewId(object);
      await this.#moveToName(object, draft);
    } catch (error) {
      await discardDraft(this.#files, draft);
      throw error;
    }
    try {
      const state = await this.#state(object);
      if (state !== undefined) return state.version;
    } catch (error) {
      throw unknownPut(object.path, "it is written, but cannot be looked at", error);
    }
    throw unknownPut(object.path, "something without the lock removed it at once");
  }

  /** Writes the draft anew until its time differs from that of the file it replaces. */
  async #makeYounger(
    object: OpfsObject,
    draft: string,
    body: Uint8Array,
    found: File,
  ): Promise<void> {
    for (let turn = 1; turn <= TOUCHES_MAX; turn++) {
      const file = await this.#files.open(draft);
      if (file?.lastModified !== found.lastModified) return;
      await this.#parts.runtime.sleep(TOUCH_PAUSE_MS);
      await this.#files.write(draft, body);
    }
    throw makeError("io", `put of ${object.path}: the clock of the file system stands still`, {
      details: { path: object.path, attempts: TOUCHES_MAX },
    });
  }

  async #renewId(object: OpfsObject): Promise<void> {
    const { runtime } = this.#parts;
    const draft = await writeDraft(this.#files, runtime, encodeUtf8(newWriteId(runtime)));
    try {
      await this.#files.move(draft, idFileOf(object));
    } catch (error) {
      await discardDraft(this.#files, draft);
      throw error;
    }
  }

  /** Moves a draft to the object's name. What is still there after a failure has not moved. */
  async #moveToName(object: OpfsObject, draft: string): Promise<void> {
    try {
      await this.#files.move(draft, object.file);
    } catch (error) {
      const left = await this.#files.open(draft).catch(() => undefined);
      if (left !== undefined) throw error;
      throw unknownPut(object.path, "the browser did not say whether it happened", error);
    }
  }

  /** After a put, and seldom: removes what pages left that were closed while they wrote. */
  async #sweep(): Promise<void> {
    const now = this.#parts.runtime.nowMicros();
    if (now - this.#sweptMicros < SWEEP_INTERVAL_MICROS) return;
    this.#sweptMicros = now;
    // The put is done: rubbish that cannot be removed now must not turn it into a failure.
    await sweepDrafts(this.#files, this.#parts.runtime).catch(() => undefined);
  }

  async copy(
    from: string,
    to: string,
    options: Parameters<Storage["copy"]>[2],
  ): ReturnType<Storage["copy"]> {
    const source = this.#objectOf(from);
    const target = this.#objectOf(to);
    const { objectKind = "other", ifMatch, signal } = options;
    if (ifMatch !== undefined) checkCondition({ ifMatch }, from);
    return this.#run("copy", from, signal, async () => {
      const found = await this.#readObject(source, undefined);
      if (ifMatch !== undefined && (found === undefined || !sameVersion(found.version, ifMatch)))
        return CONDITION_FAILED;
      if (found === undefined) {
        throw makeError("object-not-found", `copy of ${from}: no such object`, {
          details: { path: from },
        });
      }
      await this.#put(target, found.bytes, { objectKind, signal });
      return { outcome: "copied" };
    });
  }

  async *list(prefix: string, options: Abortable = {}): AsyncGenerator<ListEntry> {
    checkListPrefix(prefix);
    const { signal } = options;
    signal?.throwIfAborted();
    const folder = this.#below(prefix.split("/").slice(0, -1));
    try {
      yield* listFolder(this.#files, folder, prefix, signal);
    } catch (error) {
      if (signal?.aborted && error === signal.reason) throw error;
      throw opfsError("list", prefix, error);
    }
  }

  async delete(paths: readonly string[], options: Abortable = {}): Promise<DeleteOutcome[]> {
    const all = paths.map((path) => this.#objectOf(path));
    options.signal?.throwIfAborted();
    return mapConcurrent(all, DELETES_AT_ONCE, (object) => this.#delete(object, options.signal));
  }

  /** The file goes first: a write id without an object says nothing. */
  async #delete(object: OpfsObject, signal: AbortSignal | undefined): Promise<DeleteOutcome> {
    const { path } = object;
    try {
      signal?.throwIfAborted();
      await this.#alone(object, signal, async () => {
        await this.#files.remove(object.file);
        if (!isWriteOncePath(path)) await this.#files.remove(idFileOf(object));
      });
      return { path, outcome: "deleted" };
    } catch (error) {
      if (signal?.aborted && error === signal.reason) throw error;
      return { path, outcome: "failed", error: opfsError("delete", path, error) };
    }
  }

  async close(): Promise<void> {}
}

function holds(condition: PutCondition, found: ObjectVersion | undefined): boolean {
  if ("ifAbsent" in condition) return found === undefined;
  return found !== undefined && sameVersion(found, condition.ifMatch);
}
