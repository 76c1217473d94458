/** Changes of a repository's configuration: for one object, or persisted for everyone. */
import {
  checkEngineOptions,
  type Engine,
  type EngineOptions,
  reconfigureEngine,
} from "../assets/engine.ts";
import { anything, checkOptions } from "../base/options.ts";
import type { RepoInfo } from "../format/repo/read.ts";

/** What `reopen` changes. */
export type ReopenOptions = Pick<EngineOptions, "config" | "authorizeVirtualChunkAccess">;

/**
 * An engine with `config` merged over the present configuration. No I/O.
 * @throws {invalid-option} @throws {invalid-config} @throws {unimplemented}
 */
export async function reopenEngine(
  engine: Engine,
  options: ReopenOptions | undefined,
): Promise<Engine> {
  checkOptions("reopen", options, { config: anything, authorizeVirtualChunkAccess: anything });
  const checked = await checkEngineOptions("reopen", engine.storage, options);
  return reconfigureEngine(engine, checked.config);
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
