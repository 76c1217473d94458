/**
 * Writes the `repo` object: sorts everything, turns ids into positions, and refuses what would be
 * lost or what the official engine could not read. Spec: v2 "Repo Info File".
 */
import { Builder } from "flatbuffers";
import { makeError } from "../base/errors.ts";
import {
  addBytesStruct,
  addUint64,
  createBytesStructs,
  createOffsets,
  createOptionalBytes,
  type Offset,
} from "../codec/flatbuffer-write.ts";
import { OBJECT_ID_BYTES, objectIdToBytes } from "./ids.ts";
import { createMetadataItems } from "./metadata-write.ts";
import {
  NO_PARENT,
  REPO_SLOTS,
  REPO_SNAPSHOT_SLOTS,
  type RepoInfo,
  type RepoSnapshot,
  SPEC_VERSION,
} from "./repo-info.ts";
import { createNames, createRefs, mustIndex } from "./repo-refs-write.ts";
import { createStatus, createUpdate } from "./repo-update-write.ts";

const FILE_IDENTIFIER = "Ichk";

/**
 * The payload of `repo`: everything sorted and indexed anew.
 * @throws {unsupported-spec-version} if the file read had fields or updates of a newer version
 * @throws {serialization} if a ref or parent points nowhere, `main` or every update is missing
 */
export function encodeRepoInfo(repo: RepoInfo): Uint8Array {
  checkWritable(repo);
  const ids = [...repo.snapshots.keys()].sort();
  const indexOf = new Map(ids.map((id, index) => [id, index]));
  const builder = new Builder(4096 + 256 * (ids.length + repo.latestUpdates.length));
  const snapshots = ids.map((id) =>
    createSnapshot(builder, repo.snapshots.get(id) as RepoSnapshot, indexOf),
  );
  const snapshotVector = createOffsets(builder, snapshots);
  const branches = createRefs(builder, repo.branches, indexOf);
  const tags = createRefs(builder, repo.tags, indexOf);
  const deletedTags = createNames(builder, repo.deletedTags);
  const updates = repo.latestUpdates.map((update) => createUpdate(builder, update));
  const updateVector = createOffsets(builder, updates);
  const status = createStatus(builder, repo.status);
  const metadata = createMetadataItems(builder, repo.metadata);
  const before = repo.repoBeforeUpdates;
  const beforeUpdates = before === undefined ? 0 : builder.createString(before);
  const config = createOptionalBytes(builder, repo.config);
  const enabledFlags = createFlags(builder, repo.enabledFeatureFlags);
  const disabledFlags = createFlags(builder, repo.disabledFeatureFlags);
  const extra = createOptionalBytes(builder, repo.extra);
  builder.startObject(13);
  builder.addFieldInt8(REPO_SLOTS.specVersion, SPEC_VERSION, 0);
  builder.addFieldOffset(REPO_SLOTS.tags, tags, 0);
  builder.addFieldOffset(REPO_SLOTS.branches, branches, 0);
  builder.addFieldOffset(REPO_SLOTS.deletedTags, deletedTags, 0);
  builder.addFieldOffset(REPO_SLOTS.snapshots, snapshotVector, 0);
  builder.addFieldOffset(REPO_SLOTS.status, status, 0);
  builder.addFieldOffset(REPO_SLOTS.metadata, metadata, 0);
  builder.addFieldOffset(REPO_SLOTS.latestUpdates, updateVector, 0);
  builder.addFieldOffset(REPO_SLOTS.repoBeforeUpdates, beforeUpdates, 0);
  builder.addFieldOffset(REPO_SLOTS.config, config, 0);
  builder.addFieldOffset(REPO_SLOTS.enabledFeatureFlags, enabledFlags, 0);
  builder.addFieldOffset(REPO_SLOTS.disabledFeatureFlags, disabledFlags, 0);
  builder.addFieldOffset(REPO_SLOTS.extra, extra, 0);
  builder.finish(builder.endObject(), FILE_IDENTIFIER);
  return builder.asUint8Array();
}

// What the official engine cannot read, or would panic on, is never written.
function checkWritable(repo: RepoInfo): void {
  if (repo.unknownFields !== undefined) {
    throw makeError(
      "unsupported-spec-version",
      `repo: holds fields of a newer format version that rewriting would lose: ${repo.unknownFields.join(", ")}`,
      { details: { unknownFields: repo.unknownFields } },
    );
  }
  if (!repo.branches.has("main")) throw makeError("serialization", "repo: no branch main");
  const first = repo.latestUpdates[0];
  if (first === undefined) throw makeError("serialization", "repo: no updates");
  if (first.backupPath !== undefined) {
    throw makeError("serialization", "repo: the newest update has a backup");
  }
}

function createSnapshot(
  builder: Builder,
  snapshot: RepoSnapshot,
  indexOf: ReadonlyMap<string, number>,
): Offset {
  const { id, parentId, prunedAncestorTransactionLogs: pruned = [] } = snapshot;
  const parent =
    parentId === undefined ? NO_PARENT : mustIndex(indexOf, parentId, `snapshot ${id}`);
  const message = builder.createString(snapshot.message);
  const metadata = createMetadataItems(builder, snapshot.metadata);
  const prunedVector =
    pruned.length === 0
      ? 0
      : createBytesStructs(builder, OBJECT_ID_BYTES, pruned.map(objectIdToBytes));
  builder.startObject(6);
  addBytesStruct(builder, REPO_SNAPSHOT_SLOTS.id, objectIdToBytes(id));
  builder.addFieldInt32(REPO_SNAPSHOT_SLOTS.parentOffset, parent, 0);
  addUint64(builder, REPO_SNAPSHOT_SLOTS.flushedAt, snapshot.flushedAtMicros);
  builder.addFieldOffset(REPO_SNAPSHOT_SLOTS.message, message, 0);
  builder.addFieldOffset(REPO_SNAPSHOT_SLOTS.metadata, metadata, 0);
  builder.addFieldOffset(REPO_SNAPSHOT_SLOTS.prunedAncestors, prunedVector, 0);
  return builder.endObject();
}

function createFlags(builder: Builder, flags: readonly number[] | undefined): Offset {
  if (flags === undefined) return 0;
  const sorted = [...flags].sort((a, b) => a - b);
  builder.startVector(2, sorted.length, 2);
  for (const flag of sorted.reverse()) builder.addInt16(flag);
  return builder.endVector();
}
