/** Opens what stands in a storage, or says what does. Spec: docs/semantics.md "Open". */

import { METADATA_BYTES_MAX } from "../assets/asset-limits.ts";
import {
  buildEngine,
  checkEngineOptions,
  checkStorage,
  type Engine,
  openEngine,
} from "../assets/engine.ts";
import { locateRepo, mustLocateRepo, specOneUnimplemented } from "../assets/locate-repo.ts";
import { isIcefloeError } from "../base/errors.ts";
import { lazyPart } from "../base/lazy-part.ts";
import type { RepositoryConfig } from "../format/config/config.ts";
import type { Storage } from "../storage/port.ts";
import {
  CREATE_KINDS,
  type CreateOptions,
  REPOSITORY_KINDS,
  type RepositoryOptions,
} from "./repository-options.ts";

const loadConfiguration = /* @__PURE__ */ lazyPart(() => import("../assets/configuration.ts"));
const loadCreate = /* @__PURE__ */ lazyPart(() => import("./create.ts"));

/** Opens a repository. One GET. Fails as `Repository.open` says. */
export async function openExisting(storage: Storage, options?: RepositoryOptions): Promise<Engine> {
  const checked = await checkEngineOptions("open", storage, options, REPOSITORY_KINDS);
  return openEngine(storage, checked);
}

/** Opens the repository, or creates it. Of several that create at once, all but one open. */
export async function openOrCreateEngine(
  storage: Storage,
  options?: CreateOptions,
): Promise<Engine> {
  const checked = await checkEngineOptions("openOrCreate", storage, options, CREATE_KINDS);
  const locate = async (): Promise<Engine | undefined> => {
    const located = await locateRepo(storage, checked.metadataBytesMax, checked.signal);
    if (located?.specVersion === 1) throw specOneUnimplemented(storage);
    return located === undefined ? undefined : buildEngine(storage, checked, located.state);
  };
  checked.signal?.throwIfAborted();
  const present = await locate();
  if (present !== undefined) return present;
  try {
    const { createEngine } = await loadCreate(); // Readers never need it.
    return await createEngine(storage, options);
  } catch (error) {
    if (!isIcefloeError(error, "repo-info-updated", "parent-directory-not-clean")) throw error;
    const created = await locate();
    if (created === undefined) throw error;
    return created;
  }
}

/** The spec version of the repository in `storage`; `undefined`: there is none. Two requests at most. */
export async function fetchSpecVersion(
  storage: Storage,
  signal?: AbortSignal,
): Promise<number | undefined> {
  checkStorage("fetchSpecVersion", storage);
  return (await locateRepo(storage, METADATA_BYTES_MAX, signal))?.specVersion;
}

/** The persisted configuration; `undefined`: none is. One GET. @throws {repository-not-found} */
export async function fetchConfig(
  storage: Storage,
  signal?: AbortSignal,
): Promise<RepositoryConfig | undefined> {
  checkStorage("fetchConfig", storage);
  const { persistedConfig } = await loadConfiguration();
  return persistedConfig((await mustLocateRepo(storage, METADATA_BYTES_MAX, signal)).repo);
}
