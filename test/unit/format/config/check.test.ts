import { describe, expect, it } from "vitest";
import { isIcefloeError } from "../../../../src/base/errors.ts";
import { checkConfig } from "../../../../src/format/config/resolve.ts";

/** Key path, expected and found of the error that `config` is refused with. */
function refusal(config: unknown): { key?: unknown; expected?: unknown; found?: unknown } {
  try {
    checkConfig(config);
  } catch (error) {
    if (!isIcefloeError(error, "invalid-config")) throw error;
    for (const part of Object.values(error.details)) expect(error.message).toContain(part);
    return error.details;
  }
  throw new Error("the configuration was accepted");
}

const split = (condition: unknown, dimensions: unknown): unknown => ({
  manifest: { splitting: { split_sizes: [[condition, dimensions]] } },
});
const container = (fields: object): unknown => ({
  virtualChunkContainers: {
    c: { urlPrefix: "s3://bucket/", store: { type: "S3", field0: {} }, ...fields },
  },
});

describe("checkConfig", () => {
  it("takes an empty configuration", () => {
    expect(checkConfig({})).toEqual({});
  });

  it("takes every key and returns an equal copy", () => {
    const config = {
      inlineChunkThresholdBytes: 0,
      getPartialValuesConcurrency: 1,
      compression: { algorithm: "zstd", level: 22 },
      maxConcurrentRequests: 65535,
      maxConcurrentDecodes: 2,
      caching: {
        numSnapshotNodes: 0,
        numChunkRefs: 1,
        numTransactionChanges: 2,
        numBytesAttributes: 3,
        numBytesChunks: 2 ** 40,
      },
      storage: {
        concurrency: { maxConcurrentRequestsForObject: 5, idealConcurrentRequestSize: 4096 },
        retries: { maxTries: 1, initialBackoffMs: 0, maxBackoffMs: 0 },
        timeouts: {
          connectTimeoutMs: 1,
          readTimeoutMs: 2,
          operationTimeoutMs: 3,
          operationAttemptTimeoutMs: 4,
        },
        unsafeUseConditionalUpdate: false,
        unsafeUseConditionalCreate: true,
        unsafeUseMetadata: false,
        storageClass: "a",
        metadataStorageClass: "b",
        chunksStorageClass: "c",
        minimumSizeForMultipartUpload: 100,
      },
      virtualChunkContainers: {
        "s3://bucket/": {
          name: "archive",
          urlPrefix: "s3://bucket/",
          store: {
            type: "S3Compatible",
            field0: {
              region: "r",
              endpointUrl: "http://localhost:1",
              anonymous: true,
              allowHttp: true,
              forcePathStyle: true,
              networkStreamTimeoutSeconds: 60,
              requesterPays: false,
              checksumAlgorithm: "crc64_nvme",
            },
          },
        },
        "https://host/": {
          urlPrefix: "https://host/",
          store: { type: "Http", field0: { opts: { timeout: "3s" }, headers: { accept: "x" } } },
        },
        "file:///data/": {
          urlPrefix: "file:///data/",
          store: { type: "LocalFileSystem", field0: "/data" },
        },
        "gs://bucket/": { urlPrefix: "gs://bucket/", store: { type: "Gcs", field0: { a: "b" } } },
      },
      manifest: {
        preload: {
          max_total_refs: 0,
          max_arrays_to_scan: 3,
          preload_if: {
            and: [
              "true",
              { or: ["false", { path_matches: { regex: "a" } }] },
              { name_matches: { regex: "b" } },
              { num_refs: { from: { Included: 1 }, to: { Excluded: 2 } } },
            ],
          },
        },
        splitting: {
          split_sizes: [
            [
              { or: [{ and: ["any_array"] }, { path_matches: { regex: ".*" } }] },
              [
                { condition: { Axis: 0 }, num_chunks: 1 },
                { condition: { DimensionName: "t.*" }, num_chunks: 2 },
                { condition: "Any", num_chunks: 4294967295 },
              ],
            ],
          ],
        },
        virtual_chunk_location_compression: {
          min_num_chunks: 1,
          dictionary_max_training_samples: 2,
          dictionary_max_size_bytes: 3,
          compression_level: -4,
        },
        max_concurrent_manifest_fetches_during_commit: 1,
      },
      repoUpdateRetries: { maxTries: 1, initialBackoffMs: 0, maxBackoffMs: 1 },
      numUpdatesPerRepoInfoFile: 1,
    };

    const checked = checkConfig(config);

    expect(checked).toEqual(config);
    expect(checked.manifest).not.toBe(config.manifest);
  });

  it("takes the official binding's number for zstd", () => {
    expect(checkConfig({ compression: { algorithm: 0 } })).toEqual({
      compression: { algorithm: "zstd" },
    });
  });

  it("leaves keys out that are undefined, and in the manifest part null", () => {
    const config = { compression: undefined, manifest: { preload: null, splitting: undefined } };

    expect(checkConfig(config)).toEqual({ manifest: {} });
  });

  it("spells cases without content as words", () => {
    const { manifest } = checkConfig({ manifest: { preload: { preload_if: { true: null } } } });

    expect(manifest?.preload?.preload_if).toBe("true");
  });

  it.each([
    [undefined, undefined, "undefined"],
    [[], undefined, "an array"],
    [{ inline_chunk_threshold_bytes: 3 }, "inline_chunk_threshold_bytes", "an unknown key"],
    [{ caching: { numNodes: 3 } }, "caching.numNodes", "an unknown key"],
    [{ storage: { retries: { tries: 3 } } }, "storage.retries.tries", "an unknown key"],
    [{ manifest: { splits: {} } }, "manifest.splits", "an unknown key"],
    [{ inlineChunkThresholdBytes: 65536 }, "inlineChunkThresholdBytes", "65536"],
    [{ inlineChunkThresholdBytes: -1 }, "inlineChunkThresholdBytes", "-1"],
    [{ inlineChunkThresholdBytes: 1.5 }, "inlineChunkThresholdBytes", "1.5"],
    [{ inlineChunkThresholdBytes: Number.NaN }, "inlineChunkThresholdBytes", "NaN"],
    [{ inlineChunkThresholdBytes: "512" }, "inlineChunkThresholdBytes", '"512"'],
    [{ inlineChunkThresholdBytes: null }, "inlineChunkThresholdBytes", "null"],
    [{ maxConcurrentRequests: 0 }, "maxConcurrentRequests", "0"],
    [{ numUpdatesPerRepoInfoFile: 0 }, "numUpdatesPerRepoInfoFile", "0"],
    [{ compression: { algorithm: "lz4" } }, "compression.algorithm", '"lz4"'],
    [{ compression: { level: 23 } }, "compression.level", "23"],
    [{ compression: [] }, "compression", "an array"],
    [{ caching: { numChunkRefs: Infinity } }, "caching.numChunkRefs", "Infinity"],
    [{ repoUpdateRetries: { maxTries: 0 } }, "repoUpdateRetries.maxTries", "0"],
    [{ storage: { unsafeUseMetadata: 1 } }, "storage.unsafeUseMetadata", "1"],
    [{ storage: { storageClass: 1 } }, "storage.storageClass", "1"],
    [{ manifest: { splitting: [] } }, "manifest.splitting", "an array"],
  ])("refuses %j, naming the key and what was found", (config, key, found) => {
    expect(refusal(config)).toMatchObject({ ...(key === undefined ? {} : { key }), found });
  });

  it.each([
    [split("any_array", [{ condition: "Any", num_chunks: 0 }]), "[0][1][0].num_chunks", "0"],
    [split("any_array", [{ condition: "any", num_chunks: 1 }]), "[0][1][0].condition", '"any"'],
    [split("any_array", [{ condition: "Any" }]), "[0][1][0].num_chunks", "undefined"],
    [split("any_array", {}), "[0][1]", "a Object"],
    [split("all", []), "[0][0]", '"all"'],
    [split({ path_matches: ".*" }, []), "[0][0].path_matches", '".*"'],
    [split({ path_matches: { regex: 1 } }, []), "[0][0].path_matches.regex", "1"],
    [split({ or: [], and: [] }, []), "[0][0]", 'the keys "or, and"'],
    [split({ any_array: 1 }, []), "[0][0].any_array", "1"],
    [{ manifest: { splitting: { split_sizes: [["any_array"]] } } }, "[0]", "an array of 1"],
  ])("refuses the splitting rules of %j", (config, key, found) => {
    expect(refusal(config)).toMatchObject({
      key: `manifest.splitting.split_sizes${key}`,
      found,
    });
  });

  it.each([
    [container({ name: "" }), "name", '""'],
    [container({ name: "a/b" }), "name", '"a/b"'],
    [container({ urlPrefix: "s3://bucket" }), "urlPrefix", '"s3://bucket"'],
    [container({ urlPrefix: "bucket/" }), "urlPrefix", '"bucket/"'],
    [container({ urlPrefix: "s3:///x/" }), "urlPrefix", '"s3:///x/"'],
    [container({ urlPrefix: "ftp://x/" }), "urlPrefix", '"ftp://x/"'],
    [container({ urlPrefix: "constructor://x/" }), "urlPrefix", '"constructor://x/"'],
    [container({ urlPrefix: "gs://bucket/" }), "store", '"S3"'],
    [container({ store: { type: "InMemory" } }), "store", '"InMemory"'],
    [container({ store: { type: "R2", field0: {} } }), "store.type", '"R2"'],
    [container({ store: { type: "S3" } }), "store.field0", "undefined"],
    [
      container({ store: { type: "S3", field0: { secret: "" } } }),
      "store.field0.secret",
      "an unknown key",
    ],
    [container({ urlPrefix: undefined }), "urlPrefix", "undefined"],
    [container({ url_prefix: "s3://bucket/" }), "url_prefix", "an unknown key"],
  ])("refuses the container of %j", (config, key, found) => {
    expect(refusal(config)).toMatchObject({ key: `virtualChunkContainers.c.${key}`, found });
  });

  it("refuses file containers whose path climbs or is missing", () => {
    const store = { type: "LocalFileSystem", field0: "/" };

    for (const urlPrefix of ["file:///", "file:///a/../b/", "file:///a/./"]) {
      expect(refusal(container({ urlPrefix, store })).found).toBe(JSON.stringify(urlPrefix));
    }
  });

  it("refuses two containers of one name", () => {
    const one = { name: "n", urlPrefix: "s3://a/", store: { type: "S3", field0: {} } };

    expect(refusal({ virtualChunkContainers: { a: one, "s3://b/": one } })).toMatchObject({
      key: 'virtualChunkContainers["s3://b/"].name',
      expected: "a unique name",
    });
  });

  it("refuses conditions that contain themselves", () => {
    const condition = { or: [] as unknown[] };
    condition.or.push(condition);

    expect(refusal(split(condition, [])).expected).toBe("at most 32 levels of conditions");
  });

  it("refuses more values than a configuration may have", () => {
    const dimensions = Array.from({ length: 40_000 }, () => ({ condition: "Any", num_chunks: 1 }));

    expect(refusal(split("any_array", dimensions)).found).toBe("more");
  });

  it("keeps keys that name properties of all objects", () => {
    const opts = JSON.parse('{"__proto__":"x"}') as object;
    const store = { type: "Http", field0: { opts } };
    const checked = checkConfig(container({ urlPrefix: "http://h/", store }));

    expect(JSON.stringify(checked)).toContain('"opts":{"__proto__":"x"}');
  });
});
