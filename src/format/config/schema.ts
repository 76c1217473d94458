/**
 * Every configuration key: its name for users, its type in storage, its range. Its name in storage
 * is the same in snake case. A stored
 * value of a wrong type keeps official clients from opening the repository at all, so what is
 * written here is exactly what they write. Spec: docs/format.md "Configuration".
 */
import { isPlainObject } from "../../base/options.ts";
import {
  type ConfigKind,
  dictionary,
  flag,
  integer,
  keyPath,
  list,
  nested,
  oneOf,
  record,
  text,
  variant,
  whole,
} from "./value.ts";

const U8 = [0n, 0xffn] as const;
const U16 = [0n, 0xffffn] as const;
const NONZERO_U16 = [1n, 0xffffn] as const;
const U32 = [0n, 0xffff_ffffn] as const;
const U64 = [0n, 0xffff_ffff_ffff_ffffn] as const;
const NONZERO_U64 = [1n, 0xffff_ffff_ffff_ffffn] as const;
const I32 = [-0x8000_0000n, 0x7fff_ffffn] as const;

/** Levels of zstd: 0 stands for its own default. */
const ZSTD_LEVELS = [0, 22] as const;
/** Fast levels are negative. */
const ZSTD_LEVELS_ALL = [-131_072, 22] as const;

/** A count of things done at once: official clients store 0 and then wait for ever. */
const concurrency: ConfigKind = integer(U16, [1]);

const compression = record(
  {
    algorithm: compressionAlgorithm(),
    level: integer(U8, ZSTD_LEVELS),
  },
  { isMerged: true },
);

/** The official binding numbers the algorithms: 0 is zstd. */
function compressionAlgorithm(): ConfigKind {
  const word = oneOf(["zstd"]);
  const spelled = (value: unknown): unknown => (value === 0 ? "zstd" : value);
  return {
    read: (value, at, origin) => word.read(origin.isStored ? value : spelled(value), at, origin),
    store: spelled,
  };
}

const caching = record(
  {
    numSnapshotNodes: integer(U64),
    numChunkRefs: integer(U64),
    numTransactionChanges: integer(U64),
    numBytesAttributes: integer(U64),
    numBytesChunks: integer(U64),
  },
  { isMerged: true },
);

const retries = record(
  {
    maxTries: integer(NONZERO_U16),
    initialBackoffMs: integer(U32),
    maxBackoffMs: integer(U32),
  },
  { isMerged: true },
);

const storageConcurrency = record(
  {
    maxConcurrentRequestsForObject: integer(NONZERO_U16),
    idealConcurrentRequestSize: integer(NONZERO_U64),
  },
  { isMerged: true },
);

const storageTimeouts = record(
  {
    connectTimeoutMs: integer(U32),
    readTimeoutMs: integer(U32),
    operationTimeoutMs: integer(U32),
    operationAttemptTimeoutMs: integer(U32),
  },
  { isMerged: true },
);

const storage = record(
  {
    concurrency: storageConcurrency,
    retries,
    timeouts: storageTimeouts,
    unsafeUseConditionalUpdate: flag,
    unsafeUseConditionalCreate: flag,
    unsafeUseMetadata: flag,
    storageClass: text,
    metadataStorageClass: text,
    chunksStorageClass: text,
    minimumSizeForMultipartUpload: integer(U64),
  },
  { isMerged: true },
);

/** A record whose keys have one name for users and in storage, and may be null. */
function storedRecord(
  kinds: Readonly<Record<string, ConfigKind>>,
  options: { readonly isMerged?: boolean; readonly isRequired?: boolean } = {},
): ConfigKind {
  const { isMerged = false, isRequired = false } = options;
  const fields = Object.entries(kinds).map(([key, kind]) => [key, { kind, isRequired }] as const);
  return record(Object.fromEntries(fields), { isMerged, allowsNull: true });
}

const regex = storedRecord({ regex: text }, { isRequired: true });

const splitCondition: ConfigKind = variant({
  or: list(nested(() => splitCondition)),
  and: list(nested(() => splitCondition)),
  path_matches: regex,
  name_matches: regex,
  any_array: null,
});

const splitDimension = storedRecord(
  {
    condition: variant({ Axis: integer(U64), DimensionName: text, Any: null }),
    num_chunks: integer(U32, [1]), // Official clients panic on 0, at the next commit.
  },
  { isRequired: true },
);

const countBound = variant({ Unbounded: null, Included: integer(U32), Excluded: integer(U32) });

const preloadCondition: ConfigKind = variant({
  or: list(nested(() => preloadCondition)),
  and: list(nested(() => preloadCondition)),
  path_matches: regex,
  name_matches: regex,
  num_refs: storedRecord({ from: countBound, to: countBound }, { isRequired: true }),
  true: null,
  false: null,
});

const manifest = storedRecord(
  {
    preload: storedRecord({
      max_total_refs: integer(U32),
      preload_if: whole(preloadCondition),
      max_arrays_to_scan: integer(U32),
    }),
    splitting: storedRecord({
      split_sizes: whole(list(list([splitCondition, list(splitDimension)]))),
    }),
    virtual_chunk_location_compression: storedRecord(
      {
        min_num_chunks: integer(U16),
        dictionary_max_training_samples: integer(U16),
        dictionary_max_size_bytes: integer(U32),
        compression_level: integer(I32, ZSTD_LEVELS_ALL),
      },
      { isMerged: true },
    ),
    max_concurrent_manifest_fetches_during_commit: integer(U16, [1]),
  },
  { isMerged: true },
);

/** Older official clients refuse a record without its flags: they are always stored. */
const s3Options = record({
  region: text,
  endpointUrl: text,
  anonymous: { kind: flag, absent: false },
  allowHttp: { kind: flag, absent: false },
  forcePathStyle: { kind: flag, absent: false },
  networkStreamTimeoutSeconds: integer(U32),
  requesterPays: { kind: flag, absent: false },
  checksumAlgorithm: oneOf(["crc32", "crc32c", "crc64_nvme", "sha1", "sha256"]),
});

const HEADERS_KEY = "headers";

/** Stored flat: the options beside one key for the headers, which is left out when empty. */
function httpOptions(): ConfigKind {
  const texts = dictionary(text);
  const passed = record({
    opts: texts,
    headers: texts,
  });
  return {
    read(value, at, origin) {
      if (!origin.isStored || !isPlainObject(value)) return passed.read(value, at, origin);
      const opts = Object.entries(value).filter(([key]) => key !== HEADERS_KEY);
      const headers = value[HEADERS_KEY] ?? {};
      return {
        opts: texts.read(Object.fromEntries(opts), at, origin),
        headers: texts.read(headers, keyPath(at, HEADERS_KEY), origin),
      };
    },
    store(value) {
      const { opts = {}, headers = {} } = value as Record<string, Record<string, string>>;
      const isPlain = Object.keys(headers).length === 0;
      return { ...opts, ...(isPlain ? {} : { [HEADERS_KEY]: headers }) };
    },
  };
}

const STORE_CASES: readonly {
  readonly type: string;
  readonly stored: string;
  readonly kind?: ConfigKind;
}[] = [
  { type: "InMemory", stored: "in_memory" },
  { type: "LocalFileSystem", stored: "local_file_system", kind: text },
  { type: "Http", stored: "http", kind: httpOptions() },
  { type: "S3Compatible", stored: "s3_compatible", kind: s3Options },
  { type: "S3", stored: "s3", kind: s3Options },
  { type: "Gcs", stored: "gcs", kind: dictionary(text) },
  { type: "Azure", stored: "azure", kind: dictionary(text) },
  { type: "Tigris", stored: "tigris", kind: s3Options },
];

/** Users name the case in `type` and put its content in `field0`, as in the official binding. */
function objectStore(): ConfigKind {
  const stored = variant(
    Object.fromEntries(STORE_CASES.map((one) => [one.stored, one.kind ?? null])),
  );
  const type = oneOf(STORE_CASES.map((one) => one.type));
  const caseOf = (name: unknown) => STORE_CASES.find((one) => one.type === name);
  return {
    read(value, at, origin) {
      if (origin.isStored) {
        const content = stored.read(value, at, origin);
        const name = typeof content === "string" ? content : Object.keys(content as object)[0];
        const found = STORE_CASES.find((one) => one.stored === name)?.type;
        const isBare = typeof content === "string";
        return { type: found, ...(isBare ? {} : { field0: Object.values(content as object)[0] }) };
      }
      const kind = caseOf(isPlainObject(value) ? value["type"] : undefined)?.kind;
      const field0 = kind && { field0: { stored: "field0", kind, isRequired: true } };
      const shape = { type: { kind: type, isRequired: true }, ...field0 };
      return record(shape).read(value, at, origin);
    },
    store(value, previous) {
      const given = value as { readonly type: string; readonly field0?: unknown };
      const { stored: name = "", kind } = caseOf(given.type) ?? {};
      if (kind === undefined) return name;
      const before = isPlainObject(previous) ? previous[name] : undefined;
      return { [name]: kind.store(given.field0, before) };
    },
  };
}

const container = record({
  name: text,
  urlPrefix: { kind: text, isRequired: true },
  store: { kind: objectStore(), isRequired: true },
});

/** Stored one level deeper, under the only key it has. */
function repoUpdateRetries(): ConfigKind {
  const outer = record({ default: retries }, { isMerged: true });
  return {
    ...retries,
    read(value, at, origin) {
      if (!origin.isStored) return retries.read(value, at, origin);
      const { default: inner = {} } = outer.read(value, at, origin) as { default?: unknown };
      return inner;
    },
    store: (value, previous) => outer.store({ default: value }, previous),
  };
}

/** The whole configuration. */
export const CONFIG_SCHEMA: ConfigKind = record(
  {
    inlineChunkThresholdBytes: integer(U16),
    getPartialValuesConcurrency: concurrency,
    compression,
    maxConcurrentRequests: concurrency,
    maxConcurrentDecodes: concurrency,
    caching,
    storage,
    virtualChunkContainers: dictionary(container),
    manifest,
    repoUpdateRetries: repoUpdateRetries(),
    numUpdatesPerRepoInfoFile: integer(U16, [1]),
  },
  // A key of old versions that all others carry along.
  { isMerged: true, storedOnly: { previous_file: null } },
);
