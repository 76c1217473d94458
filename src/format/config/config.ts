/**
 * The configuration of a repository: what users may set, what applies, and the defaults.
 *
 * Effective = defaults, overridden by what is persisted, overridden by what the user passes
 * (`resolve.ts`, which is loaded where something is set). Credentials are not part of it.
 * Spec: v2 "Repo Info File" › Repo; docs/format.md "Configuration".
 */
import {
  DEFAULT_MANIFEST_CONFIG,
  type ManifestConfig,
  type Resolved,
  type ResolvedManifestConfig,
} from "./manifest.ts";
import type { RetriesSettings, StorageSettings } from "./storage.ts";
import type { VirtualChunkContainer } from "./virtual-container.ts";

/** Compression of metadata files; chunks are never compressed by the store. */
export interface CompressionConfig {
  /** 0 is how the official binding spells `"zstd"`. */
  readonly algorithm?: "zstd" | 0 | undefined;
  /** 0 (zstd's own default) to 22. */
  readonly level?: number | undefined;
}

/** Bounds of the caches, in what they hold; 0 turns one off. */
export interface CachingConfig {
  readonly numSnapshotNodes?: number | undefined;
  readonly numChunkRefs?: number | undefined;
  readonly numTransactionChanges?: number | undefined;
  /** Reserved by the format, without effect. */
  readonly numBytesAttributes?: number | undefined;
  readonly numBytesChunks?: number | undefined;
}

/** What users set. Everything may be left out. */
export interface RepositoryConfig {
  /** Chunks of at most this many bytes are kept in manifests; 0 to 65535. */
  readonly inlineChunkThresholdBytes?: number | undefined;
  /** Ranges fetched at once by one call. */
  readonly getPartialValuesConcurrency?: number | undefined;
  readonly compression?: CompressionConfig | undefined;
  /** Requests for immutable objects under way at once. */
  readonly maxConcurrentRequests?: number | undefined;
  /** Metadata files decoded at once. */
  readonly maxConcurrentDecodes?: number | undefined;
  readonly caching?: CachingConfig | undefined;
  readonly storage?: StorageSettings | undefined;
  /** Replaces the persisted ones as a whole. Keys are URL prefixes by custom, never read. */
  readonly virtualChunkContainers?: Readonly<Record<string, VirtualChunkContainer>> | undefined;
  /** Keeps the names and nesting of its stored form. */
  readonly manifest?: ManifestConfig | undefined;
  /** For updates of `repo` that lost a race. */
  readonly repoUpdateRetries?: RetriesSettings | undefined;
  /** Ops log entries kept in `repo`; 1 to 65535. */
  readonly numUpdatesPerRepoInfoFile?: number | undefined;
}

/** What applies, nothing left out. It may be passed wherever a `RepositoryConfig` may. */
export interface ResolvedConfig extends Resolved<RepositoryConfig> {
  readonly compression: { readonly algorithm: "zstd"; readonly level: number };
  readonly caching: Resolved<CachingConfig>;
  /** Only those that can be used; every prefix ends in a slash. */
  readonly virtualChunkContainers: Readonly<Record<string, VirtualChunkContainer>>;
  readonly manifest: ResolvedManifestConfig;
  readonly repoUpdateRetries: Resolved<RetriesSettings>;
}

/** What applies where nothing is configured. */
export const DEFAULT_CONFIG: ResolvedConfig = /* @__PURE__ */ freezeDeep<ResolvedConfig>({
  inlineChunkThresholdBytes: 512,
  getPartialValuesConcurrency: 10,
  compression: { algorithm: "zstd", level: 3 },
  maxConcurrentRequests: 256,
  // Official clients take the number of processors; more than Node's four threads gain nothing.
  maxConcurrentDecodes: 4,
  caching: {
    numSnapshotNodes: 500_000,
    numChunkRefs: 15_000_000,
    numTransactionChanges: 0,
    numBytesAttributes: 0,
    numBytesChunks: 0,
  },
  storage: {},
  virtualChunkContainers: {},
  manifest: DEFAULT_MANIFEST_CONFIG,
  repoUpdateRetries: { maxTries: 100, initialBackoffMs: 50, maxBackoffMs: 30_000 },
  numUpdatesPerRepoInfoFile: 1000,
});

/** `value`, in which nothing can be changed any more: repositories and sessions show it to their users. */
export function freezeDeep<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  for (const member of Object.values(value)) freezeDeep(member);
  return Object.freeze(value);
}
