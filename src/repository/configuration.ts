/** Changes of a repository's configuration: for one object, or persisted for everyone. */

import {
  assembleEngine,
  checkEngineOptions,
  type Engine,
  type EngineOptions,
} from "../assets/engine.ts";
import { lazyPart } from "../base/lazy-part.ts";
import { anything, checkOptions } from "../base/options.ts";
import type { ResolvedConfig } from "../format/config/config.ts";
import type { RepoInfo } from "../format/repo/read.ts";

const loadConfiguration = /* @__PURE__ */ lazyPart(() => import("../assets/configuration.ts"));
const loadConfigWriter = /* @__PURE__ */ lazyPart(() => import("../format/config/write.ts"));

/** What `reopen` changes. */
export type ReopenOptions = Pick<EngineOptions, "config" | "authorizeVirtualChunkAccess">;

/**
 * An engine with `config` merged over the present configuration. State and caches are shared,
 * unless their limits are among what changes. No I/O.
 * @throws {invalid-option} @throws {invalid-config} @throws {unimplemented}
 */
export async function reopenEngine(
  engine: Engine,
  options: ReopenOptions | undefined,
): Promise<Engine> {
  checkOptions("reopen", options, { config: anything, authorizeVirtualChunkAccess: anything });
  const checked = await checkEngineOptions("reopen", engine.storage, options);
  const { overrideConfig, settledStorage } = await loadConfiguration();
  const configuration = overrideConfig(engine.storage, engine.settings, checked.config);
  const isShared = limitsOf(configuration.config) === limitsOf(engine.config);
  if (isShared) return { ...engine, ...configuration };
  const settled = settledStorage(engine.storage, configuration.config);
  return assembleEngine(settled, engine, configuration);
}

/** What state and caches are made with, as text. */
function limitsOf(config: ResolvedConfig): string {
  const { caching, compression, maxConcurrentRequests, maxConcurrentDecodes, storage } = config;
  const { repoUpdateRetries, numUpdatesPerRepoInfoFile } = config;
  const counts = [maxConcurrentRequests, maxConcurrentDecodes, numUpdatesPerRepoInfoFile];
  return JSON.stringify([caching, compression, repoUpdateRetries, storage, counts]);
}

/**
 * Persists the effective configuration; keys in the persisted one that we do not know stay. Of
 * several clients that save at once the last one wins.
 */
export async function saveConfig(engine: Engine, signal?: AbortSignal): Promise<void> {
  const { encodeConfig } = await loadConfigWriter();
  const change = (repo: RepoInfo) => ({
    repo: { ...repo, config: encodeConfig(engine.settings, repo.config) },
    updates: [{ kind: "config-changed" } as const],
  });
  await engine.repoState.update(change, { signal });
}
