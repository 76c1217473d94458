/** The bytes of the `repo` object and of its backups. Spec: v2 "Repo Info File". */
import { makeError } from "../base/errors.ts";
import type { Runtime } from "../base/runtime.ts";
import { decodeEnvelope, encodeEnvelope, objectMetadata } from "../format/envelope.ts";
import { REPO_PATH } from "../format/object-paths.ts";
import { parseRepoInfo, type RepoInfo } from "../format/repo-info.ts";
import type { ObjectVersion, Storage } from "../storage/port.ts";
import { assertReadable } from "./asset-limits.ts";

/** User metadata key that names a conditional put, as the official engine spells it. */
export const WRITE_ID_KEY = "icechunkwriteid";

/** A state of the repository and the version of the object that holds it. */
export interface VersionedRepo {
  readonly repo: RepoInfo;
  readonly version: ObjectVersion;
}

/** Decodes `repo` or a backup of it; `object` names it in errors. @throws FormatError */
export async function decodeRepo(
  bytes: Uint8Array,
  object: string,
  metadataBytesMax: number,
): Promise<RepoInfo> {
  const { payload } = await decodeEnvelope(bytes, {
    object,
    fileType: "repo-info",
    bytesMax: metadataBytesMax,
  });
  return parseRepoInfo(payload, object);
}

/** How `repo` is stored. */
export interface RepoEncoding {
  /** zstd's level. */
  readonly compressionLevel: number;
  readonly metadataBytesMax: number;
}

/**
 * The stored form of `repo`.
 * @throws {unsupported-spec-version} if it holds what we cannot keep
 * @throws {serialization} if it would be too large to be read
 */
export async function encodeRepo(
  repo: RepoInfo,
  { compressionLevel, metadataBytesMax }: RepoEncoding,
): Promise<Uint8Array> {
  const { encodeRepoInfo } = await import("../format/repo-info-write.ts");
  const payload = encodeRepoInfo(repo);
  assertReadable(REPO_PATH, payload.length, metadataBytesMax);
  return encodeEnvelope({ fileType: "repo-info", payload, compressionLevel });
}

/** A fresh name for one conditional put: a random UUID. */
export function randomWriteId(runtime: Runtime): string {
  const bytes = runtime.randomBytes(16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40; // Version 4.
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80; // RFC 9562 variant.
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** User metadata of a put of `repo`, where the storage keeps any. */
export function repoMetadata(
  storage: Storage,
  writeId: string,
): Readonly<Record<string, string>> | undefined {
  if (!storage.capabilities.userMetadata) return undefined;
  return { ...objectMetadata("repo-info"), [WRITE_ID_KEY]: writeId };
}

/**
 * Refuses a storage on which the branch tip cannot be swapped safely.
 * @throws {read-only-storage} @throws {condition-not-supported}
 */
export function assertCanUpdate(storage: Storage, operation: string): void {
  const { write, conditionalCreate, conditionalUpdate } = storage.capabilities;
  const details = { operation, storage: storage.id };
  if (!write) {
    throw makeError("read-only-storage", `${operation}: storage ${storage.id} takes no writes`, {
      details,
    });
  }
  if (conditionalCreate && conditionalUpdate) return;
  throw makeError(
    "condition-not-supported",
    `${operation}: storage ${storage.id} honours no conditional writes, so commits could be lost`,
    { details },
  );
}
