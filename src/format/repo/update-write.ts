/** Writes entries of the ops log and the status. Spec: v2 "Repo Info File" › Update, RepoStatus. */
import { makeError } from "../../base/errors.ts";
import { type FlatBufferPiece, FlatBufferWords } from "../../codec/flatbuffers/words.ts";
import { objectIdToBytes } from "../ids.ts";
import type { RepoStatus, RepoUpdate, UpdateKind } from "./update.ts";
import { AVAILABILITIES, UPDATE_TAGS } from "./update.ts";

/** Type, value, time, backup: slots 0 to 3. */
const UPDATE_LAYOUT = [24, 4, 16, 8, 20] as const;
const NEWEST_LAYOUT = [24, 4, 16, 8] as const;
/** Availability, time, reason: slots 0 to 2. */
const STATUS_LAYOUT = [24, 4, 8, 16] as const;
const REASONLESS_LAYOUT = [24, 4, 8] as const;
/** A name and so many ids. */
const NAMED_LAYOUTS = [
  [8, 4],
  [20, 4, 8],
  [32, 4, 8, 20],
] as const;
const ID_LAYOUT = [16, 4] as const;
const EMPTY_LAYOUT = [4] as const;
const MIGRATED_LAYOUT = [8, 4, 5] as const;
const FLAG_LAYOUT = [8, 4, 6, 7] as const;
const STATUS_CHANGED_LAYOUT = [8, 4] as const;

/** Puts the table of `status`; answers where. */
export function putStatus(words: FlatBufferWords, status: RepoStatus): number {
  const inner = new FlatBufferWords(32);
  deferStatus(inner, status);
  return words.putPiece(inner.toPiece());
}

/** At an even position. */
function deferStatus(words: FlatBufferWords, status: RepoStatus): void {
  const { limitedAvailabilityReason: reason } = status;
  const table = words.deferTable(reason === undefined ? REASONLESS_LAYOUT : STATUS_LAYOUT);
  const code = status.availabilityCode ?? AVAILABILITIES.indexOf(status.availability);
  words.set(table + 1, code);
  words.setUint64(table + 2, status.setAtMicros);
  if (reason === undefined) return;
  words.setOffset(table + 4, words.length);
  words.putString(reason);
}

/** One entry of the ops log. @throws {unsupported-spec-version} for an unknown kind */
export function encodeUpdate(update: RepoUpdate): FlatBufferPiece {
  const { backupPath } = update;
  const words = new FlatBufferWords(64);
  const table = words.deferTable(backupPath === undefined ? NEWEST_LAYOUT : UPDATE_LAYOUT);
  words.set(table + 1, UPDATE_TAGS.indexOf(update.update.kind as (typeof UPDATE_TAGS)[number]));
  words.setUint64(table + 2, update.updatedAtMicros);
  words.setOffset(table + 4, words.length);
  putUpdateKind(words, update.update);
  if (backupPath !== undefined) {
    words.setOffset(table + 5, words.length);
    words.putString(backupPath);
  }
  return words.toPiece();
}

function putUpdateKind(words: FlatBufferWords, update: UpdateKind): void {
  switch (update.kind) {
    case "tag-created":
    case "branch-created":
      putNamed(words, update.name, []);
      break;
    case "tag-deleted":
    case "branch-deleted":
    case "branch-reset":
      putNamed(words, update.name, [update.previousSnapshotId]);
      break;
    case "new-commit":
      putNamed(words, update.branch, [update.newSnapshotId]);
      break;
    case "commit-amended":
      putNamed(words, update.branch, [update.previousSnapshotId, update.newSnapshotId]);
      break;
    case "new-detached-snapshot": {
      const table = words.deferTable(ID_LAYOUT);
      words.setBytes(table + 1, objectIdToBytes(update.newSnapshotId));
      break;
    }
    case "repo-migrated": {
      const table = words.deferTable(MIGRATED_LAYOUT);
      words.set(table + 1, update.fromVersion | (update.toVersion << 8));
      break;
    }
    case "feature-flag-changed": {
      const { flagId, newValue } = update;
      const isOn = newValue === true ? 1 : 0;
      const isSet = newValue === undefined ? 0 : 1;
      const table = words.deferTable(FLAG_LAYOUT);
      words.set(table + 1, flagId | (isOn << 16) | (isSet << 24));
      break;
    }
    case "repo-status-changed": {
      const table = words.deferTable(STATUS_CHANGED_LAYOUT);
      words.setOffset(table + 1, words.length);
      deferStatus(words, update.status);
      break;
    }
    case "unknown":
      throw makeError(
        "unsupported-spec-version",
        `repo: holds an update of the unknown type ${update.tag}, which rewriting would lose`,
        { details: { tag: update.tag } },
      );
    default:
      words.deferTable(EMPTY_LAYOUT);
  }
}

/** A table of a name and ids, in this order. */
function putNamed(words: FlatBufferWords, name: string, ids: readonly string[]): void {
  const table = words.deferTable(NAMED_LAYOUTS[ids.length] as readonly number[]);
  for (const [i, id] of ids.entries()) words.setBytes(table + 2 + 3 * i, objectIdToBytes(id));
  words.setOffset(table + 1, words.length);
  words.putString(name);
}
