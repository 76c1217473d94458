/**
 * The engine under a repository and its sessions: storage, runtime, typed assets, the mutable
 * state, and the effective configuration. A plain value that crosses floors.
 */
import { lazyPart } from "../base/lazy-part.ts";
import {
  abortSignal,
  anything,
  checkOption,
  checkOptions,
  type OptionKinds,
  objectWith,
  positiveInteger,
} from "../base/options.ts";
import { type Runtime, systemRuntime } from "../base/runtime.ts";
import { DEFAULT_CONFIG, type RepositoryConfig } from "../format/config/config.ts";
import { interceptStorage } from "../storage/intercept.ts";
import type { Storage } from "../storage/port.ts";
import { assetLimits, METADATA_BYTES_MAX } from "./asset-limits.ts";
import { type AssetStore, createAssetStore } from "./asset-store.ts";
import type { Configuration } from "./configuration.ts";
import { mustLocateRepo } from "./locate-repo.ts";
import type { VersionedRepo } from "./repo-object.ts";
import { createRepoState, type RepoState } from "./repo-state.ts";

const loadResolve = /* @__PURE__ */ lazyPart(() => import("../format/config/resolve.ts"));
const loadConfiguration = /* @__PURE__ */ lazyPart(() => import("./configuration.ts"));
const loadAccess = /* @__PURE__ */ lazyPart(() => import("./virtual-chunk-access.ts"));
const loadPatterns = /* @__PURE__ */ lazyPart(() => import("../format/config/patterns.ts"));

/** Credentials per URL prefix of a virtual chunk container; `null`: none are needed. */
export type VirtualChunkAccess = Readonly<Record<string, unknown>>;

/** What repositories and sessions work with. */
export interface Engine extends Configuration {
  readonly storage: Storage;
  readonly runtime: Runtime;
  readonly assets: AssetStore;
  readonly repoState: RepoState;
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
  const { config, metadataBytesMax = METADATA_BYTES_MAX, runtime } = options ?? {};
  const access: unknown = options?.authorizeVirtualChunkAccess;
  if (access !== undefined) (await loadAccess()).refuseVirtualChunkAccess(operation, access);
  checkStorage(operation, storage);
  const checked = config === undefined ? {} : await checkedConfig(config);
  return { ...options, config: checked, runtime: runtime ?? systemRuntime(), metadataBytesMax };
}

async function checkedConfig(config: unknown): Promise<RepositoryConfig> {
  const { checkConfig } = await loadResolve();
  const checked = checkConfig(config);
  if (checked.manifest !== undefined) {
    const { checkManifestPatterns } = await loadPatterns();
    checkManifestPatterns(checked.manifest);
  }
  return checked;
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
export async function buildEngine(
  storage: Storage,
  options: CheckedEngineOptions,
  initial: VersionedRepo,
): Promise<Engine> {
  const { repo } = initial;
  // Most repositories are as the defaults say: code for others is loaded where it is needed.
  if (repo.config === undefined && Object.keys(options.config).length === 0) {
    return assembleEngine(storage, options, { settings: {}, config: DEFAULT_CONFIG }, initial);
  }
  const { overrideConfig, persistedConfig, settledStorage } = await loadConfiguration();
  const configuration = overrideConfig(storage, persistedConfig(repo) ?? {}, options.config);
  const settled = settledStorage(storage, configuration.config);
  return assembleEngine(settled, options, configuration, initial);
}

/** An engine with that configuration. No I/O. */
export function assembleEngine(
  storage: Storage,
  { runtime, metadataBytesMax }: Pick<CheckedEngineOptions, "runtime" | "metadataBytesMax">,
  { settings, config }: Configuration,
  initial?: VersionedRepo,
): Engine {
  const compressionLevel = config.compression.level;
  const { maxTries, initialBackoffMs, maxBackoffMs } = config.repoUpdateRetries;
  let requestCount = 0;
  const count = <T>(_: unknown, run: () => T): T => {
    requestCount++;
    return run();
  };
  const counted = interceptStorage(storage, { request: count, list: count });
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
