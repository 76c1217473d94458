import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isIcefloeError } from "../../../../src/base/errors.ts";
import { decodeFlexbuffers } from "../../../../src/codec/flexbuffers/decode.ts";
import { encodeFlexbuffers } from "../../../../src/codec/flexbuffers/encode.ts";
import type { RepositoryConfig } from "../../../../src/format/config/config.ts";
import { checkConfig, parseConfig } from "../../../../src/format/config/resolve.ts";
import { encodeConfig } from "../../../../src/format/config/write.ts";

const fromHex = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));

/** What official writers persist for a local folder when a configuration is saved there. */
const LOCAL_STORAGE_SETTINGS = {
  concurrency: { maxConcurrentRequestsForObject: 5, idealConcurrentRequestSize: 4096 },
  retries: { maxTries: 1, initialBackoffMs: 0, maxBackoffMs: 0 },
  unsafeUseConditionalUpdate: false,
  unsafeUseMetadata: false,
};

/** Saved by the official engine 2.2.2 in a local folder, nothing configured. */
const OFFICIAL_DEFAULT = fromHex(
  [
    "696e6c696e655f6368756e6b5f7468726573686f6c645f6279746573006765745f7061727469616c5f76616c",
    "7565735f636f6e63757272656e637900636f6d7072657373696f6e006d61785f636f6e63757272656e745f72",
    "65717565737473006d61785f636f6e63757272656e745f6465636f6465730063616368696e670073746f7261",
    "676500636f6e63757272656e6379006d61785f636f6e63757272656e745f72657175657374735f666f725f6f",
    "626a65637400696465616c5f636f6e63757272656e745f726571756573745f73697a6500021f430003000100",
    "020000100500090972657472696573006d61785f747269657300696e697469616c5f6261636b6f66665f6d73",
    "006d61785f6261636b6f66665f6d73000323112f03010300000108080874696d656f75747300756e73616665",
    "5f7573655f636f6e646974696f6e616c5f75706461746500756e736166655f7573655f636f6e646974696f6e",
    "616c5f63726561746500756e736166655f7573655f6d657461646174610073746f726167655f636c61737300",
    "6d657461646174615f73746f726167655f636c617373006368756e6b735f73746f726167655f636c61737300",
    "6d696e696d756d5f73697a655f666f725f6d756c7469706172745f75706c6f6164000a003900570154002a00",
    "00016800c3009e00be008400140002000a0000001a0100000000df0000000000000000000000012501012401",
    "010169697669727475616c5f6368756e6b5f636f6e7461696e657273006d616e69666573740070726576696f",
    "75735f66696c65007265706f5f7570646174655f72657472696573006e756d5f757064617465735f7065725f",
    "7265706f5f696e666f5f66696c6500000c000302400261028002550024023e023000540048000f027c001802",
    "0c00000000000000000000a900000000000000000000002500182401",
  ].join(""),
);

/** Few keys, an unknown one, written by the npm package; the official engine takes it. */
const PARTIAL = fromHex(
  [
    "636f6d7072657373696f6e006c6576656c0001070101010904696e6c696e655f6368756e6b5f746872657368",
    "6f6c645f6279746573006d616e69666573740073706c697474696e670073706c69745f73697a657300706174",
    "685f6d61746368657300726567657800022e2a00010b0101010814011f0101010724636f6e646974696f6e00",
    "4178697300010601010100046e756d5f6368756e6b730002220d020102130124040105240231042428010528",
    "01680101010728017901010107246e756d5f757064617465735f7065725f7265706f5f696e666f5f66696c65",
    "007669727475616c5f6368756e6b5f636f6e7461696e6572730066696c653a2f2f2f746d702f666d742f7664",
    "6174612f006e616d65000276640073746f7265006c6f63616c5f66696c655f73797374656d000e2f746d702f",
    "666d742f7664617461000123010101141475726c5f707265666978001666696c653a2f2f2f746d702f666d74",
    "2f76646174612f00035c54260301035c2d2014241401800101010b247a7a7a5f756e6b6e6f776e0061000103",
    "010101010400060094017d016201dc00bf0022000c00020006008f010300ee00040034002100240424042424",
    "122501",
  ].join(""),
);

/** Saved by the official engine 2.3.0 with nearly every key set, and eight containers. */
const OFFICIAL_FULL = Uint8Array.from(
  readFileSync(new URL("official-config.flexbuffers", import.meta.url)),
);

const TOP_LEVEL_KEYS = [
  "caching",
  "compression",
  "get_partial_values_concurrency",
  "inline_chunk_threshold_bytes",
  "manifest",
  "max_concurrent_decodes",
  "max_concurrent_requests",
  "num_updates_per_repo_info_file",
  "previous_file",
  "repo_update_retries",
  "storage",
  "virtual_chunk_containers",
];

const stored = (config: RepositoryConfig, previous?: unknown): Record<string, unknown> => {
  const before = previous === undefined ? undefined : encodeFlexbuffers(previous);
  return decodeFlexbuffers(encodeConfig(config, before)) as Record<string, unknown>;
};
const parse = (value: unknown): RepositoryConfig => parseConfig(encodeFlexbuffers(value), "repo");

/** Key path and found value of the error that the stored `value` is refused with. */
function refusal(value: unknown): { key?: unknown; found?: unknown; object?: unknown } {
  try {
    parse(value);
  } catch (error) {
    if (!isIcefloeError(error, "config-deserialization")) throw error;
    expect(error.category).toBe("format");
    return error.details;
  }
  throw new Error("the configuration was accepted");
}

describe("parseConfig", () => {
  it("reads what the official engine saves when nothing is configured", () => {
    expect(parseConfig(OFFICIAL_DEFAULT, "repo")).toEqual({ storage: LOCAL_STORAGE_SETTINGS });
  });

  it("reads partial configurations and skips unknown keys", () => {
    expect(parseConfig(PARTIAL, "repo")).toEqual({
      inlineChunkThresholdBytes: 3,
      compression: { level: 9 },
      numUpdatesPerRepoInfoFile: 4,
      manifest: {
        splitting: {
          split_sizes: [
            [{ path_matches: { regex: ".*" } }, [{ condition: { Axis: 0 }, num_chunks: 1 }]],
          ],
        },
      },
      virtualChunkContainers: {
        "file:///tmp/fmt/vdata/": {
          name: "vd",
          urlPrefix: "file:///tmp/fmt/vdata/",
          store: { type: "LocalFileSystem", field0: "/tmp/fmt/vdata" },
        },
      },
    });
  });

  it("reads a full configuration of the official engine", () => {
    const config = parseConfig(OFFICIAL_FULL, "repo");

    expect(config).toMatchObject({
      compression: { level: 5 },
      maxConcurrentDecodes: 3,
      caching: { numChunkRefs: 2 ** 64, numBytesChunks: 2 ** 40 },
      storage: { timeouts: { connectTimeoutMs: 1 }, storageClass: "A" },
      manifest: { virtual_chunk_location_compression: { compression_level: -4 } },
      virtualChunkContainers: {
        "s3://b2/p/": {
          name: "nam",
          store: { type: "S3Compatible", field0: { endpointUrl: "http://x", anonymous: true } },
        },
        "http://h2.example/": {
          store: { type: "Http", field0: { opts: { a: "b" }, headers: { authorization: "x" } } },
        },
      },
    });
    expect(checkConfig(config)).toEqual(config);
  });

  it("takes zero where users may not pass it and official clients store it", () => {
    const manifest = {
      splitting: { split_sizes: [["any_array", [{ condition: "Any", num_chunks: 0 }]]] },
    };

    expect(parse({ max_concurrent_requests: 0, manifest })).toEqual({
      maxConcurrentRequests: 0,
      manifest,
    });
  });

  it("keeps containers that are of no use, so that saving does not lose them", () => {
    const containers = { az: { name: "az", url_prefix: "az", store: { azure: {} } } };

    expect(parse({ virtual_chunk_containers: containers })).toEqual({
      virtualChunkContainers: {
        az: { name: "az", urlPrefix: "az", store: { type: "Azure", field0: {} } },
      },
    });
  });

  it.each([
    [[], undefined, "an array"],
    [null, undefined, "null"],
    [{ inline_chunk_threshold_bytes: 70_000 }, "inline_chunk_threshold_bytes", "70000"],
    [{ inline_chunk_threshold_bytes: 1.5 }, "inline_chunk_threshold_bytes", "1.5"],
    [{ inline_chunk_threshold_bytes: "1" }, "inline_chunk_threshold_bytes", '"1"'],
    [{ compression: { algorithm: "lz4" } }, "compression.algorithm", '"lz4"'],
    [{ compression: { algorithm: 0 } }, "compression.algorithm", "0"],
    [{ storage: { retries: { max_tries: 0 } } }, "storage.retries.max_tries", "0"],
    [
      { caching: { num_chunk_refs: -(2n ** 60n) } },
      "caching.num_chunk_refs",
      "-1152921504606846976",
    ],
    [{ manifest: { preload: { preload_if: "never" } } }, "manifest.preload.preload_if", '"never"'],
    [{ repo_update_retries: 3 }, "repo_update_retries", "3"],
    [
      { virtual_chunk_containers: { a: { url_prefix: "a", store: "unheard_of" } } },
      "virtual_chunk_containers.a.store",
      '"unheard_of"',
    ],
    [
      { virtual_chunk_containers: { a: { store: "in_memory" } } },
      "virtual_chunk_containers.a.url_prefix",
      "undefined",
    ],
  ])("refuses %o, naming the object, the key and what was found", (value, key, found) => {
    expect(refusal(value)).toMatchObject({
      object: "repo",
      found,
      ...(key === undefined ? {} : { key }),
    });
  });

  it("refuses every prefix of a configuration, and never with another error", () => {
    for (let length = 0; length < PARTIAL.length; length++) {
      let failure: unknown;
      try {
        parseConfig(PARTIAL.subarray(0, length), "repo");
      } catch (error) {
        failure = error;
      }
      if (failure !== undefined)
        expect(isIcefloeError(failure, "config-deserialization")).toBe(true);
    }
    expect(() => parseConfig(PARTIAL.subarray(0, 9), "repo")).toThrow("configuration in repo");
  });

  it("meets any flipped byte with a configuration or a format error", () => {
    for (let at = 0; at < PARTIAL.length; at++) {
      const damaged = PARTIAL.slice();
      damaged[at] = (damaged[at] as number) ^ 0xff;
      try {
        parseConfig(damaged, "repo");
      } catch (error) {
        expect(isIcefloeError(error, "config-deserialization"), String(error)).toBe(true);
      }
    }
  });
});

describe("encodeConfig", () => {
  it("stores every key, null where unset", () => {
    expect(stored({})).toEqual(Object.fromEntries(TOP_LEVEL_KEYS.map((key) => [key, null])));
  });

  it("stores for a local folder what the official engine does", () => {
    const bytes = encodeConfig({ storage: LOCAL_STORAGE_SETTINGS });

    expect(decodeFlexbuffers(bytes)).toEqual(decodeFlexbuffers(OFFICIAL_DEFAULT));
  });

  it("stores again, value for value, what the official engine stored", () => {
    const config = parseConfig(OFFICIAL_FULL, "repo");

    expect(decodeFlexbuffers(encodeConfig(config))).toEqual(decodeFlexbuffers(OFFICIAL_FULL));
  });

  it("stores nested records with every key", () => {
    const { compression, repo_update_retries, virtual_chunk_containers } = stored({
      compression: { algorithm: 0 },
      repoUpdateRetries: { maxTries: 3 },
      virtualChunkContainers: {
        "s3://b/": { urlPrefix: "s3://b/", store: { type: "S3", field0: {} } },
      },
    });

    expect(compression).toEqual({ algorithm: "zstd", level: null });
    expect(repo_update_retries).toEqual({
      default: { max_tries: 3, initial_backoff_ms: null, max_backoff_ms: null },
    });
    expect(virtual_chunk_containers).toEqual({
      "s3://b/": {
        name: null,
        url_prefix: "s3://b/",
        store: {
          s3: {
            region: null,
            endpoint_url: null,
            anonymous: false,
            allow_http: false,
            force_path_style: false,
            network_stream_timeout_seconds: null,
            requester_pays: false,
            checksum_algorithm: null,
          },
        },
      },
    });
  });

  it("stores the options of an HTTP container flat, and no headers if there are none", () => {
    const containerWith = (headers: Record<string, string>): unknown =>
      stored({
        virtualChunkContainers: {
          h: {
            urlPrefix: "http://h/",
            store: { type: "Http", field0: { opts: { a: "b" }, headers } },
          },
        },
      })["virtual_chunk_containers"];

    expect(containerWith({})).toMatchObject({ h: { store: { http: { a: "b" } } } });
    expect(JSON.stringify(containerWith({}))).not.toContain("headers");
    expect(containerWith({ c: "d" })).toMatchObject({
      h: { store: { http: { a: "b", headers: { c: "d" } } } },
    });
  });

  it("keeps unknown keys of what was stored, at every depth, and the legacy one", () => {
    const previous = {
      previous_file: "old",
      zzz: [1, "a"],
      caching: { num_chunk_refs: 1, num_new: 2 },
      repo_update_retries: { commit: { max_tries: 2 } },
      virtual_chunk_containers: {
        k: { url_prefix: "s3://b/", note: 1, store: { s3: { region: "r", dualstack: true } } },
      },
    };

    const result = stored({ ...parse(previous), caching: { numBytesChunks: 3 } }, previous);

    expect(result).toMatchObject({
      previous_file: "old",
      zzz: [1, "a"],
      caching: { num_chunk_refs: null, num_bytes_chunks: 3, num_new: 2 },
      repo_update_retries: { commit: { max_tries: 2 } },
      virtual_chunk_containers: { k: { note: 1, store: { s3: { region: "r", dualstack: true } } } },
    });
  });

  it("keeps unchanged splitting rules as they were stored, and drops the rest with changed ones", () => {
    const rules = [["any_array", [{ condition: "Any", num_chunks: 3, hint: "x" }]]];
    const previous = { manifest: { splitting: { split_sizes: rules } } };
    const config = parse(previous);
    const changed: RepositoryConfig = {
      manifest: {
        splitting: { split_sizes: [["any_array", [{ condition: "Any", num_chunks: 4 }]]] },
      },
    };

    expect(stored(config, previous)["manifest"]).toMatchObject(previous.manifest);
    expect(JSON.stringify(stored(changed, previous))).not.toContain("hint");
  });

  it("drops containers that the configuration no longer has", () => {
    const previous = { virtual_chunk_containers: { k: { url_prefix: "a", store: "in_memory" } } };

    expect(stored({ virtualChunkContainers: {} }, previous)["virtual_chunk_containers"]).toEqual(
      {},
    );
  });

  it("keeps integers beyond 2^53 exactly while they do not change", () => {
    const previous = { caching: { num_chunk_refs: 2n ** 63n + 1n } };

    expect(stored(parse(previous), previous)["caching"]).toMatchObject({
      num_chunk_refs: 2n ** 63n + 1n,
    });
    expect(stored({ caching: { numChunkRefs: 2 ** 64 } })["caching"]).toMatchObject({
      num_chunk_refs: 2n ** 64n - 1n,
    });
  });

  it("refuses a previous configuration that is damaged instead of replacing it", () => {
    expect(() => encodeConfig({}, new Uint8Array([1]))).toThrow("persisted before");
    expect(() => encodeConfig({}, encodeFlexbuffers({ compression: 3 }))).toThrow("compression");
  });

  it("refuses values that would lock official clients out", () => {
    const unchecked = { inlineChunkThresholdBytes: 70_000 };

    expect(() => encodeConfig(unchecked)).toThrow(
      "configuration key inline_chunk_threshold_bytes: expected an integer from 0 to 65535, got 70000",
    );
  });
});
