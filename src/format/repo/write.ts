/**
 * Writes the `repo` object: sorts everything, turns ids into positions, and refuses what would be
 * lost or what the official engine could not read. Spec: v2 "Repo Info File".
 */

import { makeError } from "../../base/errors.ts";
import { FlatBufferWords } from "../../codec/flatbuffers/words.ts";
import { putMetadataItems } from "../metadata-write.ts";
import { FILE_IDENTIFIER, slotCount } from "../table-fields.ts";
import type { RepoBlock } from "./blocks.ts";
import { RepoEntriesWriter } from "./entries-write.ts";
import { REPO_SLOTS, type RepoInfo, SPEC_VERSION } from "./read.ts";
import { putNames, putRefs } from "./refs-write.ts";
import { putStatus } from "./update-write.ts";

/** About what is written besides entries, and at most for one whose parts are in a block. */
const ROOM_WORDS = 4096;
const ENTRY_WORDS = 12;

/** The root's fields in slot order, one word each. */
const FIELD_COUNT = slotCount(REPO_SLOTS);

/** The payload of `repo`: the head and then the blocks, in this order. */
interface RepoPayload {
  readonly head: Uint8Array;
  /** The same objects as in earlier payloads, as far as they hold the same. */
  readonly blocks: readonly RepoBlock[];
}

/**
 * The payload of `repo`: everything sorted and indexed anew.
 * @throws {unsupported-spec-version} if the file read had fields or updates of a newer version
 * @throws {serialization} if a ref or parent points nowhere, `main` or every update is missing
 */
export function encodeRepoPayload(repo: RepoInfo): RepoPayload {
  checkWritable(repo);
  const indexOf = new Map([...repo.snapshots.keys()].sort().map((id, index) => [id, index]));
  const entryCount = indexOf.size + repo.latestUpdates.length;
  const words = new FlatBufferWords(ROOM_WORDS + ENTRY_WORDS * entryCount);
  words.put(0); // The root offset; known below.
  words.put(FILE_IDENTIFIER);
  const entries = new RepoEntriesWriter(words, repo, indexOf);
  const fields = fieldsOf(repo, words, indexOf, entries);
  const vtable = words.putVtable(rootLayout(fields));
  const root = words.startTable(vtable);
  words.set(0, root * 4);
  words.reserve(FIELD_COUNT);
  words.set(root + 1 + REPO_SLOTS.specVersion, SPEC_VERSION);
  for (const [slot, put] of fields) {
    if (put === undefined) continue;
    words.setOffset(root + 1 + slot, put());
  }
  const blocks = entries.finish();
  return { head: words.finish(), blocks };
}

type Field = readonly [slot: number, put: (() => number) | undefined];

/** What each slot but the version holds: a function that puts it and returns where it starts. */
function fieldsOf(
  repo: RepoInfo,
  words: FlatBufferWords,
  indexOf: ReadonlyMap<string, number>,
  entries: RepoEntriesWriter,
): readonly Field[] {
  const here = (put: () => void) => () => {
    const at = words.length;
    put();
    return at;
  };
  const bytes = (value: Uint8Array | undefined) => value && (() => words.putByteVector(value));
  const flags = (value: readonly number[] | undefined) =>
    value && here(() => putFlags(words, value));
  const { repoBeforeUpdates } = repo;
  return [
    [REPO_SLOTS.tags, here(() => putRefs(words, repo.tags, indexOf))],
    [REPO_SLOTS.branches, here(() => putRefs(words, repo.branches, indexOf))],
    [REPO_SLOTS.deletedTags, here(() => putNames(words, repo.deletedTags))],
    [REPO_SLOTS.snapshots, () => entries.putSnapshots()],
    [REPO_SLOTS.status, () => putStatus(words, repo.status)],
    [REPO_SLOTS.metadata, () => putMetadataItems(words, repo.metadata)],
    [REPO_SLOTS.latestUpdates, () => entries.putUpdates()],
    [
      REPO_SLOTS.repoBeforeUpdates,
      repoBeforeUpdates === undefined ? undefined : () => words.putString(repoBeforeUpdates),
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

function putFlags(words: FlatBufferWords, flags: readonly number[]): void {
  const sorted = Uint16Array.from(flags).sort();
  words.put(sorted.length);
  words.putBytes(new Uint8Array(sorted.buffer));
}
