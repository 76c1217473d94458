/** Settings of the storage under a repository, as the configuration carries them. */

/** How one object is cut into requests. */
export interface StorageConcurrencySettings {
  /** Requests for parts of one object at once; 1 to 65535. */
  readonly maxConcurrentRequestsForObject?: number | undefined;
  /** Bytes of one part, at least 1. */
  readonly idealConcurrentRequestSize?: number | undefined;
}

/** How often and how patiently something is tried again. */
export interface RetriesSettings {
  /** Tries, the first included; 1 to 65535. */
  readonly maxTries?: number | undefined;
  readonly initialBackoffMs?: number | undefined;
  readonly maxBackoffMs?: number | undefined;
}

/** Time limits of one request; unset: the platform's own. */
export interface StorageTimeoutSettings {
  readonly connectTimeoutMs?: number | undefined;
  readonly readTimeoutMs?: number | undefined;
  readonly operationTimeoutMs?: number | undefined;
  readonly operationAttemptTimeoutMs?: number | undefined;
}

/** What is unset takes the default of the storage in use. */
export interface StorageSettings {
  readonly concurrency?: StorageConcurrencySettings | undefined;
  readonly retries?: RetriesSettings | undefined;
  readonly timeouts?: StorageTimeoutSettings | undefined;
  /** False makes official writers overwrite `repo` blindly. */
  readonly unsafeUseConditionalUpdate?: boolean | undefined;
  /** False makes official writers create objects without checking that there is none. */
  readonly unsafeUseConditionalCreate?: boolean | undefined;
  /** Whether objects get user metadata. */
  readonly unsafeUseMetadata?: boolean | undefined;
  readonly storageClass?: string | undefined;
  /** For metadata files; falls back to `storageClass`. */
  readonly metadataStorageClass?: string | undefined;
  /** For chunks; falls back to `storageClass`. */
  readonly chunksStorageClass?: string | undefined;
  /** Bytes from which an object is put in parts. */
  readonly minimumSizeForMultipartUpload?: number | undefined;
}
