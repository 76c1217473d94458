/** Writing the `repo` object. Spec: v2 "Repo Info File". */
import type { Runtime } from "../base/runtime.ts";
import { rawFrameParts } from "../codec/zstd/raw-frame.ts";
import { objectMetadata, sealEnvelope } from "../format/envelope-write.ts";
import { REPO_PATH } from "../format/object-paths.ts";
import type { RepoInfo } from "../format/repo/read.ts";
import { encodeRepoInfo } from "../format/repo/write.ts";
import type { Storage } from "../storage/port.ts";
import { assertReadable } from "./asset-limits.ts";

/** User metadata key that names a conditional put, as the official engine spells it. */
export const WRITE_ID_KEY = "icechunkwriteid";

/**
 * The stored form of `repo`. It is not compressed: with every commit a little of it changes
 * everywhere. Why: docs/decisions/0005-repo-raw.md.
 * @throws {unsupported-spec-version} if it holds what we cannot keep
 * @throws {serialization} if it would be too large to be read
 */
export function encodeRepo(repo: RepoInfo, metadataBytesMax: number): Uint8Array {
  const payload = encodeRepoInfo(repo);
  assertReadable(REPO_PATH, payload.length, metadataBytesMax);
  return sealEnvelope("repo-info", rawFrameParts(payload));
}

/** A fresh name for one conditional put: a random UUID. */
export function randomWriteId(runtime: Runtime): string {
  const bytes = runtime.randomBytes(16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40; // Version 4.
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80; // RFC 9562 variant.
  let id = "";
  for (let i = 0; i < bytes.length; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) id += "-";
    id += ((bytes[i] as number) + 0x100).toString(16).slice(1);
  }
  return id;
}

/** User metadata of a put of `repo`, where the storage keeps any. */
export function repoMetadata(
  storage: Storage,
  writeId: string,
): Readonly<Record<string, string>> | undefined {
  if (!storage.capabilities.userMetadata) return undefined;
  return { ...objectMetadata("repo-info"), [WRITE_ID_KEY]: writeId };
}
