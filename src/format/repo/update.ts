/**
 * Entries of the ops log and the repository's status, inside the `repo` object.
 * Spec: v2 "Repo Info File" › Update, RepoStatus; docs/format.md "Updates".
 */
import type { FlatBufferReader } from "../../codec/flatbuffers/read.ts";
import { parseObjectId } from "../snapshot/array-data.ts";

/** Who may use the repository. */
export interface RepoStatus {
  readonly availability: "online" | "read-only" | "offline";
  /** The stored number, where it is none that we know; kept when the file is rewritten. */
  readonly availabilityCode?: number | undefined;
  readonly setAtMicros: number;
  readonly limitedAvailabilityReason?: string | undefined;
}

/** What one entry of the ops log says happened. */
export type UpdateKind =
  | { readonly kind: "repo-initialized" }
  | { readonly kind: "repo-migrated"; readonly fromVersion: number; readonly toVersion: number }
  | { readonly kind: "config-changed" }
  | { readonly kind: "metadata-changed" }
  | { readonly kind: "tag-created"; readonly name: string }
  | { readonly kind: "tag-deleted"; readonly name: string; readonly previousSnapshotId: string }
  | { readonly kind: "branch-created"; readonly name: string }
  | { readonly kind: "branch-deleted"; readonly name: string; readonly previousSnapshotId: string }
  | { readonly kind: "branch-reset"; readonly name: string; readonly previousSnapshotId: string }
  | { readonly kind: "new-commit"; readonly branch: string; readonly newSnapshotId: string }
  | {
      readonly kind: "commit-amended";
      readonly branch: string;
      readonly previousSnapshotId: string;
      readonly newSnapshotId: string;
    }
  | { readonly kind: "new-detached-snapshot"; readonly newSnapshotId: string }
  | { readonly kind: "gc-ran" }
  | { readonly kind: "expiration-ran" }
  | {
      readonly kind: "feature-flag-changed";
      readonly flagId: number;
      /** `undefined`: unset, back to the default. */
      readonly newValue: boolean | undefined;
    }
  | { readonly kind: "repo-status-changed"; readonly status: RepoStatus }
  /** Written by a newer minor version; a file that holds one is not rewritten. */
  | { readonly kind: "unknown"; readonly tag: number };

/** One entry of the ops log. */
export interface RepoUpdate {
  readonly update: UpdateKind;
  readonly updatedAtMicros: number;
  /** File name inside `overwritten/`: the state right after this update. The newest has none. */
  readonly backupPath?: string | undefined;
}

/** Slots of a status's table. */
export const STATUS_SLOTS = { availability: 0, setAt: 1, reason: 2 } as const;
/** Slots of an entry's table. */
export const UPDATE_SLOTS = { type: 0, value: 1, updatedAt: 2, backupPath: 3 } as const;
/** Availabilities by their stored numbers. */
export const AVAILABILITIES = ["online", "read-only", "offline"] as const;

/** Kinds of updates by their stored tags. */
export const UPDATE_TAGS = [
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
  const code = reader.uint8(table, STATUS_SLOTS.availability, 0);
  const availability = AVAILABILITIES[code];
  return {
    availability: availability ?? "online",
    availabilityCode: availability === undefined ? code : undefined,
    setAtMicros: reader.uint64(table, STATUS_SLOTS.setAt, 0),
    limitedAvailabilityReason: reader.string(table, STATUS_SLOTS.reason),
  };
}

/** The ops log entry in the table at `table`. */
export function parseUpdate(
  reader: FlatBufferReader,
  table: number,
  unknownFields: Set<string>,
): RepoUpdate {
  noteUnknownSlots(reader, table, "Update", 4, unknownFields);
  const tag = reader.uint8(table, UPDATE_SLOTS.type, 0);
  const value = reader.table(table, UPDATE_SLOTS.value);
  if (tag === 0 || value === 0) reader.fail(table, "update without type or value");
  return {
    update: parseUpdateKind(reader, tag, value, unknownFields),
    updatedAtMicros: reader.uint64(table, UPDATE_SLOTS.updatedAt, 0),
    backupPath: reader.string(table, UPDATE_SLOTS.backupPath),
  };
}

function parseUpdateKind(
  reader: FlatBufferReader,
  tag: number,
  table: number,
  unknownFields: Set<string>,
): UpdateKind {
  const kind = UPDATE_TAGS[tag];
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
