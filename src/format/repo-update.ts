/**
 * Entries of the ops log and the repository's status, inside the `repo` object.
 * Spec: v2 "Repo Info File" › Update, RepoStatus.
 */
import type { Builder } from "flatbuffers";
import { makeError } from "../base/errors.ts";
import type { FlatBufferReader } from "../codec/flatbuffer.ts";
import {
  addBytesStruct,
  addUint64,
  createSharedText,
  type Offset,
} from "../codec/flatbuffer-write.ts";
import { parseObjectId } from "./array-data.ts";
import { objectIdToBytes } from "./ids.ts";
import type { RepoStatus, RepoUpdate, UpdateKind } from "./repo-info.ts";

const STATUS = { availability: 0, setAt: 1, reason: 2 } as const;
const UPDATE = { type: 0, value: 1, updatedAt: 2, backupPath: 3 } as const;
const AVAILABILITIES = ["online", "read-only", "offline"] as const;

/** Tags of the union, in its own order. */
const TAGS = [
  "none",
  "repo-initialized",
  "repo-migrated",
  "config-changed",
  "metadata-changed",
  "tag-created",
  "tag-deleted",
  "branch-created",
  "branch-deleted",
  "branch-reset",
  "new-commit",
  "commit-amended",
  "new-detached-snapshot",
  "gc-ran",
  "expiration-ran",
  "feature-flag-changed",
  "repo-status-changed",
] as const;

/** Slots that each kind's table has. */
const FIELD_COUNTS: Readonly<Record<Exclude<UpdateKind["kind"], "unknown">, number>> = {
  "repo-initialized": 0,
  "repo-migrated": 2,
  "config-changed": 0,
  "metadata-changed": 0,
  "tag-created": 1,
  "tag-deleted": 2,
  "branch-created": 1,
  "branch-deleted": 2,
  "branch-reset": 2,
  "new-commit": 2,
  "commit-amended": 3,
  "new-detached-snapshot": 1,
  "gc-ran": 0,
  "expiration-ran": 0,
  "feature-flag-changed": 3,
  "repo-status-changed": 1,
};

/** Adds to `unknownFields` the slots of `table` from `known` on, as `name.slot`. */
export function noteUnknownSlots(
  reader: FlatBufferReader,
  table: number,
  name: string,
  known: number,
  unknownFields: Set<string>,
): void {
  for (const slot of reader.unknownSlots(table, known)) unknownFields.add(`${name}.${slot}`);
}

/** The status in the table at `table`; unknown availabilities count as online, as for all engines. */
export function parseStatus(
  reader: FlatBufferReader,
  table: number,
  unknownFields: Set<string>,
): RepoStatus {
  noteUnknownSlots(reader, table, "RepoStatus", 3, unknownFields);
  const code = reader.uint8(table, STATUS.availability, 0);
  const availability = AVAILABILITIES[code];
  return {
    availability: availability ?? "online",
    availabilityCode: availability === undefined ? code : undefined,
    setAtMicros: reader.uint64(table, STATUS.setAt, 0),
    limitedAvailabilityReason: reader.string(table, STATUS.reason),
  };
}

/** The table of `status`. */
export function createStatus(builder: Builder, status: RepoStatus): Offset {
  const { limitedAvailabilityReason: text } = status;
  const reason = text === undefined ? 0 : builder.createString(text);
  const code = status.availabilityCode ?? AVAILABILITIES.indexOf(status.availability);
  builder.startObject(3);
  builder.addFieldInt8(STATUS.availability, code, 0);
  addUint64(builder, STATUS.setAt, status.setAtMicros);
  builder.addFieldOffset(STATUS.reason, reason, 0);
  return builder.endObject();
}

/** The ops log entry in the table at `table`. */
export function parseUpdate(
  reader: FlatBufferReader,
  table: number,
  unknownFields: Set<string>,
): RepoUpdate {
  noteUnknownSlots(reader, table, "Update", 4, unknownFields);
  const tag = reader.uint8(table, UPDATE.type, 0);
  const value = reader.table(table, UPDATE.value);
  if (tag === 0 || value === 0) reader.fail(table, "update without type or value");
  return {
    update: parseUpdateKind(reader, tag, value, unknownFields),
    updatedAtMicros: reader.uint64(table, UPDATE.updatedAt, 0),
    backupPath: reader.string(table, UPDATE.backupPath),
  };
}

function parseUpdateKind(
  reader: FlatBufferReader,
  tag: number,
  table: number,
  unknownFields: Set<string>,
): UpdateKind {
  const kind = TAGS[tag];
  if (kind === undefined || kind === "none") {
    unknownFields.add(`Update.type ${tag}`);
    return { kind: "unknown", tag };
  }
  noteUnknownSlots(reader, table, kind, FIELD_COUNTS[kind], unknownFields);
  const text = (slot: number): string =>
    reader.string(table, slot) ?? reader.fail(table, `${kind} without field ${slot}`);
  const id = (slot: number): string =>
    parseObjectId(reader, table, slot) ?? reader.fail(table, `${kind} without field ${slot}`);
  switch (kind) {
    case "repo-migrated": {
      const fromVersion = reader.uint8(table, 0, 0);
      return { kind, fromVersion, toVersion: reader.uint8(table, 1, 0) };
    }
    case "tag-created":
    case "branch-created":
      return { kind, name: text(0) };
    case "tag-deleted":
    case "branch-deleted":
    case "branch-reset":
      return { kind, name: text(0), previousSnapshotId: id(1) };
    case "new-commit":
      return { kind, branch: text(0), newSnapshotId: id(1) };
    case "commit-amended":
      return { kind, branch: text(0), previousSnapshotId: id(1), newSnapshotId: id(2) };
    case "new-detached-snapshot":
      return { kind, newSnapshotId: id(0) };
    case "feature-flag-changed": {
      const isSet = reader.uint8(table, 2, 0) !== 0;
      const newValue = isSet ? reader.uint8(table, 1, 0) !== 0 : undefined;
      return { kind, flagId: reader.uint16(table, 0, 0), newValue };
    }
    case "repo-status-changed": {
      const status = reader.table(table, 0);
      if (status === 0) reader.fail(table, `${kind} without status`);
      return { kind, status: parseStatus(reader, status, unknownFields) };
    }
    default:
      return { kind };
  }
}

/** The table of one ops log entry. @throws {unsupported-spec-version} for an unknown kind */
export function createUpdate(builder: Builder, update: RepoUpdate): Offset {
  const value = createUpdateKind(builder, update.update);
  const backupPath = update.backupPath === undefined ? 0 : builder.createString(update.backupPath);
  builder.startObject(4);
  const tag = TAGS.indexOf(update.update.kind as (typeof TAGS)[number]);
  builder.addFieldInt8(UPDATE.type, tag, 0);
  builder.addFieldOffset(UPDATE.value, value, 0);
  addUint64(builder, UPDATE.updatedAt, update.updatedAtMicros);
  builder.addFieldOffset(UPDATE.backupPath, backupPath, 0);
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
