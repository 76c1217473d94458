/** The configuration as it is persisted. Spec: v2 "Repo Info File" › Repo. */
import { encodeFlexbuffers } from "../../codec/flexbuffers/encode.ts";
import {
  decodeStoredConfig,
  mergeConfig,
  passedOrigin,
  type RepositoryConfig,
  readStoredConfig,
} from "./config.ts";
import { CONFIG_SCHEMA } from "./schema.ts";
import type { StorageSettings } from "./storage.ts";

/** How errors name what is to be replaced. */
const PREVIOUS = "what was persisted before";

/**
 * `config` as bytes to persist, in the place of `previous`: every key is there, null where unset,
 * and keys of `previous` that this version does not know are kept. `storage` is what a saved
 * configuration names for the storage in use, below what `config` sets; official clients always
 * name it.
 * @throws {config-deserialization} `previous` is damaged
 * @throws {invalid-config} `config` was not checked, and would lock official clients out
 */
export function encodeConfig(
  config: RepositoryConfig,
  previous?: Uint8Array,
  storage?: StorageSettings,
): Uint8Array {
  const before = previous === undefined ? undefined : decodeStoredConfig(previous, PREVIOUS);
  if (before !== undefined) readStoredConfig(before, PREVIOUS);
  const named = storage === undefined ? config : mergeConfig({ storage }, config);
  const stored = CONFIG_SCHEMA.store(named, before);
  // Read back as others will: a wrong type would keep them out of the whole repository.
  CONFIG_SCHEMA.read(stored, "", { ...passedOrigin(), isStored: true });
  return encodeFlexbuffers(stored);
}
