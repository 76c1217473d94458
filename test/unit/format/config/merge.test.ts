import { describe, expect, it } from "vitest";
import {
  DEFAULT_CONFIG,
  type RepositoryConfig,
  type ResolvedConfig,
} from "../../../../src/format/config/config.ts";
import { mergeConfig, resolveConfig } from "../../../../src/format/config/resolve.ts";
import type { VirtualChunkContainer } from "../../../../src/format/config/virtual-container.ts";

type SplitRule = ResolvedConfig["manifest"]["splitting"]["split_sizes"][number];

const DEFAULTS = resolveConfig();

it("gives the defaults, frozen as a whole, where nothing is set", () => {
  expect(DEFAULTS).toEqual(DEFAULT_CONFIG);
  expect(Object.isFrozen(DEFAULT_CONFIG.manifest.splitting.split_sizes[0])).toBe(true);
});

const rule = (size: number): SplitRule => ["any_array", [{ condition: "Any", num_chunks: size }]];
const bucket = (urlPrefix: string, name?: string): VirtualChunkContainer => ({
  urlPrefix,
  store: { type: "S3", field0: {} },
  ...(name === undefined ? {} : { name }),
});

describe("mergeConfig", () => {
  it("overrides leaf by leaf, at every depth", () => {
    const base: RepositoryConfig = {
      inlineChunkThresholdBytes: 1,
      compression: { algorithm: "zstd", level: 1 },
      caching: { numChunkRefs: 1, numBytesChunks: 1 },
      storage: { storageClass: "cold", retries: { maxTries: 1, maxBackoffMs: 1 } },
      repoUpdateRetries: { maxTries: 1, maxBackoffMs: 1 },
    };
    const override: RepositoryConfig = {
      getPartialValuesConcurrency: 2,
      compression: { level: 2 },
      caching: { numBytesChunks: 2 },
      storage: { retries: { maxTries: 2 }, timeouts: { readTimeoutMs: 2 } },
      repoUpdateRetries: { maxTries: 2 },
    };

    expect(mergeConfig(base, override)).toEqual({
      inlineChunkThresholdBytes: 1,
      getPartialValuesConcurrency: 2,
      compression: { algorithm: "zstd", level: 2 },
      caching: { numChunkRefs: 1, numBytesChunks: 2 },
      storage: {
        storageClass: "cold",
        retries: { maxTries: 2, maxBackoffMs: 1 },
        timeouts: { readTimeoutMs: 2 },
      },
      repoUpdateRetries: { maxTries: 2, maxBackoffMs: 1 },
    });
  });

  it("replaces preload and splitting as a whole and merges the rest of the manifest part", () => {
    const base: RepositoryConfig = {
      manifest: {
        preload: { max_total_refs: 1, max_arrays_to_scan: 1 },
        splitting: { split_sizes: [rule(1)] },
        virtual_chunk_location_compression: { min_num_chunks: 1, compression_level: 1 },
        max_concurrent_manifest_fetches_during_commit: 1,
      },
    };
    const override: RepositoryConfig = {
      manifest: {
        preload: { max_total_refs: 2 },
        splitting: { split_sizes: [rule(2)] },
        virtual_chunk_location_compression: { min_num_chunks: 2 },
      },
    };

    expect(mergeConfig(base, override).manifest).toEqual({
      preload: { max_total_refs: 2 },
      splitting: { split_sizes: [rule(2)] },
      virtual_chunk_location_compression: { min_num_chunks: 2, compression_level: 1 },
      max_concurrent_manifest_fetches_during_commit: 1,
    });
  });

  it("replaces the containers as a whole, also by none", () => {
    const base = { virtualChunkContainers: { a: bucket("s3://a/") } };

    expect(mergeConfig(base, { virtualChunkContainers: { b: bucket("s3://b/") } })).toEqual({
      virtualChunkContainers: { b: bucket("s3://b/") },
    });
    expect(mergeConfig(base, { virtualChunkContainers: {} })).toEqual({
      virtualChunkContainers: {},
    });
    expect(mergeConfig(base, {})).toEqual(base);
  });

  it("takes undefined and null as: not set", () => {
    const base: RepositoryConfig = { compression: { level: 1 }, manifest: { preload: {} } };

    expect(mergeConfig(base, { compression: undefined, manifest: { preload: null } })).toEqual(
      base,
    );
  });

  it("leaves what it merges as it was", () => {
    const base = { compression: { level: 1 } };
    const override = { compression: { level: 2 } };

    mergeConfig(base, override);

    expect([base, override]).toEqual([
      { compression: { level: 1 } },
      { compression: { level: 2 } },
    ]);
  });
});

describe("resolveConfig", () => {
  it("fills in the official defaults", () => {
    expect(resolveConfig()).toMatchObject({
      inlineChunkThresholdBytes: 512,
      getPartialValuesConcurrency: 10,
      compression: { algorithm: "zstd", level: 3 },
      maxConcurrentRequests: 256,
      caching: { numSnapshotNodes: 500_000, numChunkRefs: 15_000_000, numBytesChunks: 0 },
      repoUpdateRetries: { maxTries: 100, initialBackoffMs: 50, maxBackoffMs: 30_000 },
      numUpdatesPerRepoInfoFile: 1000,
      manifest: {
        preload: { max_total_refs: 10_000, max_arrays_to_scan: 50 },
        virtual_chunk_location_compression: { min_num_chunks: 1000, compression_level: 3 },
        max_concurrent_manifest_fetches_during_commit: 1,
      },
    });
  });

  it("lets later layers win over earlier ones", () => {
    const persisted = { inlineChunkThresholdBytes: 1, maxConcurrentRequests: 1 };
    const passed = { inlineChunkThresholdBytes: 2 };

    expect(resolveConfig(persisted, passed)).toEqual({
      ...DEFAULTS,
      inlineChunkThresholdBytes: 2,
      maxConcurrentRequests: 1,
    });
  });

  it("fills in what preload and splitting leave out", () => {
    const { manifest } = resolveConfig({
      manifest: { preload: { max_total_refs: 0 }, splitting: { split_sizes: null } },
    });

    expect(manifest).toEqual({
      ...DEFAULTS.manifest,
      preload: { ...DEFAULTS.manifest.preload, max_total_refs: 0 },
    });
  });

  it("raises counts that would stop everything, and lowers a level that zstd lacks", () => {
    const config = resolveConfig({
      maxConcurrentRequests: 0,
      getPartialValuesConcurrency: 0,
      maxConcurrentDecodes: 0,
      numUpdatesPerRepoInfoFile: 0,
      compression: { level: 255 },
      manifest: { max_concurrent_manifest_fetches_during_commit: 0 },
    });

    expect(config).toEqual({
      ...DEFAULTS,
      maxConcurrentRequests: 1,
      getPartialValuesConcurrency: 1,
      maxConcurrentDecodes: 1,
      numUpdatesPerRepoInfoFile: 1,
      compression: { algorithm: "zstd", level: 22 },
    });
  });

  it("closes the prefixes of persisted containers and drops those that are of no use", () => {
    const { virtualChunkContainers } = resolveConfig({
      virtualChunkContainers: {
        open: bucket("s3://a/b", "n"),
        tigris: { urlPrefix: "tigris", store: { type: "Tigris", field0: {} } },
        file: { urlPrefix: "file", store: { type: "LocalFileSystem", field0: "" } },
      },
    });

    expect(virtualChunkContainers).toEqual({ open: bucket("s3://a/b/", "n") });
  });
});
