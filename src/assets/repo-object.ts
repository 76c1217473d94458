/** Reading the `repo` object and its backups, and who may change it. Spec: v2 "Repo Info File". */
import { makeError } from "../base/errors.ts";
import { decodeEnvelope } from "../format/envelope.ts";
import { parseRepoInfo, type RepoInfo } from "../format/repo/read.ts";
import type { ObjectVersion, Storage } from "../storage/port.ts";

/** A state of the repository and the version of the object that holds it. */
export interface VersionedRepo {
  readonly repo: RepoInfo;
  readonly version: ObjectVersion;
}

/**
 * Decodes `repo` or a backup of it; `object` names it in errors.
 * @throws {invalid-file-format} @throws {unsupported-spec-version} @throws {deserialization}
 */
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
    `${operation}: storage ${storage.id} honours no conditional writes (unsafeUseConditionalUpdate)`,
    { details },
  );
}

/** @throws {read-only-repository} while the repository's status is read-only; offline is online */
export function assertStatusAllowsUpdates(repo: RepoInfo, operation: string): void {
  const { availability, limitedAvailabilityReason: reason } = repo.status;
  if (availability !== "read-only") return;
  const because = reason === undefined ? "" : `: ${reason}`;
  throw makeError(
    "read-only-repository",
    `${operation}: the repository's status is read-only${because}`,
    { details: { operation, ...(reason === undefined ? {} : { reason }) } },
  );
}
