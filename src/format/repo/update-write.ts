/** Writes entries of the ops log and the status. Spec: v2 "Repo Info File" › Update, RepoStatus. */
import { makeError } from "../../base/errors.ts";
import type { FlatBufferWords, TableLayout } from "../../codec/flatbuffers/words.ts";
import { objectIdToBytes } from "../ids.ts";
import {
  AVAILABILITIES,
  FIELD_BYTES,
  type FieldType,
  type FieldValues,
  fieldsOf,
  type RepoStatus,
  type RepoUpdate,
  UPDATE_LAYOUTS,
  type UpdateKind,
} from "./update.ts";

/** Type, value, time, backup: slots 0 to 3. */
const UPDATE_LAYOUT = [24, 4, 16, 8, 20] as const;
const NEWEST_LAYOUT = [24, 4, 16, 8] as const;
/** Availability, time, reason: slots 0 to 2. */
const STATUS_LAYOUT = [24, 4, 8, 16] as const;
const REASONLESS_LAYOUT = [24, 4, 8] as const;

/** Puts the table of `status`; returns where it starts. */
export function putStatus(words: FlatBufferWords, status: RepoStatus): number {
  const { limitedAvailabilityReason: reason } = status;
  const table = words.putTable(reason === undefined ? REASONLESS_LAYOUT : STATUS_LAYOUT);
  const code = status.availabilityCode ?? AVAILABILITIES.indexOf(status.availability);
  words.set(table + 1, code);
  words.setUint64(table + 2, status.setAtMicros);
  if (reason !== undefined) words.setOffset(table + 4, words.putString(reason));
  return table;
}

/** Puts an entry of the ops log; returns where it starts. @throws {unsupported-spec-version} */
export function putUpdate(words: FlatBufferWords, update: RepoUpdate): number {
  const { backupPath } = update;
  const stored = storedUpdateOf(update.update);
  const table = words.putTable(backupPath === undefined ? NEWEST_LAYOUT : UPDATE_LAYOUT);
  words.set(table + 1, stored.tag);
  words.setUint64(table + 2, update.updatedAtMicros);
  words.setOffset(table + 4, putFields(words, stored, update.update));
  if (backupPath !== undefined) words.setOffset(table + 5, words.putString(backupPath));
  return table;
}

/** Kinds whose fields have the same types share a vtable, and so this object. */
const tableLayouts = new Map<string, TableLayout>();

/** Fields stand in slot order, without gaps. */
function tableLayoutOf(types: readonly FieldType[]): TableLayout {
  const positions: number[] = [];
  let end = 4;
  for (const byteCount of types.flatMap((type) => FIELD_BYTES[type])) {
    positions.push(end);
    end += byteCount;
  }
  const key = types.join();
  const layout = tableLayouts.get(key) ?? [(end + 3) & ~3, ...positions];
  tableLayouts.set(key, layout);
  return layout;
}

interface StoredUpdate {
  readonly tag: number;
  readonly table: TableLayout;
  readonly fields: readonly [name: string, type: FieldType][];
}

const STORED_UPDATES = new Map<string, StoredUpdate>(
  Object.entries(UPDATE_LAYOUTS).map(([kind, layout]) => {
    const fields = fieldsOf(layout);
    const table = tableLayoutOf(fields.map(([, type]) => type));
    return [kind, { tag: layout.tag, table, fields }];
  }),
);

function storedUpdateOf(update: UpdateKind): StoredUpdate {
  const stored = STORED_UPDATES.get(update.kind);
  if (stored !== undefined) return stored;
  const { tag } = update as Extract<UpdateKind, { readonly kind: "unknown" }>;
  throw makeError(
    "unsupported-spec-version",
    `repo: holds an update of the unknown type ${tag}, which rewriting would lose`,
    { details: { tag } },
  );
}

/** `at` counts bytes. */
const FIELD_WRITERS: {
  readonly [T in FieldType]: (words: FlatBufferWords, at: number, value: FieldValues[T]) => void;
} = {
  text: (words, at, text) => words.setOffset(at >> 2, words.putString(text)),
  id: (words, at, id) => words.setBytes(at >> 2, objectIdToBytes(id)),
  byte: (words, at, value) => words.setByte(at, value),
  short(words, at, value) {
    words.setByte(at, value);
    words.setByte(at + 1, value >> 8);
  },
  flag(words, at, value) {
    words.setByte(at, value === true ? 1 : 0);
    words.setByte(at + 1, value === undefined ? 0 : 1);
  },
  status: (words, at, status) => words.setOffset(at >> 2, putStatus(words, status)),
};

function putFields(words: FlatBufferWords, stored: StoredUpdate, update: UpdateKind): number {
  const positions = stored.table;
  const table = words.putTable(stored.table);
  let slot = 0;
  for (const [name, type] of stored.fields) {
    const value = (update as unknown as Readonly<Record<string, unknown>>)[name];
    FIELD_WRITERS[type](words, table * 4 + (positions[1 + slot] as number), value as never);
    slot += FIELD_BYTES[type].length;
  }
  return table;
}
