/**
 * How much memory and how many requests the assets may use. The persisted configuration counts
 * nodes, references and changes; caches here are bounded in bytes, so the counts are converted.
 */
import { makeError } from "../base/errors.ts";
import type { ResolvedConfig } from "../format/config/config.ts";

/**
 * Most bytes that one metadata file (snapshot, manifest, transaction log, `repo`) may have when
 * decompressed: a manifest takes about 43 bytes per native reference, so this is 12 million.
 */
export const METADATA_BYTES_MAX = 512 * 1024 * 1024;

/** Cached bytes per `caching.numSnapshotNodes`: the default of 500,000 nodes makes 128 MB. */
const SNAPSHOT_CACHE_BYTES_PER_NODE = 256;

/** Cached bytes per `caching.numChunkRefs`: the default of 15 million references makes 240 MB. */
const MANIFEST_CACHE_BYTES_PER_REF = 16;

/** Cached bytes per `caching.numTransactionChanges`: four coordinates of four bytes. */
const TRANSACTION_LOG_CACHE_BYTES_PER_CHANGE = 16;

/**
 * Kept for transaction logs even though the default count is 0: writers of one process that lose
 * a race all read the same few logs.
 */
const TRANSACTION_LOG_CACHE_BYTES_MIN = 8 * 1024 * 1024;

/** Bounds of an asset store. A cache of 0 bytes keeps nothing. */
export interface AssetLimits {
  readonly snapshotCacheBytes: number;
  readonly manifestCacheBytes: number;
  readonly transactionLogCacheBytes: number;
  readonly chunkCacheBytes: number;
  /** Most bytes of one decompressed metadata file; larger ones are refused. */
  readonly metadataBytesMax: number;
  /** Requests for immutable objects under way at once. */
  readonly concurrentRequestsMax: number;
  /** Metadata files being decoded at once. */
  readonly concurrentDecodesMax: number;
}

/** The bounds that `config` asks for. */
export function assetLimits(
  config: ResolvedConfig,
  metadataBytesMax: number = METADATA_BYTES_MAX,
): AssetLimits {
  const { caching } = config;
  return {
    snapshotCacheBytes: caching.numSnapshotNodes * SNAPSHOT_CACHE_BYTES_PER_NODE,
    manifestCacheBytes: caching.numChunkRefs * MANIFEST_CACHE_BYTES_PER_REF,
    transactionLogCacheBytes: Math.max(
      TRANSACTION_LOG_CACHE_BYTES_MIN,
      caching.numTransactionChanges * TRANSACTION_LOG_CACHE_BYTES_PER_CHANGE,
    ),
    chunkCacheBytes: caching.numBytesChunks,
    metadataBytesMax,
    concurrentRequestsMax: config.maxConcurrentRequests,
    concurrentDecodesMax: config.maxConcurrentDecodes,
  };
}

/**
 * Refuses to write a metadata file that would be refused when it is read: what it holds would be
 * out of reach, and as `repo` it would lock everybody out.
 * @throws {serialization}
 */
export function assertReadable(object: string, payloadBytes: number, bytesMax: number): void {
  if (payloadBytes <= bytesMax) return;
  throw makeError(
    "serialization",
    `${object} would take ${payloadBytes} bytes, more than the ${bytesMax} that are read (option metadataBytesMax); manifests get smaller by splitting`,
    { details: { object, payloadBytes, bytesMax } },
  );
}
