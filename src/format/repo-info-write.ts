/**
 * Writes the `repo` object: sorts everything, turns ids into positions, and refuses what would be
 * lost or what the official engine could not read. Every commit writes all snapshots and updates
 * anew, so each is encoded once and copied from then on. Spec: v2 "Repo Info File".
 */

import { makeError } from "../base/errors.ts";
import { type FlatBufferPiece, FlatBufferWords } from "../codec/flatbuffer-words.ts";
import { objectIdToBytes } from "./ids.ts";
import { putMetadataItems } from "./metadata-items-write.ts";
import {
  NO_PARENT,
  REPO_SLOTS,
  type RepoInfo,
  type RepoSnapshot,
  type RepoUpdate,
  SPEC_VERSION,
} from "./repo-info.ts";
import { mustIndex, putNames, putRefs } from "./repo-refs-write.ts";
import { encodeUpdate, putStatus } from "./repo-update-write.ts";

const FILE_IDENTIFIER = 0x6b686349; // "Ichk"
const ENTRY_WORDS = 32; // About what a snapshot or an update takes.

/** The root's fields in slot order, one word each. */
const FIELD_COUNT = Object.keys(REPO_SLOTS).length;

/** id, parent, time, message, metadata, pruned ancestors: slots 0 to 5. */
const SNAPSHOT_LAYOUT = [40, 16, 4, 8, 28, 32, 36] as const;
const UNPRUNED_LAYOUT = [40, 16, 4, 8, 28, 32] as const;
const PARENT_WORD = 1;

const snapshotPieces = new WeakMap<RepoSnapshot, FlatBufferPiece>();
const updatePieces = new WeakMap<RepoUpdate, FlatBufferPiece>();

/**
 * The payload of `repo`: everything sorted and indexed anew.
 * @throws {unsupported-spec-version} if the file read had fields or updates of a newer version
 * @throws {serialization} if a ref or parent points nowhere, `main` or every update is missing
 */
export function encodeRepoInfo(repo: RepoInfo): Uint8Array {
  checkWritable(repo);
  const ids = [...repo.snapshots.keys()].sort();
  const indexOf = new Map(ids.map((id, index) => [id, index]));
  const words = new FlatBufferWords(1024 + ENTRY_WORDS * (ids.length + repo.latestUpdates.length));
  words.put(0); // The root offset; known below.
  words.put(FILE_IDENTIFIER);
  const fields = fieldsOf(repo, words, indexOf);
  const vtable = words.putVtable(rootLayout(fields));
  const root = words.startTable(vtable);
  words.set(0, root * 4);
  words.reserve(FIELD_COUNT);
  words.set(root + 1 + REPO_SLOTS.specVersion, SPEC_VERSION);
  for (const [slot, put] of fields) {
    if (put === undefined) continue;
    words.setOffset(root + 1 + slot, put());
  }
  return words.finish();
}

type Field = readonly [slot: number, put: (() => number) | undefined];

/** What each slot but the version holds: a function that puts it and answers where. */
function fieldsOf(
  repo: RepoInfo,
  words: FlatBufferWords,
  indexOf: ReadonlyMap<string, number>,
): readonly Field[] {
  const here = (put: () => void) => () => {
    const at = words.length;
    put();
    return at;
  };
  const bytes = (value: Uint8Array | undefined) => value && here(() => words.putByteVector(value));
  const flags = (value: readonly number[] | undefined) =>
    value && here(() => putFlags(words, value));
  const { repoBeforeUpdates } = repo;
  return [
    [REPO_SLOTS.tags, here(() => putRefs(words, repo.tags, indexOf))],
    [REPO_SLOTS.branches, here(() => putRefs(words, repo.branches, indexOf))],
    [REPO_SLOTS.deletedTags, here(() => putNames(words, repo.deletedTags))],
    [REPO_SLOTS.snapshots, here(() => putSnapshots(words, repo.snapshots, indexOf))],
    [REPO_SLOTS.status, () => putStatus(words, repo.status)],
    [REPO_SLOTS.metadata, here(() => putMetadataItems(words, repo.metadata))],
    [REPO_SLOTS.latestUpdates, here(() => putUpdates(words, repo.latestUpdates))],
    [
      REPO_SLOTS.repoBeforeUpdates,
      repoBeforeUpdates === undefined ? undefined : here(() => words.putString(repoBeforeUpdates)),
    ],
    [REPO_SLOTS.config, bytes(repo.config)],
    [REPO_SLOTS.enabledFeatureFlags, flags(repo.enabledFeatureFlags)],
    [REPO_SLOTS.disabledFeatureFlags, flags(repo.disabledFeatureFlags)],
    [REPO_SLOTS.extra, bytes(repo.extra)],
  ];
}

function rootLayout(fields: readonly Field[]): number[] {
  const layout = [4 + 4 * FIELD_COUNT, ...new Array<number>(FIELD_COUNT).fill(0)];
  layout[1 + REPO_SLOTS.specVersion] = 4;
  for (const [slot, put] of fields) if (put !== undefined) layout[1 + slot] = 4 + 4 * slot;
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

function putSnapshots(
  words: FlatBufferWords,
  snapshots: RepoInfo["snapshots"],
  indexOf: ReadonlyMap<string, number>,
): void {
  words.put(indexOf.size);
  const offsets = words.reserve(indexOf.size);
  for (const [id, index] of indexOf) {
    const snapshot = snapshots.get(id) as RepoSnapshot;
    const { parentId } = snapshot;
    const parent =
      parentId === undefined ? NO_PARENT : mustIndex(indexOf, parentId, `snapshot ${id}`);
    const table = words.putPiece(pieceOf(snapshotPieces, snapshot, encodeSnapshot));
    words.set(table + PARENT_WORD, parent);
    words.setOffset(offsets + index, table);
  }
}

function putUpdates(words: FlatBufferWords, updates: readonly RepoUpdate[]): void {
  words.put(updates.length);
  const offsets = words.reserve(updates.length);
  for (const [i, update] of updates.entries()) {
    const table = words.putPiece(pieceOf(updatePieces, update, encodeUpdate));
    words.setOffset(offsets + i, table);
  }
}

function pieceOf<Entry extends object>(
  pieces: WeakMap<Entry, FlatBufferPiece>,
  entry: Entry,
  encode: (entry: Entry) => FlatBufferPiece,
): FlatBufferPiece {
  let piece = pieces.get(entry);
  if (piece === undefined) {
    piece = encode(entry);
    pieces.set(entry, piece);
  }
  return piece;
}

/** All but the parent, whose position changes with every snapshot that comes. */
function encodeSnapshot(snapshot: RepoSnapshot): FlatBufferPiece {
  const { prunedAncestorTransactionLogs: pruned = [] } = snapshot;
  const words = new FlatBufferWords(2 * ENTRY_WORDS);
  const table = words.deferTable(pruned.length === 0 ? UNPRUNED_LAYOUT : SNAPSHOT_LAYOUT);
  words.setUint64(table + 2, snapshot.flushedAtMicros);
  words.setBytes(table + 4, objectIdToBytes(snapshot.id));
  words.setOffset(table + 7, words.length);
  words.putString(snapshot.message);
  words.setOffset(table + 8, words.length);
  putMetadataItems(words, snapshot.metadata);
  if (pruned.length > 0) {
    words.setOffset(table + 9, words.length);
    words.put(pruned.length);
    for (const id of pruned) words.putBytes(objectIdToBytes(id));
  }
  return words.toPiece();
}

function putFlags(words: FlatBufferWords, flags: readonly number[]): void {
  const sorted = Uint16Array.from(flags).sort();
  words.put(sorted.length);
  words.putBytes(new Uint8Array(sorted.buffer));
}
