/**
 * Checks, reads and merges configurations: what users pass, what is persisted, and what applies.
 * Unknown keys are refused in what a user passes and survive in what is persisted.
 * Spec: v2 "Repo Info File" › Repo; docs/format.md "Configuration".
 */
import { isIcefloeError, makeError } from "../../base/errors.ts";
import { describe } from "../../base/options.ts";
import { decodeFlexbuffers } from "../../codec/flexbuffers/decode.ts";
import { DEFAULT_CONFIG, type RepositoryConfig, type ResolvedConfig } from "./config.ts";
import { DEFAULT_MANIFEST_CONFIG } from "./manifest.ts";
import { CONFIG_SCHEMA } from "./schema.ts";
import { type ConfigSource, keyPath } from "./value.ts";
import { containerProblem, usableContainers } from "./virtual-container.ts";

/** Highest level that zstd has. */
const COMPRESSION_LEVEL_MAX = 22;

/**
 * A checked copy of what a user passes.
 * @throws {invalid-config} an unknown key, a wrong type, a number out of range, a container that no
 *   client would use; the message and `details` name the key path, what is expected, and found
 */
export function checkConfig(config: unknown): RepositoryConfig {
  const source = passedSource();
  const checked = CONFIG_SCHEMA.read(config, "", source) as RepositoryConfig;
  const names = new Set<string>();
  for (const [key, container] of Object.entries(checked.virtualChunkContainers ?? {})) {
    const at = keyPath("virtualChunkContainers", key);
    const problem = containerProblem(container);
    if (problem !== undefined) {
      throw source.fail(keyPath(at, problem.key), problem.expected, describe(problem.found));
    }
    const { name } = container;
    if (name === undefined) continue;
    if (names.has(name)) throw source.fail(keyPath(at, "name"), "a unique name", describe(name));
    names.add(name);
  }
  return checked;
}

/**
 * `override` over `base`, leaf by leaf. Replaced as a whole: `virtualChunkContainers`,
 * `manifest.preload` and `manifest.splitting`.
 */
export function mergeConfig(base: RepositoryConfig, override: RepositoryConfig): RepositoryConfig {
  return CONFIG_SCHEMA.merge?.(base, override) as RepositoryConfig;
}

/** What applies with `configs` over the defaults, later ones over earlier ones. */
export function resolveConfig(...configs: readonly RepositoryConfig[]): ResolvedConfig {
  const merged = configs.reduce(mergeConfig, {});
  const config = mergeConfig(DEFAULT_CONFIG, merged) as ResolvedConfig;
  const { preload, splitting } = config.manifest;
  return {
    ...config,
    // Persisted by others, some values are of the right type and still of no use.
    getPartialValuesConcurrency: Math.max(1, config.getPartialValuesConcurrency),
    maxConcurrentRequests: Math.max(1, config.maxConcurrentRequests),
    maxConcurrentDecodes: Math.max(1, config.maxConcurrentDecodes),
    numUpdatesPerRepoInfoFile: Math.max(1, config.numUpdatesPerRepoInfoFile),
    compression: {
      algorithm: "zstd",
      level: Math.min(COMPRESSION_LEVEL_MAX, config.compression.level),
    },
    virtualChunkContainers: usableContainers(config.virtualChunkContainers),
    manifest: {
      ...config.manifest,
      preload: withDefaults(DEFAULT_MANIFEST_CONFIG.preload, preload),
      splitting: withDefaults(DEFAULT_MANIFEST_CONFIG.splitting, splitting),
      max_concurrent_manifest_fetches_during_commit: Math.max(
        1,
        config.manifest.max_concurrent_manifest_fetches_during_commit,
      ),
    },
  };
}

/** `given` where it is set, else `defaults`. */
function withDefaults<T extends object>(defaults: T, given: { [K in keyof T]?: T[K] | null }): T {
  const set = Object.entries(given).filter(([, value]) => value !== undefined && value !== null);
  return { ...defaults, ...Object.fromEntries(set) };
}

/**
 * What `bytes` (FlexBuffers) persist; `object` is named in errors. Unknown keys are left out here
 * and kept by `encodeConfig` (`write.ts`).
 * @throws {config-deserialization} damaged, or a key with a value that no client accepts
 */
export function parseConfig(bytes: Uint8Array, object: string): RepositoryConfig {
  return readStoredConfig(decodeStoredConfig(bytes, object), object);
}

/** What a stored configuration says; `stored` is a plain value. @throws {config-deserialization} */
export function readStoredConfig(stored: unknown, object: string): RepositoryConfig {
  return CONFIG_SCHEMA.read(stored, "", storedSource(object)) as RepositoryConfig;
}

/** What `bytes` hold, not checked yet: a plain value. @throws {config-deserialization} */
export function decodeStoredConfig(bytes: Uint8Array, object: string): unknown {
  try {
    return decodeFlexbuffers(bytes);
  } catch (cause) {
    if (!isIcefloeError(cause, "deserialization")) throw cause;
    throw makeError("config-deserialization", `configuration in ${object}: no FlexBuffers`, {
      details: { object },
      cause,
    });
  }
}

/** Errors about a configuration that a user passes: `invalid-config`. */
export function passedSource(): ConfigSource {
  return {
    isStored: false,
    values: 0,
    depth: 0,
    fail(at, expected, found) {
      const name = at === "" ? "configuration" : `configuration key ${at}`;
      const key = at === "" ? {} : { key: at };
      return makeError("invalid-config", `${name}: expected ${expected}, got ${found}`, {
        details: { ...key, expected, found },
      });
    },
  };
}

function storedSource(object: string): ConfigSource {
  return {
    isStored: true,
    values: 0,
    depth: 0,
    fail(at, expected, found) {
      const name = at === "" ? "" : `, key ${at}`;
      const message = `configuration in ${object}${name}: expected ${expected}, got ${found}`;
      const key = at === "" ? {} : { key: at };
      return makeError("config-deserialization", message, {
        details: { object, ...key, expected, found },
      });
    },
  };
}
