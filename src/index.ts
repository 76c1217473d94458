/**
 * icefloe: Icechunk in TypeScript. The public entry: repositories, sessions, forks, stores, errors
 * and the storages that run everywhere. Nothing here reaches a `node:` module.
 */
export type { EngineOptions, VirtualChunkAccess } from "./assets/engine.ts";
export type { AsyncList } from "./base/async-list.ts";
export type { ErrorCategory, ErrorKind } from "./base/error-kinds.ts";
export {
  AlreadyExistsError,
  ConflictError,
  type ConflictInfo,
  type ErrorDetails,
  type ErrorJson,
  FormatError,
  IcefloeError,
  type IcefloeErrorOptions,
  InvalidInputError,
  isIcefloeError,
  MergeOverlapError,
  NotFoundError,
  ReadOnlyError,
  RebaseFailedError,
  type Retry,
  SessionStateError,
  StorageError,
  UnknownOutcomeError,
} from "./base/errors.ts";
export type { Extent } from "./base/extent.ts";
export type { Abortable } from "./base/options.ts";
export { type Runtime, systemRuntime } from "./base/runtime.ts";
export type {
  CachingConfig,
  CompressionConfig,
  RepositoryConfig,
  ResolvedConfig,
} from "./format/config/config.ts";
export type {
  CountBound,
  LocationCompressionConfig,
  ManifestConfig,
  ManifestPreloadCondition,
  ManifestPreloadConfig,
  ManifestSplitCondition,
  ManifestSplitDimension,
  ManifestSplitDimensionCondition,
  ManifestSplitRule,
  ManifestSplittingConfig,
  RegexCondition,
  Resolved,
  ResolvedManifestConfig,
} from "./format/config/manifest.ts";
export type {
  RetriesSettings,
  StorageConcurrencySettings,
  StorageSettings,
  StorageTimeoutSettings,
} from "./format/config/storage.ts";
export type {
  HttpStoreOptions,
  ObjectStoreConfig,
  S3StoreOptions,
  VirtualChunkContainer,
} from "./format/config/virtual-container.ts";
export type { AncestryGraph, AncestryNode } from "./repository/ancestry-graph.ts";
export type { ReopenOptions } from "./repository/configuration.ts";
export type { ManifestFile } from "./repository/manifest-files.ts";
export {
  Repository,
  type ResetBranchOptions,
  type WritableSessionOptions,
} from "./repository/repository.ts";
export type { CreateOptions, RepositoryOptions } from "./repository/repository-options.ts";
export type { SignalOption } from "./repository/signal-option.ts";
export type { SnapshotInfo } from "./repository/snapshot-info.ts";
export type { TransactionOptions } from "./repository/transaction.ts";
export type { VersionRef } from "./repository/version-ref.ts";
export { ChunkCoordinates } from "./session/changes/chunk-coordinates.ts";
export type { AmendOptions, CommitOptions, FlushOptions } from "./session/commit/options.ts";
export type { CommitEvent, CommitReport } from "./session/commit/report.ts";
export {
  ForkSession,
  type FromBytesOptions,
  type ToBytesOptions,
} from "./session/fork-session.ts";
export type { MergeInput, MergeInputs, MergeOptions } from "./session/merge/inputs.ts";
export type { MergeReport, OverlapPolicy } from "./session/merge/report.ts";
export type {
  Conflict,
  ConflictContext,
  ConflictDecision,
  ConflictNode,
  ConflictSolver,
  ConflictType,
} from "./session/rebase/conflict.ts";
export {
  type BasicConflictSolverOptions,
  basicConflictSolver,
  conflictDetector,
} from "./session/rebase/solvers.ts";
export { Session } from "./session/session.ts";
export type { ArrayChunk } from "./session/store/array-chunk.ts";
export type { RangeRequest } from "./session/store/byte-range.ts";
export { Store, type StoreOptions } from "./session/store.ts";
export type { Diff } from "./session/view/diff.ts";
export type { ChunkCoordinateList, ChunkType, QueryOptions } from "./session/view/queries.ts";
export type { VirtualRefColumns } from "./session/virtual/columns.ts";
export type { VirtualRefInput, VirtualRefOptions } from "./session/virtual/set-refs.ts";
export type { HttpStorageOptions } from "./storage/http/http-request.ts";
export { httpStorage } from "./storage/http/http-storage.ts";
export { type MemoryStorageOptions, memoryStorage } from "./storage/memory.ts";
export type * from "./storage/port.ts";
