/** Writes entries of the ops log and the status. Spec: v2 "Repo Info File" › Update, RepoStatus. */
import type { Builder } from "flatbuffers";
import { makeError } from "../base/errors.ts";
import {
  addBytesStruct,
  addUint64,
  createSharedText,
  type Offset,
} from "../codec/flatbuffer-write.ts";
import { objectIdToBytes } from "./ids.ts";
import type { RepoStatus, RepoUpdate, UpdateKind } from "./repo-info.ts";
import { AVAILABILITIES, STATUS_SLOTS, UPDATE_SLOTS, UPDATE_TAGS } from "./repo-update.ts";

/** The table of `status`. */
export function createStatus(builder: Builder, status: RepoStatus): Offset {
  const { limitedAvailabilityReason: text } = status;
  const reason = text === undefined ? 0 : builder.createString(text);
  const code = status.availabilityCode ?? AVAILABILITIES.indexOf(status.availability);
  builder.startObject(3);
  builder.addFieldInt8(STATUS_SLOTS.availability, code, 0);
  addUint64(builder, STATUS_SLOTS.setAt, status.setAtMicros);
  builder.addFieldOffset(STATUS_SLOTS.reason, reason, 0);
  return builder.endObject();
}

/** The table of one ops log entry. @throws {unsupported-spec-version} for an unknown kind */
export function createUpdate(builder: Builder, update: RepoUpdate): Offset {
  const value = createUpdateKind(builder, update.update);
  const backupPath = update.backupPath === undefined ? 0 : builder.createString(update.backupPath);
  builder.startObject(4);
  const tag = UPDATE_TAGS.indexOf(update.update.kind as (typeof UPDATE_TAGS)[number]);
  builder.addFieldInt8(UPDATE_SLOTS.type, tag, 0);
  builder.addFieldOffset(UPDATE_SLOTS.value, value, 0);
  addUint64(builder, UPDATE_SLOTS.updatedAt, update.updatedAtMicros);
  builder.addFieldOffset(UPDATE_SLOTS.backupPath, backupPath, 0);
  return builder.endObject();
}

function createUpdateKind(builder: Builder, update: UpdateKind): Offset {
  switch (update.kind) {
    case "tag-created":
    case "branch-created":
      return createNamed(builder, update.name, []);
    case "tag-deleted":
    case "branch-deleted":
    case "branch-reset":
      return createNamed(builder, update.name, [update.previousSnapshotId]);
    case "new-commit":
      return createNamed(builder, update.branch, [update.newSnapshotId]);
    case "commit-amended":
      return createNamed(builder, update.branch, [update.previousSnapshotId, update.newSnapshotId]);
    case "new-detached-snapshot":
      builder.startObject(1);
      addBytesStruct(builder, 0, objectIdToBytes(update.newSnapshotId));
      return builder.endObject();
    case "repo-migrated":
      builder.startObject(2);
      builder.addFieldInt8(0, update.fromVersion, 0);
      builder.addFieldInt8(1, update.toVersion, 0);
      return builder.endObject();
    case "feature-flag-changed":
      builder.startObject(3);
      builder.addFieldInt16(0, update.flagId, 0);
      builder.addFieldInt8(1, update.newValue === true ? 1 : 0, 0);
      builder.addFieldInt8(2, update.newValue === undefined ? 0 : 1, 0);
      return builder.endObject();
    case "repo-status-changed": {
      const status = createStatus(builder, update.status);
      builder.startObject(1);
      builder.addFieldOffset(0, status, 0);
      return builder.endObject();
    }
    case "unknown":
      throw makeError(
        "unsupported-spec-version",
        `repo: holds an update of the unknown type ${update.tag}, which rewriting would lose`,
        { details: { tag: update.tag } },
      );
    default:
      builder.startObject(0);
      return builder.endObject();
  }
}

/** A table of a name and ids, in this order. */
function createNamed(builder: Builder, name: string, ids: readonly string[]): Offset {
  const text = createSharedText(builder, name);
  builder.startObject(1 + ids.length);
  builder.addFieldOffset(0, text, 0);
  for (const [i, id] of ids.entries()) addBytesStruct(builder, 1 + i, objectIdToBytes(id));
  return builder.endObject();
}
