/**
 * The engine under a repository and its sessions: storage, runtime, typed assets, the mutable
 * state, and the effective configuration. A plain value that crosses floors.
 */
import { makeError } from "../base/errors.ts";
import {
  abortSignal,
  anything,
  checkOption,
  checkOptions,
  type OptionKinds,
  objectWith,
  plainObject,
  positiveInteger,
} from "../base/options.ts";
import { type Runtime, systemRuntime } from "../base/runtime.ts";
import {
  checkConfig,
  mergeConfig,
  parseConfig,
  type RepositoryConfig,
  type ResolvedConfig,
  resolveConfig,
} from "../format/config/config.ts";
import { refuseWithoutEffect } from "../format/config/without-effect.ts";
import { REPO_PATH } from "../format/object-paths.ts";
import type { RepoInfo } from "../format/repo/read.ts";
import { interceptStorage } from "../storage/intercept.ts";
import type { Storage } from "../storage/port.ts";
import { assetLimits, METADATA_BYTES_MAX } from "./asset-limits.ts";
import { type AssetStore, createAssetStore } from "./asset-store.ts";
import { mustLocateRepo } from "./locate-repo.ts";
import type { VersionedRepo } from "./repo-object.ts";
import { createRepoState, type RepoState } from "./repo-state.ts";

/** Credentials per URL prefix of a virtual chunk container; `null`: none are needed. */
export type VirtualChunkAccess = Readonly<Record<string, unknown>>;

/** What repositories and sessions work with. */
export interface Engine {
  readonly storage: Storage;
  readonly runtime: Runtime;
  readonly assets: AssetStore;
  readonly repoState: RepoState;
  /** The effective configuration, defaults filled in. */
  readonly config: ResolvedConfig;
  /** What is persisted, overridden by what the user passed; without defaults. */
  readonly settings: RepositoryConfig;
  readonly metadataBytesMax: number;
  /** Requests made so far, by all sessions together. */
  requestCount(): number;
  /** A fresh copy; sessions take it when they are made. */
  defaultCommitMetadata(): Record<string, unknown>;
}

/** How an engine is opened. */
export interface EngineOptions {
  /** Overrides the persisted configuration, key by key. */
  readonly config?: RepositoryConfig | undefined;
  /** Virtual chunk containers that may be read, by URL prefix: `unimplemented` so far. */
  readonly authorizeVirtualChunkAccess?: VirtualChunkAccess | undefined;
  /** Clock, randomness and sleep; the platform's own by default. */
  readonly runtime?: Runtime | undefined;
  /** Most bytes of one decompressed metadata file; default `METADATA_BYTES_MAX`. */
  readonly metadataBytesMax?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const KNOWN: OptionKinds = {
  config: anything,
  authorizeVirtualChunkAccess: anything,
  runtime: objectWith("nowMicros", "a Runtime"),
  metadataBytesMax: positiveInteger,
  signal: abortSignal,
};

/** Engine options, checked, with defaults filled in where a value is always needed. */
export interface CheckedEngineOptions extends EngineOptions {
  readonly config: RepositoryConfig;
  readonly runtime: Runtime;
  readonly metadataBytesMax: number;
}

/**
 * Checks options that may have the `extra` keys too. Makes a runtime unless one is given.
 * @throws {invalid-option} @throws {invalid-config}
 */
export async function checkEngineOptions(
  operation: string,
  storage: Storage,
  options: EngineOptions | undefined,
  extra: OptionKinds = {},
): Promise<CheckedEngineOptions> {
  checkOptions(operation, options, { ...KNOWN, ...extra });
  refuseVirtualChunkAccess(operation, options?.authorizeVirtualChunkAccess);
  const { config, metadataBytesMax = METADATA_BYTES_MAX, runtime } = options ?? {};
  checkStorage(operation, storage);
  const checked = config === undefined ? {} : checkConfig(config);
  if (checked.manifest !== undefined) {
    const { checkManifestPatterns } = await import("../format/config/patterns.ts");
    checkManifestPatterns(checked.manifest);
  }
  return { ...options, config: checked, runtime: runtime ?? systemRuntime(), metadataBytesMax };
}

/** @throws {unimplemented} for any access: no virtual chunk is fetched yet */
export function refuseVirtualChunkAccess(operation: string, access: unknown): void {
  if (access === undefined) return;
  checkOption(operation, "authorizeVirtualChunkAccess", access, plainObject);
  if (Object.keys(access as object).length === 0) return;
  throw makeError(
    "unimplemented",
    `${operation}: authorizeVirtualChunkAccess has no effect yet: virtual chunks are not fetched`,
    { details: { operation, option: "authorizeVirtualChunkAccess" } },
  );
}

/** @throws {invalid-option} unless `storage` looks like one */
export function checkStorage(operation: string, storage: unknown): void {
  checkOption(operation, "storage", storage, objectWith("getIfChanged", "a Storage"));
}

/**
 * Opens the repository in `storage`. One GET.
 * @throws {repository-not-found} @throws {invalid-file-format} @throws {unsupported-spec-version}
 * @throws {config-deserialization}
 */
export async function openEngine(storage: Storage, options: CheckedEngineOptions): Promise<Engine> {
  options.signal?.throwIfAborted();
  const state = await mustLocateRepo(storage, options.metadataBytesMax, options.signal);
  return buildEngine(storage, options, state);
}

/**
 * The engine over a repository whose state has just been read or written. No I/O.
 * @throws {unimplemented} for a key of the configuration that has no effect yet
 */
export function buildEngine(
  storage: Storage,
  options: CheckedEngineOptions,
  initial: VersionedRepo,
): Engine {
  const settings = overrideConfig(persistedConfig(initial.repo) ?? {}, options.config);
  return assembleEngine(storage, options, settings, initial);
}

/**
 * The engine with `override` over its configuration. State and caches are shared, unless their
 * limits are among what changes. No I/O.
 * @throws {unimplemented} for a key of the configuration that has no effect yet
 */
export function reconfigureEngine(engine: Engine, override: RepositoryConfig): Engine {
  const settings = overrideConfig(engine.settings, override);
  const config = effectiveConfig(settings);
  if (partsOf(config) === partsOf(engine.config)) return { ...engine, settings, config };
  return assembleEngine(engine.storage, engine, settings);
}

/** What state and caches are made with, as text. */
function partsOf(config: ResolvedConfig): string {
  const { caching, compression, maxConcurrentRequests, maxConcurrentDecodes } = config;
  const { repoUpdateRetries, numUpdatesPerRepoInfoFile } = config;
  const requests = [maxConcurrentRequests, maxConcurrentDecodes, numUpdatesPerRepoInfoFile];
  return JSON.stringify([caching, compression, repoUpdateRetries, requests]);
}

function overrideConfig(base: RepositoryConfig, override: RepositoryConfig): RepositoryConfig {
  const settings = mergeConfig(base, override);
  refuseWithoutEffect(resolveConfig(base), resolveConfig(settings));
  return settings;
}

function assembleEngine(
  storage: Storage,
  { runtime, metadataBytesMax }: Pick<CheckedEngineOptions, "runtime" | "metadataBytesMax">,
  settings: RepositoryConfig,
  initial?: VersionedRepo,
): Engine {
  const config = effectiveConfig(settings);
  const compressionLevel = config.compression.level;
  const { maxTries, initialBackoffMs, maxBackoffMs } = config.repoUpdateRetries;
  let requestCount = 0;
  const counted = interceptStorage(storage, {
    request(_, run) {
      requestCount++;
      return run();
    },
    list(_, run) {
      requestCount++;
      return run();
    },
  });
  return {
    storage,
    runtime,
    assets: createAssetStore({
      storage: counted,
      runtime,
      limits: assetLimits(config, metadataBytesMax),
      compressionLevel,
    }),
    repoState: createRepoState({
      storage: counted,
      runtime,
      retry: { attemptsMax: maxTries, initialBackoffMs, maxBackoffMs },
      entriesPerFile: config.numUpdatesPerRepoInfoFile,
      compressionLevel,
      metadataBytesMax,
      initial,
    }),
    config,
    settings,
    metadataBytesMax,
    requestCount: () => requestCount,
    defaultCommitMetadata: () => ({}),
  };
}

/** The settings over the defaults, frozen: repositories and sessions show it to their users. */
function effectiveConfig(settings: RepositoryConfig): ResolvedConfig {
  return freezeDeep(structuredClone(resolveConfig(settings)));
}

function freezeDeep<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  for (const member of Object.values(value)) freezeDeep(member);
  return Object.freeze(value);
}

/** The configuration that `repo` holds, if any. @throws {config-deserialization} */
export function persistedConfig(repo: RepoInfo): RepositoryConfig | undefined {
  return repo.config === undefined ? undefined : parseConfig(repo.config, REPO_PATH);
}
