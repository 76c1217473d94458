/**
 * Objects as files in a folder, in the official layout: `<root>/<path>`, special characters
 * escaped. `<root>/.icefloe` holds drafts and tokens, and no operation shows it.
 *
 * Which of two ways an object is written follows its kind: names used once are written by
 * `write-once.ts`, all others through the tokens of `compare-and-swap.ts`. Symbolic links are
 * followed: whoever can plant one in the folder can write there anyway.
 *
 * Spec: docs/format.md "Repository layout" and "Storage contract".
 */
import { mapConcurrent } from "../../base/concurrency.ts";
import { makeError } from "../../base/errors.ts";
import type { Abortable } from "../../base/options.ts";
import { checkByteRange, resolveByteRange } from "../byte-range.ts";
import { escapeSegment } from "../key-escaping.ts";
import { checkListPrefix, isWriteOncePath } from "../object-path.ts";
import type {
  ByteRange,
  DeleteOutcome,
  GetOptions,
  ListEntry,
  ObjectInfo,
  ObjectKind,
  ObjectVersion,
  PutBody,
  PutOptions,
  PutOutcome,
  Storage,
  StorageCapabilities,
  StorageHint,
  StoredObject,
} from "../port.ts";
import { bodyPieces, isWholeBody, wholeBody } from "../put-body.ts";
import { checkCondition } from "../put-condition.ts";
import {
  type ObjectFiles,
  readDecided,
  type SwapParts,
  settle,
  swap,
  sweepPrepared,
} from "./compare-and-swap.ts";
import { createOnly } from "./create-only.ts";
import { type FileBody, type FileFacts, unlessAbsent } from "./file-system.ts";
import { etagOf, versionOf } from "./file-version.ts";
import { ioError } from "./io-errors.ts";
import { ObjectNames } from "./object-files.ts";
import { dateOf, walkObjects } from "./walk.ts";
import { linkWhole, writeDirectly, writeWhole } from "./write-once.ts";

/**
 * What survives a power loss once it is acknowledged. `full`: everything a commit rests on.
 * `metadata`: all but the payloads of chunks. `none`: what the system happened to write.
 */
export type Durability = "none" | "metadata" | "full";

const CAPABILITIES: StorageCapabilities = Object.freeze({
  conditionalCreate: true,
  conditionalUpdate: true,
  uniqueVersions: true,
  userMetadata: false,
  list: true,
  delete: true,
  write: true,
  lastModified: true,
});

const WRITE_ONCE_KINDS: ReadonlySet<ObjectKind> = new Set([
  "snapshot",
  "manifest",
  "transaction-log",
  "chunk",
  "backup",
  "saved-fork",
]);

/** Bytes of a body in parts that are written at once. */
const PIECE_BYTES = 4 * 1024 * 1024;

/** Those under random names, which no reader can know before the put resolves. */
const UNKNOWN_BEFORE: ReadonlySet<ObjectKind> = new Set([
  "snapshot",
  "manifest",
  "transaction-log",
  "chunk",
]);
const REPLACE_TURNS_MAX = 1000; // Each failed turn means that another writer replaced the object.
const SWEEP_INTERVAL_MICROS = 600 * 1e6; // What kills leave may wait: a look every ten minutes.
const DELETES_AT_ONCE = 32;

/** The storage over a file system: see `localFilesystemStorage`. */
export class LocalStorage implements Storage {
  readonly id: string;
  readonly capabilities: StorageCapabilities = CAPABILITIES;
  readonly #root: string;
  readonly #durability: Durability;
  readonly #parts: SwapParts;
  readonly #names: ObjectNames;
  #sweptMicros = Number.NEGATIVE_INFINITY;

  constructor(root: string, durability: Durability, parts: SwapParts) {
    this.id = `local:${root}`;
    this.#root = root;
    this.#durability = durability;
    this.#parts = parts;
    this.#names = new ObjectNames(root, parts);
  }

  describe(): StorageHint {
    return { type: "local", path: this.#root, durability: this.#durability };
  }

  #syncs(kind: ObjectKind): boolean {
    if (this.#durability === "metadata") return kind !== "chunk";
    return this.#durability === "full";
  }

  /** Runs one operation: typed errors and aborts pass, failures of the file system become `io`. */
  async #run<T>(
    operation: string,
    path: string,
    signal: AbortSignal | undefined,
    step: () => Promise<T>,
  ): Promise<T> {
    signal?.throwIfAborted();
    try {
      return await step();
    } catch (error) {
      if (signal?.aborted && error === signal.reason) throw error;
      throw ioError(operation, path, error);
    }
  }

  /** What `read` finds; objects that are swapped are looked at through their token. */
  #read<T>(
    files: ObjectFiles,
    read: (file: string) => Promise<T>,
    factsOf: (result: T) => FileFacts,
  ): Promise<T | undefined> {
    if (isWriteOncePath(files.path)) return unlessAbsent(read(files.file));
    return readDecided(files, read, factsOf);
  }

  #facts(files: ObjectFiles): Promise<FileFacts | undefined> {
    const { fileSystem } = this.#parts;
    return this.#read(
      files,
      (file) => fileSystem.facts(file),
      (facts) => facts,
    );
  }

  async get(path: string, options: GetOptions = {}): Promise<StoredObject | undefined> {
    const files = this.#names.filesOf(path);
    const { range, signal } = options;
    if (range !== undefined) checkByteRange(range, path);
    return this.#run("get", path, signal, () => this.#readObject(files, range));
  }

  async #readObject(
    files: ObjectFiles,
    range: ByteRange | undefined,
  ): Promise<StoredObject | undefined> {
    let expectedBytes = 0;
    const found = await this.#read(
      files,
      (file) =>
        this.#parts.fileSystem.read(file, (sizeBytes) => {
          const span = resolveByteRange(range, sizeBytes, files.path);
          expectedBytes = span.end - span.start;
          return span;
        }),
      (result) => result.facts,
    );
    if (found === undefined) return undefined;
    if (found.bytes.length !== expectedBytes) {
      throw makeError("io", `get of ${files.path} ended early: it shrank while it was read`, {
        details: { path: files.path, expectedBytes, foundBytes: found.bytes.length },
      });
    }
    return { bytes: found.bytes, version: versionOf(found.facts) };
  }

  async getIfChanged(
    path: string,
    version: ObjectVersion,
    options: Abortable = {},
  ): Promise<StoredObject | "unchanged" | undefined> {
    const files = this.#names.filesOf(path);
    return this.#run("get", path, options.signal, async () => {
      const facts = await this.#facts(files);
      if (facts === undefined) return undefined;
      if (etagOf(facts) === version.etag) return "unchanged";
      return this.#readObject(files, undefined);
    });
  }

  async head(path: string, options: Abortable = {}): Promise<ObjectInfo | undefined> {
    const files = this.#names.filesOf(path);
    const facts = await this.#run("head", path, options.signal, () => this.#facts(files));
    if (facts === undefined) return undefined;
    return {
      version: versionOf(facts),
      sizeBytes: facts.sizeBytes,
      lastModified: dateOf(facts.modifiedNs),
      metadata: {},
    };
  }

  async put(path: string, body: PutBody, options: PutOptions): Promise<PutOutcome> {
    const files = this.#names.filesOf(path);
    const { condition, objectKind, sizeBytes, signal } = options;
    checkCondition(condition, path);
    signal?.throwIfAborted();
    const facts = { path, sizeBytes, signal };
    if (!isWholeBody(body) && condition === undefined && WRITE_ONCE_KINDS.has(objectKind)) {
      const pieces = bodyPieces(body, PIECE_BYTES, facts);
      return this.#run("put", path, signal, () => this.#putOnce(files, pieces, objectKind));
    }
    // Other objects may have to be written several times until they are there.
    const bytes =
      sizeBytes === undefined && isWholeBody(body) ? body : await wholeBody(body, facts);
    return this.#run("put", path, signal, () => this.#put(files, bytes, options));
  }

  async #putOnce(files: ObjectFiles, body: FileBody, objectKind: ObjectKind): Promise<PutOutcome> {
    const write = UNKNOWN_BEFORE.has(objectKind) ? writeDirectly : writeWhole;
    const facts = await write(files, body, this.#syncs(objectKind));
    return { outcome: "written", version: versionOf(facts) };
  }

  async #put(files: ObjectFiles, body: Uint8Array, options: PutOptions): Promise<PutOutcome> {
    const { condition, objectKind, signal } = options;
    const sync = this.#syncs(objectKind);
    if (condition !== undefined && "ifAbsent" in condition)
      return createOnly(files, body, { sync, signal });
    if (condition !== undefined) {
      const expected = condition.ifMatch.etag ?? "";
      return this.#swept(files, await swap(files, expected, body, { sync, signal }));
    }
    if (WRITE_ONCE_KINDS.has(objectKind)) return this.#putOnce(files, body, objectKind);
    return this.#replace(files, body, { sync, signal });
  }

  /** Replaces whatever is there, as one more writer among those that swap. */
  async #replace(
    files: ObjectFiles,
    body: Uint8Array,
    options: Abortable & { readonly sync: boolean },
  ): Promise<PutOutcome> {
    for (let turn = 1; turn <= REPLACE_TURNS_MAX; turn++) {
      const facts = await this.#facts(files);
      const done =
        facts === undefined
          ? await createOnly(files, body, options)
          : await swap(files, etagOf(facts), body, options);
      if (done.outcome === "written") return done;
    }
    throw makeError("io", `put of ${files.path}: ${REPLACE_TURNS_MAX} others were faster`, {
      details: { path: files.path, attempts: REPLACE_TURNS_MAX },
    });
  }

  /** After a swap, and seldom: removes what killed processes left. */
  async #swept(files: ObjectFiles, outcome: PutOutcome): Promise<PutOutcome> {
    const now = this.#parts.runtime.nowMicros();
    if (outcome.outcome !== "written" || now - this.#sweptMicros < SWEEP_INTERVAL_MICROS)
      return outcome;
    this.#sweptMicros = now;
    // The put is done: rubbish that cannot be removed now must not turn it into a failure.
    await Promise.allSettled([sweepPrepared(files), this.#parts.drafts.sweep()]);
    return outcome;
  }

  async copy(
    from: string,
    to: string,
    options: Parameters<Storage["copy"]>[2],
  ): ReturnType<Storage["copy"]> {
    const source = this.#names.filesOf(from);
    const target = this.#names.filesOf(to);
    const { objectKind = "other", ifMatch, signal } = options;
    if (ifMatch !== undefined) checkCondition({ ifMatch }, from);
    return this.#run("copy", from, signal, async () => {
      const sync = this.#syncs(objectKind);
      const matches = (facts: FileFacts): boolean =>
        ifMatch === undefined || etagOf(facts) === ifMatch.etag;
      // With a condition the link itself is checked; without, what is decided must be published.
      if (ifMatch === undefined) await this.#facts(source);
      let done: Awaited<ReturnType<typeof linkWhole>> = "unsupported";
      if (WRITE_ONCE_KINDS.has(objectKind)) done = await linkWhole(source, target, sync, matches);
      if (done === "unsupported") done = await this.#copyBytes(source, target, objectKind, ifMatch);
      if (done === "linked") return { outcome: "copied" };
      if (ifMatch !== undefined) return { outcome: "condition-failed" };
      throw makeError("object-not-found", `copy of ${from}: no such object`, {
        details: { path: from },
      });
    });
  }

  async #copyBytes(
    source: ObjectFiles,
    target: ObjectFiles,
    objectKind: ObjectKind,
    ifMatch: ObjectVersion | undefined,
  ): Promise<"linked" | "absent" | "refused"> {
    const found = await this.#readObject(source, undefined);
    if (found === undefined) return "absent";
    if (ifMatch !== undefined && found.version.etag !== ifMatch.etag) return "refused";
    await this.#put(target, found.bytes, { objectKind });
    return "linked";
  }

  async *list(prefix: string, options: Abortable = {}): AsyncGenerator<ListEntry> {
    checkListPrefix(prefix);
    options.signal?.throwIfAborted();
    const { fileSystem } = this.#parts;
    const segments = prefix.split("/").slice(0, -1).map(escapeSegment);
    const folder = fileSystem.join(this.#root, ...segments);
    try {
      yield* walkObjects(fileSystem, folder, prefix, options.signal);
    } catch (error) {
      if (options.signal?.aborted && error === options.signal.reason) throw error;
      throw ioError("list", prefix, error);
    }
  }

  async delete(paths: readonly string[], options: Abortable = {}): Promise<DeleteOutcome[]> {
    const all = paths.map((path) => this.#names.filesOf(path));
    options.signal?.throwIfAborted();
    return mapConcurrent(all, DELETES_AT_ONCE, (files) => this.#delete(files, options.signal));
  }

  /** Deleting is not conditional: a swap under way may put the object back, as if it came after. */
  async #delete(files: ObjectFiles, signal: AbortSignal | undefined): Promise<DeleteOutcome> {
    const { path } = files;
    try {
      signal?.throwIfAborted();
      if (!isWriteOncePath(path)) await settle(files);
      await unlessAbsent(this.#parts.fileSystem.unlink(files.file));
      return { path, outcome: "deleted" };
    } catch (error) {
      if (signal?.aborted && error === signal.reason) throw error;
      return { path, outcome: "failed", error: ioError("delete", path, error) };
    }
  }

  async close(): Promise<void> {}
}
