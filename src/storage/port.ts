/**
 * The storage port: named immutable objects plus one conditional put. Everything above uses
 * nothing else. Rules that every backend keeps (`storageConformance` checks them):
 *
 * - only a definite "not found" is absent (`undefined`); every other failure throws;
 * - a condition that the backend cannot honour is refused (`condition-not-supported`), never ignored;
 * - `get` returns bytes that the caller owns; `put` keeps no reference after it resolves, and
 *   callers leave `body` alone until then;
 * - a put whose fate is not known throws `UnknownOutcomeError`, never a guess;
 * - paths are relative, `/`-separated, without empty, `.` or `..` segments (`invalid-path`).
 */
import type { Extent } from "../base/extent.ts";
import type { Abortable } from "../base/options.ts";
import type { StorageSettings } from "../format/config/storage.ts";

/** What kind of object is written: durability and storage class follow it. */
export type ObjectKind =
  | "repo"
  | "snapshot"
  | "manifest"
  | "transaction-log"
  | "chunk"
  | "backup"
  | "config"
  | "ref"
  | "saved-fork"
  | "other";

/** Identifies one stored state of an object. Opaque; compare with `sameVersion`. */
export interface ObjectVersion {
  readonly etag?: string;
  readonly generation?: string;
}

/** What a backend can do. */
export interface StorageCapabilities {
  /** `put` with `ifAbsent` is atomic, or the user has said that it need not be. */
  readonly conditionalCreate: boolean;
  /** `put` with `ifMatch` is atomic, or the user has said that it need not be. */
  readonly conditionalUpdate: boolean;
  /** Every write makes a new version, also of equal bytes. S3 names a version by its bytes. */
  readonly uniqueVersions: boolean;
  readonly userMetadata: boolean;
  readonly list: boolean;
  readonly delete: boolean;
  readonly write: boolean;
  /** `head` and `list` report `lastModified`. */
  readonly lastModified: boolean;
}

/** Enough to rebuild a storage elsewhere with that place's own credentials; JSON, no secrets. */
export interface StorageHint {
  readonly type: string;
  readonly [key: string]: unknown;
}

/** A part of an object: bytes [start, end), or its last `suffix` bytes. */
export type ByteRange = Extent | { readonly suffix: number };

/** Options of `Storage.get`. */
export interface GetOptions {
  readonly range?: ByteRange | undefined;
  /**
   * The size of the whole object, if the caller knows. A server that ignores the range and sends
   * something of another size has sent something else (`invalid-object-size`); backends that keep
   * ranges need not look at it.
   */
  readonly objectBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Bytes of an object, owned by the caller, and the version they belong to. */
export interface StoredObject {
  readonly bytes: Uint8Array;
  readonly version: ObjectVersion;
  /** All of it, if a part was asked for and all came. Readers that want more need not ask again. */
  readonly whole?: Uint8Array | undefined;
}

/** When a put may happen. */
export type PutCondition = { readonly ifAbsent: true } | { readonly ifMatch: ObjectVersion };

/**
 * What a put writes: bytes, or parts of them one after another, so that a large object need not be
 * held whole. A source that fails fails the put, which then writes nothing.
 */
export type PutBody = Uint8Array | AsyncIterable<Uint8Array>;

/** Options of `Storage.put`. */
export interface PutOptions {
  readonly objectKind: ObjectKind;
  /** Bytes of the body, where they are known before: another number is refused (`invalid-object-size`). */
  readonly sizeBytes?: number | undefined;
  readonly condition?: PutCondition | undefined;
  /** User metadata; ignored where `capabilities.userMetadata` is false. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly contentType?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What became of a put. A lost race is an outcome, not an error. */
export type PutOutcome =
  | { readonly outcome: "written"; readonly version: ObjectVersion }
  | { readonly outcome: "condition-failed" };

/** Facts about an object. */
export interface ObjectInfo {
  readonly version: ObjectVersion;
  readonly sizeBytes: number;
  readonly lastModified?: Date | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

/** One entry of a listing; `path` is relative to the storage's root, as in `get`. */
export interface ListEntry {
  readonly path: string;
  readonly sizeBytes: number;
  readonly lastModified: Date;
  readonly version?: ObjectVersion | undefined;
}

/** What became of one path of a delete; deleting what is absent is `deleted`. */
export type DeleteOutcome =
  | { readonly path: string; readonly outcome: "deleted" }
  | { readonly path: string; readonly outcome: "failed"; readonly error: unknown };

/** The port. */
export interface Storage {
  /** A hint for caches and messages; no secrets. */
  readonly id: string;
  readonly capabilities: StorageCapabilities;
  /** Names of the settings that `withSettings` heeds. Left out: none. */
  readonly settingsHonoured?: readonly (keyof StorageSettings)[] | undefined;
  /**
   * The same objects, asked for as the configuration of a repository says, instead of any settings
   * before. Connections are shared. Left out: the settings have no effect, and are refused.
   */
  withSettings?(settings: StorageSettings): Storage;
  /** How to rebuild this storage elsewhere; `undefined` if it can't be shared. */
  describe(): StorageHint | undefined;
  /**
   * The object, or `undefined` if it is definitely absent. A range must lie inside the object
   * (`invalid-byte-range` otherwise, nothing is clamped), except that a suffix longer than the
   * object yields all of it.
   */
  get(path: string, options?: GetOptions): Promise<StoredObject | undefined>;
  /** The object if its version is another than `version`. One request. */
  getIfChanged(
    path: string,
    version: ObjectVersion,
    options?: Abortable,
  ): Promise<StoredObject | "unchanged" | undefined>;
  /** Writes an object whole: readers see the old or the new bytes, never a part. */
  put(path: string, body: PutBody, options: PutOptions): Promise<PutOutcome>;
  head(path: string, options?: Abortable): Promise<ObjectInfo | undefined>;
  /** Copies an object, if it still has the version `ifMatch` when one is given. */
  copy(
    from: string,
    to: string,
    options: {
      readonly objectKind?: ObjectKind | undefined;
      readonly ifMatch?: ObjectVersion | undefined;
      readonly signal?: AbortSignal | undefined;
    },
  ): Promise<{ readonly outcome: "copied" } | { readonly outcome: "condition-failed" }>;
  /** All objects whose path starts with `prefix` (`""`: all; else a folder ending in `/`), in any order. */
  list(prefix: string, options?: Abortable): AsyncIterable<ListEntry>;
  delete(paths: readonly string[], options?: Abortable): Promise<DeleteOutcome[]>;
  /** Releases what the storage holds open. Idempotent. */
  close(): Promise<void>;
}

/** Whether two versions name the same stored state. */
export function sameVersion(a: ObjectVersion, b: ObjectVersion): boolean {
  return a.etag === b.etag && a.generation === b.generation;
}
