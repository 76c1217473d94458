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
import { type MetadataItem, parseMetadataItems } from "../metadata.ts";
import { noteUnknownSlots, slotCount } from "../table-fields.ts";
import { parseNames, parseRefs } from "./refs.ts";
import type { RepoSnapshot } from "./snapshot-columns.ts";
import { parseSnapshots } from "./snapshots-read.ts";
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
/** Version of the format that `repo` has. */
export const SPEC_VERSION = 2;
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
  const snapshots = parseSnapshots(reader, root, REPO_SLOTS.snapshots, unknownFields);
  const { columns } = snapshots;
  const status = reader.table(root, REPO_SLOTS.status);
  if (status === 0) reader.fail(root, "repository without status");
  return {
    branches: parseRefs(reader, root, REPO_SLOTS.branches, columns, unknownFields),
    tags: parseRefs(reader, root, REPO_SLOTS.tags, columns, unknownFields),
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

function parseFlags(reader: FlatBufferReader, root: number, slot: number): number[] | undefined {
  const vector = reader.vector(root, slot, 2);
  if (vector === 0) return undefined;
  const flags: number[] = [];
  for (let i = 0; i < reader.vectorLength(vector); i++) {
    flags.push(reader.view.getUint16(vector + 4 + 2 * i, true));
  }
  return flags;
}
