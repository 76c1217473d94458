/**
 * The `repo` object: the one mutable file of a spec 2 repository. Here as ids and names; the
 * indices of the stored form exist only in the codec. Spec: v2 "Repo Info File".
 */
import type { MetadataItem } from "./metadata.ts";

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

/** Who may use the repository. */
export interface RepoStatus {
  readonly availability: "online" | "read-only" | "offline";
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
  | { readonly kind: "repo-status-changed"; readonly status: RepoStatus };

/** One entry of the ops log. */
export interface RepoUpdate {
  readonly update: UpdateKind;
  readonly updatedAtMicros: number;
  /** File name inside `overwritten/`: the state right after this update. The newest has none. */
  readonly backupPath?: string | undefined;
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
}
