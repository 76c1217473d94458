/** Changes of a repository's configuration: for one object, or persisted for everyone. */
import {
  checkEngineOptions,
  type Engine,
  type EngineOptions,
  effectiveConfig,
} from "../assets/engine.ts";
import { checkOptions } from "../base/options.ts";
import { mergeConfig } from "../format/config/config.ts";
import type { RepoInfo } from "../format/repo/read.ts";

/** What `reopen` changes. */
export type ReopenOptions = Pick<EngineOptions, "config" | "authorizeVirtualChunkAccess">;

/**
 * An engine over the same state and caches, with `config` merged over the present configuration.
 * Sizes of caches, the compression level and limits of requests stay as they are. No I/O.
 * @throws {invalid-option}
 * @throws {invalid-config}
 */
export async function reopenEngine(
  engine: Engine,
  options: ReopenOptions | undefined,
): Promise<Engine> {
  checkOptions("reopen", options, ["config", "authorizeVirtualChunkAccess"]);
  const checked = await checkEngineOptions("reopen", engine.storage, options);
  const settings = mergeConfig(engine.settings, checked.config);
  return {
    ...engine,
    settings,
    config: effectiveConfig(settings),
    virtualChunkAccess: checked.authorizeVirtualChunkAccess ?? engine.virtualChunkAccess,
  };
}

/**
 * Persists the effective configuration; keys in the persisted one that we do not know stay. Of
 * several clients that save at once the last one wins.
 */
export async function saveConfig(engine: Engine, signal?: AbortSignal): Promise<void> {
  const { encodeConfig } = await import("../format/config/write.ts");
  const change = (repo: RepoInfo) => ({
    repo: { ...repo, config: encodeConfig(engine.settings, repo.config) },
    updates: [{ kind: "config-changed" } as const],
  });
  await engine.repoState.update(change, { signal });
}
