/** The configuration as it is persisted. Spec: v2 "Repo Info File" › Repo. */
import { encodeFlexbuffers } from "../../codec/flexbuffers/encode.ts";
import type { RepositoryConfig } from "./config.ts";
import { decodeStoredConfig, passedSource, readStoredConfig } from "./resolve.ts";
import { CONFIG_SCHEMA } from "./schema.ts";

/** How errors name what is to be replaced. */
const PREVIOUS = "what was persisted before";

/**
 * `config` as bytes to persist, in the place of `previous`: every key is there, null where unset,
 * and keys of `previous` that this version does not know are kept.
 * @throws {config-deserialization} `previous` is damaged
 * @throws {invalid-config} `config` was not checked, and would lock official clients out
 */
export function encodeConfig(config: RepositoryConfig, previous?: Uint8Array): Uint8Array {
  const before = previous === undefined ? undefined : decodeStoredConfig(previous, PREVIOUS);
  if (before !== undefined) readStoredConfig(before, PREVIOUS);
  const stored = CONFIG_SCHEMA.store(config, before);
  // Read back as others will: a wrong type would keep them out of the whole repository.
  CONFIG_SCHEMA.read(stored, "", { ...passedSource(), isStored: true });
  return encodeFlexbuffers(stored);
}
