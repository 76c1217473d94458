/** The configuration of an engine where something is persisted or passed; else the defaults apply. */
import { freezeDeep, type RepositoryConfig, type ResolvedConfig } from "../format/config/config.ts";
import { mergeConfig, parseConfig, resolveConfig } from "../format/config/resolve.ts";
import { refuseWithoutEffect } from "../format/config/without-effect.ts";
import { REPO_PATH } from "../format/object-paths.ts";
import type { RepoInfo } from "../format/repo/read.ts";
import type { Storage } from "../storage/port.ts";
import { settingsHonoured, withSettings } from "../storage/with-settings.ts";

/** What is set, and what applies with it. */
export interface Configuration {
  /** What is persisted, overridden by what the user passed; without defaults. */
  readonly settings: RepositoryConfig;
  /** The effective configuration, defaults filled in. */
  readonly config: ResolvedConfig;
}

/** The configuration that `repo` holds, if any. @throws {config-deserialization} */
export function persistedConfig(repo: RepoInfo): RepositoryConfig | undefined {
  return repo.config === undefined ? undefined : parseConfig(repo.config, REPO_PATH);
}

/**
 * `override` over `base`, for a repository in `storage`.
 * @throws {unimplemented} for a key that has no effect there
 */
export function overrideConfig(
  storage: Storage,
  base: RepositoryConfig,
  override: RepositoryConfig,
): Configuration {
  const settings = mergeConfig(base, override);
  const config = resolveConfig(settings);
  refuseWithoutEffect(resolveConfig(base), config, settingsHonoured(storage));
  return { settings, config: freezeDeep(structuredClone(config)) };
}

/** `storage` as `config` says; itself where that says nothing of it. */
export function settledStorage(storage: Storage, { storage: settings }: ResolvedConfig): Storage {
  const isSaid = Object.values(settings).some((value) => value !== undefined);
  return isSaid || storage.withSettings !== undefined ? withSettings(storage, settings) : storage;
}
