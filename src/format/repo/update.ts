/**
 * Entries of the ops log and the repository's status, inside the `repo` object.
 * Spec: v2 "Repo Info File" › Update, RepoStatus; docs/format.md "Updates".
 */
import type { FlatBufferReader } from "../../codec/flatbuffers/read.ts";
import { noteUnknownSlots, parseObjectId, slotCount } from "../table-fields.ts";

/** Who may use the repository. */
export interface RepoStatus {
  readonly availability: "online" | "read-only" | "offline";
  /** The stored number, if we do not know it; kept when the file is rewritten. */
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
const STATUS_SLOTS = { availability: 0, setAt: 1, reason: 2 } as const;
/** Slots of an entry's table. */
const UPDATE_SLOTS = { type: 0, value: 1, updatedAt: 2, backupPath: 3 } as const;
const STATUS_SLOT_COUNT = slotCount(STATUS_SLOTS);
const UPDATE_SLOT_COUNT = slotCount(UPDATE_SLOTS);
/** Availabilities by their stored numbers. */
export const AVAILABILITIES = ["online", "read-only", "offline"] as const;

/** Updates that have a layout. */
type KnownUpdate = Exclude<UpdateKind, { readonly kind: "unknown" }>;

/** Ways to store a field, and the values they hold. */
export interface FieldValues {
  readonly text: string;
  readonly id: string;
  readonly byte: number;
  readonly short: number;
  /** A value, and whether it is set. */
  readonly flag: boolean | undefined;
  readonly status: RepoStatus;
}

/** A way to store a field. */
export type FieldType = keyof FieldValues;

type FieldTypeOf<Value> = {
  [T in FieldType]: [Value, FieldValues[T]] extends [FieldValues[T], Value] ? T : never;
}[FieldType];

/** How an update is stored: its tag, and its fields in slot order. */
interface UpdateLayout<Update> {
  readonly tag: number;
  readonly fields: { readonly [F in Exclude<keyof Update, "kind">]: FieldTypeOf<Update[F]> };
}

/** A layout for every kind of update, or it does not compile. */
export type UpdateLayouts<Update extends { readonly kind: string }> = {
  readonly [K in Update["kind"]]: UpdateLayout<Extract<Update, { readonly kind: K }>>;
};

/** What reading and writing follow. */
export const UPDATE_LAYOUTS: UpdateLayouts<KnownUpdate> = {
  "repo-initialized": { tag: 1, fields: {} },
  "repo-migrated": { tag: 2, fields: { fromVersion: "byte", toVersion: "byte" } },
  "config-changed": { tag: 3, fields: {} },
  "metadata-changed": { tag: 4, fields: {} },
  "tag-created": { tag: 5, fields: { name: "text" } },
  "tag-deleted": { tag: 6, fields: { name: "text", previousSnapshotId: "id" } },
  "branch-created": { tag: 7, fields: { name: "text" } },
  "branch-deleted": { tag: 8, fields: { name: "text", previousSnapshotId: "id" } },
  "branch-reset": { tag: 9, fields: { name: "text", previousSnapshotId: "id" } },
  "new-commit": { tag: 10, fields: { branch: "text", newSnapshotId: "id" } },
  "commit-amended": {
    tag: 11,
    fields: { branch: "text", previousSnapshotId: "id", newSnapshotId: "id" },
  },
  "new-detached-snapshot": { tag: 12, fields: { newSnapshotId: "id" } },
  "gc-ran": { tag: 13, fields: {} },
  "expiration-ran": { tag: 14, fields: {} },
  "feature-flag-changed": { tag: 15, fields: { flagId: "short", newValue: "flag" } },
  "repo-status-changed": { tag: 16, fields: { status: "status" } },
};

/** The bytes of each slot that a field takes. */
export const FIELD_BYTES: { readonly [T in FieldType]: readonly number[] } = {
  text: [4],
  id: [12],
  byte: [1],
  short: [2],
  flag: [1, 1],
  status: [4],
};

/** The fields of an update, in slot order. */
export function fieldsOf({ fields }: { readonly fields: object }): readonly [string, FieldType][] {
  return Object.entries(fields);
}

const KIND_OF_TAG = new Map(
  Object.entries(UPDATE_LAYOUTS).map(([kind, layout]) => [
    layout.tag,
    { kind, fields: fieldsOf(layout) },
  ]),
);

/** The status in the table at `table`; unknown availabilities count as online, as for all engines. */
export function parseStatus(
  reader: FlatBufferReader,
  table: number,
  unknownFields: Set<string>,
): RepoStatus {
  noteUnknownSlots(reader, table, "RepoStatus", STATUS_SLOT_COUNT, unknownFields);
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
  noteUnknownSlots(reader, table, "Update", UPDATE_SLOT_COUNT, unknownFields);
  const tag = reader.uint8(table, UPDATE_SLOTS.type, 0);
  const value = reader.table(table, UPDATE_SLOTS.value);
  if (tag === 0 || value === 0) reader.fail(table, "update without type or value");
  return {
    update: parseUpdateKind(reader, tag, value, unknownFields),
    updatedAtMicros: reader.uint64(table, UPDATE_SLOTS.updatedAt, 0),
    backupPath: reader.string(table, UPDATE_SLOTS.backupPath),
  };
}

/** Where the fields of an update are read. */
interface FieldSource {
  readonly reader: FlatBufferReader;
  readonly table: number;
  readonly kind: string;
  readonly unknownFields: Set<string>;
}

const FIELD_READERS: {
  readonly [T in FieldType]: (source: FieldSource, slot: number) => FieldValues[T];
} = {
  text: (source, slot) => source.reader.string(source.table, slot) ?? failWithout(source, slot),
  id: (source, slot) =>
    parseObjectId(source.reader, source.table, slot) ?? failWithout(source, slot),
  byte: ({ reader, table }, slot) => reader.uint8(table, slot, 0),
  short: ({ reader, table }, slot) => reader.uint16(table, slot, 0),
  flag({ reader, table }, slot) {
    const isSet = reader.uint8(table, slot + 1, 0) !== 0;
    return isSet ? reader.uint8(table, slot, 0) !== 0 : undefined;
  },
  status(source, slot) {
    const status = source.reader.table(source.table, slot);
    if (status === 0) failWithout(source, slot);
    return parseStatus(source.reader, status, source.unknownFields);
  },
};

function failWithout({ reader, table, kind }: FieldSource, slot: number): never {
  return reader.fail(table, `${kind} without field ${slot}`);
}

function parseUpdateKind(
  reader: FlatBufferReader,
  tag: number,
  table: number,
  unknownFields: Set<string>,
): UpdateKind {
  const known = KIND_OF_TAG.get(tag);
  if (known === undefined) {
    unknownFields.add(`Update.type ${tag}`);
    return { kind: "unknown", tag };
  }
  const { kind, fields } = known;
  const source = { reader, table, kind, unknownFields };
  const update: Record<string, unknown> = { kind };
  let slot = 0;
  for (const [name, type] of fields) {
    update[name] = FIELD_READERS[type](source, slot);
    slot += FIELD_BYTES[type].length;
  }
  noteUnknownSlots(reader, table, kind, slot, unknownFields);
  return update as unknown as KnownUpdate;
}
