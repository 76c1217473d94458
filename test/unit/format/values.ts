/** Random values of the formats, for property tests. */
import fc from "fast-check";
import { encodeBase32 } from "../../../src/codec/base32.ts";
import type { MetadataItem } from "../../../src/format/metadata.ts";
import { encodeMetadata } from "../../../src/format/metadata-encode.ts";
import type { RepoInfo } from "../../../src/format/repo/read.ts";
import type { RepoSnapshot } from "../../../src/format/repo/snapshot-columns.ts";
import type { RepoStatus, UpdateKind } from "../../../src/format/repo/update.ts";
import type { ArrayData } from "../../../src/format/snapshot/array-data.ts";
import type { NodeSnapshot } from "../../../src/format/snapshot/read.ts";
import type { WritableSnapshot } from "../../../src/format/snapshot/write.ts";
import type { TransactionLog, UpdatedChunks } from "../../../src/format/transaction-log/read.ts";

export const objectId: fc.Arbitrary<string> = fc
  .uint8Array({ minLength: 12, maxLength: 12 })
  .map(encodeBase32);
export const nodeId: fc.Arbitrary<string> = fc
  .uint8Array({ minLength: 8, maxLength: 8 })
  .map(encodeBase32);
const text = fc.string({ unit: "grapheme" });
const uint32 = fc.nat(2 ** 32 - 1);
const safeNat = fc.maxSafeNat();
const path = fc
  .array(
    text.filter((s) => s !== "" && !s.includes("/")),
    { maxLength: 3 },
  )
  .map((segments) => `/${segments.join("/")}`);
const metadata: fc.Arbitrary<MetadataItem[]> = fc
  .dictionary(text, fc.oneof(fc.integer(), text, fc.constant(null)), { maxKeys: 3 })
  .map((record) => encodeMetadata(record));
const extra = fc.option(fc.uint8Array({ maxLength: 5 }), { nil: undefined });

const arrayData: fc.Arbitrary<ArrayData> = fc.record({
  type: fc.constant("array" as const),
  shape: fc.array(fc.record({ arrayLength: safeNat, chunkCount: uint32 }), { maxLength: 4 }),
  dimensionNames: fc.option(
    fc.array(
      fc.option(
        text.filter((name) => name !== ""),
        { nil: null },
      ),
      { maxLength: 4 },
    ),
    { nil: undefined },
  ),
  manifests: fc.array(
    fc.record({
      id: objectId,
      extents: fc.array(fc.record({ start: uint32, end: uint32 }), { maxLength: 4 }),
    }),
    { maxLength: 3 },
  ),
});

const node: fc.Arbitrary<NodeSnapshot> = fc.record({
  id: nodeId,
  path,
  userData: fc.uint8Array({ maxLength: 60 }),
  data: fc.oneof(arrayData, fc.constant({ type: "group" } as const)),
  extra,
});

/** Snapshots of spec 2. */
export const snapshots: fc.Arbitrary<WritableSnapshot> = fc.record({
  id: objectId,
  parentId: fc.constant(undefined),
  flushedAtMicros: safeNat,
  message: text,
  metadata,
  manifestFiles: fc.uniqueArray(
    fc.record({ id: objectId, sizeBytes: safeNat, chunkRefCount: uint32, extra }),
    { maxLength: 4, selector: ({ id }) => id },
  ),
  nodes: fc.uniqueArray(node, { maxLength: 6, selector: ({ path }) => path }),
  specVersion: fc.constant(2 as const),
});

const updatedChunks: fc.Arbitrary<UpdatedChunks> = fc
  .record({
    nodeId,
    rank: fc.nat(3),
    rows: fc.array(fc.array(uint32, { minLength: 3, maxLength: 3 })),
  })
  .map(({ nodeId, rank, rows }) => ({
    nodeId,
    rank,
    count: rows.length,
    data: Uint32Array.from(rows.flatMap((row) => row.slice(0, rank))),
  }))
  .filter(({ count }) => count > 0);

const ids = fc.uniqueArray(nodeId, { maxLength: 5 });

/** Transaction logs, in no order. */
export const transactionLogs: fc.Arbitrary<TransactionLog> = fc.record({
  id: objectId,
  newGroups: ids,
  newArrays: ids,
  deletedGroups: ids,
  deletedArrays: ids,
  updatedGroups: ids,
  updatedArrays: ids,
  updatedChunks: fc.uniqueArray(updatedChunks, { maxLength: 3, selector: (list) => list.nodeId }),
  movedNodes: fc.uniqueArray(
    fc.record({
      from: path,
      to: path,
      nodeId,
      nodeType: fc.constantFrom("group" as const, "array" as const),
    }),
    { maxLength: 4, selector: ({ to }) => to },
  ),
});

const status: fc.Arbitrary<RepoStatus> = fc.record({
  availability: fc.constantFrom("online" as const, "read-only" as const, "offline" as const),
  availabilityCode: fc.constant(undefined),
  setAtMicros: safeNat,
  limitedAvailabilityReason: fc.option(text, { nil: undefined }),
});

/** Every kind of update. */
export const updateKinds: fc.Arbitrary<UpdateKind> = fc.oneof(
  fc
    .constantFrom(
      "repo-initialized" as const,
      "config-changed" as const,
      "metadata-changed" as const,
      "gc-ran" as const,
      "expiration-ran" as const,
    )
    .map((kind) => ({ kind })),
  fc.record({
    kind: fc.constant("repo-migrated" as const),
    fromVersion: fc.nat(255),
    toVersion: fc.nat(255),
  }),
  fc.record({
    kind: fc.constantFrom("tag-created" as const, "branch-created" as const),
    name: text,
  }),
  fc.record({
    kind: fc.constantFrom(
      "tag-deleted" as const,
      "branch-deleted" as const,
      "branch-reset" as const,
    ),
    name: text,
    previousSnapshotId: objectId,
  }),
  fc.record({ kind: fc.constant("new-commit" as const), branch: text, newSnapshotId: objectId }),
  fc.record({
    kind: fc.constant("commit-amended" as const),
    branch: text,
    previousSnapshotId: objectId,
    newSnapshotId: objectId,
  }),
  fc.record({ kind: fc.constant("new-detached-snapshot" as const), newSnapshotId: objectId }),
  fc.record({
    kind: fc.constant("feature-flag-changed" as const),
    flagId: fc.nat(65_535),
    newValue: fc.constantFrom(true, false, undefined),
  }),
  fc.record({ kind: fc.constant("repo-status-changed" as const), status }),
);

/** Repositories whose refs and parents all exist. */
export const repositories: fc.Arbitrary<RepoInfo> = fc
  .record({
    ids: fc.uniqueArray(objectId, { minLength: 1, maxLength: 6 }),
    parents: fc.array(fc.nat(), { minLength: 6, maxLength: 6 }),
    details: fc.array(
      fc.record({
        flushedAtMicros: safeNat,
        message: text,
        metadata,
        prunedAncestorTransactionLogs: fc.option(
          fc.array(objectId, { minLength: 1, maxLength: 3 }),
          {
            nil: undefined,
          },
        ),
      }),
      { minLength: 6, maxLength: 6 },
    ),
    branches: fc.dictionary(text, fc.nat(), { maxKeys: 3 }),
    tags: fc.dictionary(text, fc.nat(), { maxKeys: 3 }),
    rest: fc.record({
      deletedTags: fc.uniqueArray(text).map((names) => new Set(names)),
      status,
      metadata,
      latestUpdates: fc
        .array(
          fc.record({
            update: updateKinds,
            updatedAtMicros: safeNat,
            backupPath: fc.option(text, { nil: undefined }),
          }),
          { minLength: 1, maxLength: 5 },
        )
        .map(([first, ...others]) => [{ ...first, backupPath: undefined } as never, ...others]),
      repoBeforeUpdates: fc.option(text, { nil: undefined }),
      config: extra,
      enabledFeatureFlags: fc.option(
        fc.uniqueArray(fc.nat(65_535)).map((flags) => flags.sort((a, b) => a - b)),
        { nil: undefined },
      ),
      disabledFeatureFlags: fc.constant(undefined),
      extra,
      unknownFields: fc.constant(undefined),
    }),
  })
  .map(({ ids, parents, details, branches, tags, rest }) => {
    const pick = (index: number): string => ids[index % ids.length] as string;
    const point = (refs: Record<string, number>) =>
      Object.entries(refs).map(([name, index]) => [name, pick(index)] as const);
    const snapshots = ids.map((id, i): [string, RepoSnapshot] => {
      const parent = parents[i] as number;
      const parentId = parent % 3 === 0 ? undefined : pick(parent);
      return [id, { id, parentId, ...(details[i] as (typeof details)[number]) }];
    });
    return {
      ...rest,
      branches: new Map([...point(branches), ["main", pick(0)]]),
      tags: new Map(point(tags)),
      snapshots: new Map(snapshots),
    };
  });
