/**
 * Every configuration key: its name for users, its type in storage, its range; in storage it has
 * the same name in snake case. A stored value of a wrong type keeps official clients from opening
 * the repository at all, so what is written here is exactly what they write.
 * Spec: docs/format.md "Configuration".
 */
import { isPlainObject } from "../../base/options.ts";
import {
  type ConfigKind,
  choice,
  dictionary,
  flag,
  integer,
  keyPath,
  list,
  nested,
  record,
  snakeCase,
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

const compression = record({ algorithm: compressionAlgorithm(), level: integer(U8, ZSTD_LEVELS) });

/** The official binding numbers the algorithms: 0 is zstd. */
function compressionAlgorithm(): ConfigKind {
  const word = choice(["zstd"]);
  const spelled = (value: unknown): unknown => (value === 0 ? "zstd" : value);
  return {
    read: (value, at, source) => word.read(source.isStored ? value : spelled(value), at, source),
    store: spelled,
  };
}

const caching = record({
  numSnapshotNodes: integer(U64),
  numChunkRefs: integer(U64),
  numTransactionChanges: integer(U64),
  numBytesAttributes: integer(U64),
  numBytesChunks: integer(U64),
});

const retries = record({
  maxTries: integer(NONZERO_U16),
  initialBackoffMs: integer(U32),
  maxBackoffMs: integer(U32),
});

const storageConcurrency = record({
  maxConcurrentRequestsForObject: integer(NONZERO_U16),
  idealConcurrentRequestSize: integer(NONZERO_U64),
});

const storageTimeouts = record({
  connectTimeoutMs: integer(U32),
  readTimeoutMs: integer(U32),
  operationTimeoutMs: integer(U32),
  operationAttemptTimeoutMs: integer(U32),
});

const storage = record({
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
});

/** A record whose keys may be null; they have one name for users and in storage. */
function storedRecord(
  kinds: Readonly<Record<string, ConfigKind>>,
  options: { readonly required?: readonly string[]; readonly isReplaced?: boolean } = {},
): ConfigKind {
  return record(kinds, { ...options, allowsNull: true });
}

const regex = storedRecord({ regex: text }, { required: ["regex"] });

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
  { required: ["condition", "num_chunks"] },
);

const countBound = variant({ Unbounded: null, Included: integer(U32), Excluded: integer(U32) });

const preloadCondition: ConfigKind = variant({
  or: list(nested(() => preloadCondition)),
  and: list(nested(() => preloadCondition)),
  path_matches: regex,
  name_matches: regex,
  num_refs: storedRecord({ from: countBound, to: countBound }, { required: ["from", "to"] }),
  true: null,
  false: null,
});

const manifest = storedRecord({
  preload: storedRecord(
    {
      max_total_refs: integer(U32),
      preload_if: whole(preloadCondition),
      max_arrays_to_scan: integer(U32),
    },
    { isReplaced: true },
  ),
  splitting: storedRecord(
    { split_sizes: whole(list(list([splitCondition, list(splitDimension)]))) },
    { isReplaced: true },
  ),
  virtual_chunk_location_compression: storedRecord({
    min_num_chunks: integer(U16),
    dictionary_max_training_samples: integer(U16),
    dictionary_max_size_bytes: integer(U32),
    compression_level: integer(I32, ZSTD_LEVELS_ALL),
  }),
  max_concurrent_manifest_fetches_during_commit: integer(U16, [1]),
});

/** Older official clients refuse a record without its flags: they are always stored. */
const s3Options = record(
  {
    region: text,
    endpointUrl: text,
    anonymous: flag,
    allowHttp: flag,
    forcePathStyle: flag,
    networkStreamTimeoutSeconds: integer(U32),
    requesterPays: flag,
    checksumAlgorithm: choice(["crc32", "crc32c", "crc64_nvme", "sha1", "sha256"]),
  },
  { absent: { anonymous: false, allowHttp: false, forcePathStyle: false, requesterPays: false } },
);

const HEADERS_KEY = "headers";

/** Stored flat: the options beside one key for the headers, which is left out when empty. */
function httpOptions(): ConfigKind {
  const texts = dictionary(text);
  const passed = record({ opts: texts, headers: texts });
  return {
    read(value, at, source) {
      if (!source.isStored || !isPlainObject(value)) return passed.read(value, at, source);
      const opts = Object.entries(value).filter(([key]) => key !== HEADERS_KEY);
      const headers = value[HEADERS_KEY] ?? {};
      return {
        opts: texts.read(Object.fromEntries(opts), at, source),
        headers: texts.read(headers, keyPath(at, HEADERS_KEY), source),
      };
    },
    store(value) {
      const { opts = {}, headers = {} } = value as Record<string, Record<string, string>>;
      const isPlain = Object.keys(headers).length === 0;
      return { ...opts, ...(isPlain ? {} : { [HEADERS_KEY]: headers }) };
    },
  };
}

/** The settings of each type of store. */
const STORES: ReadonlyMap<unknown, ConfigKind | null> = new Map([
  ["InMemory", null],
  ["LocalFileSystem", text],
  ["Http", httpOptions()],
  ["S3Compatible", s3Options],
  ["S3", s3Options],
  ["Gcs", dictionary(text)],
  ["Azure", dictionary(text)],
  ["Tigris", s3Options],
]);

/** Users name the type in `type` and put its content in `field0`, as in the official binding. */
function objectStore(): ConfigKind {
  const types = [...STORES.keys()] as string[];
  const stored = variant(
    Object.fromEntries(types.map((type) => [snakeCase(type), STORES.get(type) ?? null])),
  );
  return {
    read(value, at, source) {
      if (source.isStored) {
        const content = stored.read(value, at, source);
        const isBare = typeof content === "string";
        const [name, field0] = isBare ? [content] : (Object.entries(content as object)[0] ?? []);
        const type = types.find((one) => snakeCase(one) === name);
        return { type, ...(isBare ? {} : { field0 }) };
      }
      const kind = STORES.get(isPlainObject(value) ? value["type"] : undefined);
      const shape = { type: choice(types), ...(kind && { field0: kind }) };
      return record(shape, { required: ["type", "field0"] }).read(value, at, source);
    },
    store(value, previous) {
      const { type, field0 } = value as { readonly type: string; readonly field0?: unknown };
      const name = STORES.has(type) ? snakeCase(type) : "";
      const kind = STORES.get(type) ?? null;
      if (kind === null) return name;
      const before = isPlainObject(previous) ? previous[name] : undefined;
      return { [name]: kind.store(field0, before) };
    },
  };
}

const container = record(
  { name: text, urlPrefix: text, store: objectStore() },
  { required: ["urlPrefix", "store"] },
);

/** Stored one level deeper, under the only key it has. */
function repoUpdateRetries(): ConfigKind {
  const outer = record({ default: retries });
  return {
    ...retries,
    read(value, at, source) {
      if (!source.isStored) return retries.read(value, at, source);
      const { default: inner = {} } = outer.read(value, at, source) as { default?: unknown };
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
  { storedOnly: { previous_file: null } },
);
