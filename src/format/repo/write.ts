/**
 * Writes the `repo` object: turns ids into positions, and refuses what would be lost or what the
 * official engine could not read. Spec: v2 "Repo Info File".
 */

import { makeError } from "../../base/errors.ts";
import { FlatBufferWords } from "../../codec/flatbuffers/words.ts";
import { putMetadataItems } from "../metadata-write.ts";
import { FILE_IDENTIFIER, slotCount } from "../table-fields.ts";
import { REPO_SLOTS, type RepoInfo, SPEC_VERSION } from "./read.ts";
import { putNames, putRefs } from "./refs-write.ts";
import { SnapshotList } from "./snapshot-list.ts";
import { putSnapshots, snapshotWords } from "./snapshots-write.ts";
import { putStatus } from "./update-write.ts";
import { putUpdates } from "./updates-write.ts";

/** About what is written besides snapshots and updates, and what one of those takes. */
const ROOM_WORDS = 1024;
const UPDATE_WORDS = 32;

/** The root's fields in slot order, one word each. */
const FIELD_COUNT = slotCount(REPO_SLOTS);

/**
 * The payload of `repo`. Snapshots and updates that stood in one written before are copied from it:
 * new ones alone are encoded.
 * @throws {unsupported-spec-version} if the file read had fields or updates of a newer version
 * @throws {serialization} if a ref or parent points nowhere, `main` or every update is missing
 */
export function encodeRepoInfo(repo: RepoInfo): Uint8Array {
  checkWritable(repo);
  const snapshots = SnapshotList.of(repo.snapshots);
  const updateWords = UPDATE_WORDS * repo.latestUpdates.length;
  const words = new FlatBufferWords(ROOM_WORDS + updateWords + snapshotWords(snapshots));
  words.put(0); // The root offset; known below.
  words.put(FILE_IDENTIFIER);
  const vtable = words.putVtable(rootLayout(repo));
  const root = words.startTable(vtable);
  words.set(0, root * 4);
  words.reserve(FIELD_COUNT);
  words.set(root + 1 + REPO_SLOTS.specVersion, SPEC_VERSION);
  const point = (slot: number, target: number | undefined): void => {
    if (target !== undefined) words.setOffset(root + 1 + slot, target);
  };
  point(REPO_SLOTS.tags, putRefs(words, repo.tags, snapshots));
  point(REPO_SLOTS.branches, putRefs(words, repo.branches, snapshots));
  point(REPO_SLOTS.deletedTags, putNames(words, repo.deletedTags));
  point(REPO_SLOTS.status, putStatus(words, repo.status));
  point(REPO_SLOTS.metadata, putMetadataItems(words, repo.metadata));
  point(REPO_SLOTS.repoBeforeUpdates, putStringIf(words, repo.repoBeforeUpdates));
  point(REPO_SLOTS.config, putBytesIf(words, repo.config));
  point(REPO_SLOTS.enabledFeatureFlags, putFlagsIf(words, repo.enabledFeatureFlags));
  point(REPO_SLOTS.disabledFeatureFlags, putFlagsIf(words, repo.disabledFeatureFlags));
  point(REPO_SLOTS.extra, putBytesIf(words, repo.extra));
  point(REPO_SLOTS.latestUpdates, putUpdates(words, repo.latestUpdates));
  point(REPO_SLOTS.snapshots, putSnapshots(words, snapshots));
  return words.finish();
}

function rootLayout(repo: RepoInfo): number[] {
  const layout = [4 + 4 * FIELD_COUNT];
  for (let slot = 0; slot < FIELD_COUNT; slot++) layout.push(4 + 4 * slot);
  if (repo.repoBeforeUpdates === undefined) layout[1 + REPO_SLOTS.repoBeforeUpdates] = 0;
  if (repo.config === undefined) layout[1 + REPO_SLOTS.config] = 0;
  if (repo.enabledFeatureFlags === undefined) layout[1 + REPO_SLOTS.enabledFeatureFlags] = 0;
  if (repo.disabledFeatureFlags === undefined) layout[1 + REPO_SLOTS.disabledFeatureFlags] = 0;
  if (repo.extra === undefined) layout[1 + REPO_SLOTS.extra] = 0;
  return layout;
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

function putStringIf(words: FlatBufferWords, text: string | undefined): number | undefined {
  return text === undefined ? undefined : words.putString(text);
}

function putBytesIf(words: FlatBufferWords, bytes: Uint8Array | undefined): number | undefined {
  return bytes === undefined ? undefined : words.putByteVector(bytes);
}

function putFlagsIf(
  words: FlatBufferWords,
  flags: readonly number[] | undefined,
): number | undefined {
  if (flags === undefined) return undefined;
  const vector = words.length;
  words.put(flags.length);
  words.putBytes(new Uint8Array(Uint16Array.from(flags).sort().buffer));
  return vector;
}
