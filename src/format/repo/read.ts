/**
 * The `repo` object: the one mutable file of a spec 2 repository. Here as ids and names; the
 * indices of the stored form exist only in the codec. Spec: v2 "Repo Info File"; docs/format.md
 * "Repo file".
 *
 * Reading tolerates what a newer minor version added; writing back (`write.ts`) refuses
 * it, since it would be lost. Byte fields of parsed values are views of the payload.
 */
import { makeError } from "../../base/errors.ts";
import { FlatBufferReader } from "../../codec/flatbuffers/read.ts";
import { OBJECT_ID_BYTES, objectIdFromBytes } from "../ids.ts";
import { type MetadataItem, parseMetadataItems } from "../metadata.ts";
import { noteUnknownSlots, parseObjectId, slotCount } from "../table-fields.ts";
import { parseNames, parseRefs } from "./refs.ts";
import { parseStatus, parseUpdate, type RepoStatus, type RepoUpdate } from "./update.ts";

/** Slots of the repository's table. */
export const REPO_SLOTS = {
  specVersion: 0,
  tags: 1,
  branches: 2,
  deletedTags: 3,
  snapshots: 4,
  status: 5,
  metadata: 6,
  latestUpdates: 7,
  repoBeforeUpdates: 8,
  config: 9,
  enabledFeatureFlags: 10,
  disabledFeatureFlags: 11,
  extra: 12,
} as const;
/** Slots of a listed snapshot's table. */
const REPO_SNAPSHOT_SLOTS = {
  id: 0,
  parentOffset: 1,
  flushedAt: 2,
  message: 3,
  metadata: 4,
  prunedAncestors: 5,
} as const;

/** Version of the format that `repo` has. */
export const SPEC_VERSION = 2;
/** The parent of a first snapshot, as it is stored. */
export const NO_PARENT = -1;

/** One snapshot as `repo` lists it. */
export interface RepoSnapshot {
  readonly id: string;
  readonly parentId?: string | undefined;
  readonly flushedAtMicros: number;
  readonly message: string;
  readonly metadata: readonly MetadataItem[];
  /** Oldest first; absent when empty. Spec 2.1. */
  readonly prunedAncestorTransactionLogs?: readonly string[] | undefined;
}

/** The decoded `repo` object. Maps are by name or id; the codec sorts. */
export interface RepoInfo {
  readonly branches: ReadonlyMap<string, string>;
  readonly tags: ReadonlyMap<string, string>;
  readonly deletedTags: ReadonlySet<string>;
  readonly snapshots: ReadonlyMap<string, RepoSnapshot>;
  readonly status: RepoStatus;
  readonly metadata: readonly MetadataItem[];
  /** Newest first; at least one. */
  readonly latestUpdates: readonly RepoUpdate[];
  /** File name inside `overwritten/` that holds the next older part of the ops log. */
  readonly repoBeforeUpdates?: string | undefined;
  /** FlexBuffers, kept verbatim. */
  readonly config?: Uint8Array | undefined;
  readonly enabledFeatureFlags?: readonly number[] | undefined;
  readonly disabledFeatureFlags?: readonly number[] | undefined;
  /** Reserved by the format; carried along as it is. */
  readonly extra?: Uint8Array | undefined;
  /** Fields of a newer minor version that were read over, such as "SnapshotInfo.6". */
  readonly unknownFields?: readonly string[] | undefined;
}

/** The payload of `repo`, read. @throws {deserialization} @throws {unsupported-spec-version} */
export function parseRepoInfo(payload: Uint8Array, object: string): RepoInfo {
  const reader = new FlatBufferReader(payload, object);
  const root = reader.root();
  checkSpecVersion(reader, root);
  const unknownFields = new Set<string>();
  noteUnknownSlots(reader, root, "Repo", slotCount(REPO_SLOTS), unknownFields);
  const snapshots = parseSnapshots(reader, root, unknownFields);
  const ids = [...snapshots.keys()];
  const status = reader.table(root, REPO_SLOTS.status);
  if (status === 0) reader.fail(root, "repository without status");
  return {
    branches: parseRefs(reader, root, REPO_SLOTS.branches, ids, unknownFields),
    tags: parseRefs(reader, root, REPO_SLOTS.tags, ids, unknownFields),
    deletedTags: parseNames(reader, root, REPO_SLOTS.deletedTags),
    snapshots,
    status: parseStatus(reader, status, unknownFields),
    metadata: parseMetadataItems(reader, root, REPO_SLOTS.metadata, unknownFields),
    latestUpdates: reader.mapTables(reader.vector(root, REPO_SLOTS.latestUpdates, 4), (table) =>
      parseUpdate(reader, table, unknownFields),
    ),
    repoBeforeUpdates: reader.string(root, REPO_SLOTS.repoBeforeUpdates),
    config: reader.byteVector(root, REPO_SLOTS.config),
    enabledFeatureFlags: parseFlags(reader, root, REPO_SLOTS.enabledFeatureFlags),
    disabledFeatureFlags: parseFlags(reader, root, REPO_SLOTS.disabledFeatureFlags),
    extra: reader.byteVector(root, REPO_SLOTS.extra),
    unknownFields: unknownFields.size > 0 ? [...unknownFields] : undefined,
  };
}

function checkSpecVersion(reader: FlatBufferReader, root: number): void {
  const found = reader.uint8(root, REPO_SLOTS.specVersion, 0);
  if (found === SPEC_VERSION) return;
  throw makeError(
    "unsupported-spec-version",
    `${reader.object}: repository of format version ${found}; known is ${SPEC_VERSION}`,
    { details: { object: reader.object, found } },
  );
}

/** In stored order, by id: the position is what refs and parents point to. */
function parseSnapshots(
  reader: FlatBufferReader,
  root: number,
  unknownFields: Set<string>,
): Map<string, RepoSnapshot> {
  const vector = reader.vector(root, REPO_SLOTS.snapshots, 4);
  const count = reader.vectorLength(vector);
  const ids = reader.mapTables(
    vector,
    (table) =>
      parseObjectId(reader, table, REPO_SNAPSHOT_SLOTS.id) ??
      reader.fail(table, "snapshot without id"),
  );
  const known = slotCount(REPO_SNAPSHOT_SLOTS);
  const snapshots = new Map<string, RepoSnapshot>();
  for (let i = 0; i < count; i++) {
    const table = reader.tableAt(vector, i);
    noteUnknownSlots(reader, table, "SnapshotInfo", known, unknownFields);
    const id = ids[i] as string;
    if (snapshots.has(id)) reader.fail(table, `snapshot ${id} is listed twice`);
    const parent = reader.int32(table, REPO_SNAPSHOT_SLOTS.parentOffset, 0);
    if (parent < NO_PARENT || parent >= count) {
      reader.fail(table, `parent ${parent} is none of ${count} snapshots`);
    }
    const pruned = parsePruned(reader, table);
    snapshots.set(id, {
      id,
      parentId: parent === NO_PARENT ? undefined : ids[parent],
      flushedAtMicros: reader.uint64(table, REPO_SNAPSHOT_SLOTS.flushedAt, 0),
      message:
        reader.string(table, REPO_SNAPSHOT_SLOTS.message) ?? reader.fail(table, "no message"),
      metadata: parseMetadataItems(reader, table, REPO_SNAPSHOT_SLOTS.metadata, unknownFields),
      prunedAncestorTransactionLogs: pruned.length > 0 ? pruned : undefined,
    });
  }
  return snapshots;
}

function parsePruned(reader: FlatBufferReader, table: number): string[] {
  const vector = reader.vector(table, REPO_SNAPSHOT_SLOTS.prunedAncestors, OBJECT_ID_BYTES);
  const ids: string[] = [];
  for (let i = 0; i < reader.vectorLength(vector); i++) {
    const at = vector + 4 + i * OBJECT_ID_BYTES;
    ids.push(objectIdFromBytes(reader.bytes.subarray(at, at + OBJECT_ID_BYTES)));
  }
  return ids;
}

function parseFlags(reader: FlatBufferReader, root: number, slot: number): number[] | undefined {
  const vector = reader.vector(root, slot, 2);
  if (vector === 0) return undefined;
  const flags: number[] = [];
  for (let i = 0; i < reader.vectorLength(vector); i++) {
    flags.push(reader.view.getUint16(vector + 4 + 2 * i, true));
  }
  return flags;
}
