/**
 * Makes a repository: initial snapshot and log, then `repo`, put only if there is none. Several
 * creators may race: one wins, and none overwrites what another has written.
 * Spec: v2 "Repo Info File"; docs/semantics.md "Create".
 */

import { settledStorage } from "../assets/configuration.ts";
import {
  buildEngine,
  type CheckedEngineOptions,
  checkEngineOptions,
  type Engine,
} from "../assets/engine.ts";
import { writeInitialRepo } from "../assets/initial-repo.ts";
import { findForeignObject, type Located, locateRepo } from "../assets/locate-repo.ts";
import { assertCanUpdate } from "../assets/repo-object.ts";
import { isIcefloeError, makeError } from "../base/errors.ts";
import { describe } from "../base/options.ts";
import type { RepositoryConfig } from "../format/config/config.ts";
import { mergeConfig, resolveConfig } from "../format/config/resolve.ts";
import { refuseWithoutEffect } from "../format/config/without-effect.ts";
import { encodeConfig } from "../format/config/write.ts";
import { REPO_PATH } from "../format/object-paths.ts";
import type { Storage } from "../storage/port.ts";
import { settingsHonoured } from "../storage/with-settings.ts";
import { CREATE_KINDS, type CreateOptions } from "./repository-options.ts";

const SPEC_VERSION_MAX = 2;

/**
 * Creates a repository with one empty snapshot on branch main. One LIST, two PUTs, the PUT of
 * `repo`; one GET more if the initial snapshot exists already.
 * Fails as `Repository.create` says.
 */
export async function createEngine(given: Storage, options?: CreateOptions): Promise<Engine> {
  const checked = await checkEngineOptions("create", given, options, CREATE_KINDS);
  const { signal } = checked;
  checkSpecVersion(options?.specVersion ?? SPEC_VERSION_MAX);
  const config = resolveConfig(checked.config);
  refuseWithoutEffect(resolveConfig({}), config, settingsHonoured(given));
  const storage = settledStorage(given, config);
  assertCanUpdate(storage, "create");
  const settings = settingsToCreate(checked.config, options?.refuseForeignWriters ?? false);
  const isPersisted = options?.refuseForeignWriters === true || !isDefault(settings);
  signal?.throwIfAborted();
  await assertVacant(storage, checked, options?.checkCleanRoot ?? true);
  const state = await writeInitialRepo(storage, {
    runtime: checked.runtime,
    metadataBytesMax: checked.metadataBytesMax,
    compressionLevel: resolveConfig(settings).compression.level,
    config: isPersisted ? encodeConfig(settings) : undefined,
    signal,
  });
  return buildEngine(storage, checked, state);
}

/** Refuses a place that is taken. One GET, one HEAD and, if it must be empty, one LIST. */
async function assertVacant(
  storage: Storage,
  { metadataBytesMax, signal }: CheckedEngineOptions,
  mustBeEmpty: boolean,
): Promise<void> {
  const refuse = (found: string, cause?: unknown): Error =>
    makeError(
      "parent-directory-not-clean",
      `create: expected an empty place in storage ${storage.id}, found ${found}`,
      { details: { storage: storage.id, found }, ...(cause === undefined ? {} : { cause }) },
    );
  let located: Located;
  try {
    located = await locateRepo(storage, metadataBytesMax, signal);
  } catch (error) {
    if (!isIcefloeError(error) || error.category !== "format") throw error;
    throw refuse(`a \`${REPO_PATH}\` that cannot be read`, error);
  }
  if (located !== undefined) throw refuse(`a repository of spec ${located.specVersion}`);
  if (!mustBeEmpty || !storage.capabilities.list) return;
  const path = await findForeignObject(storage, signal);
  if (path !== undefined) throw refuse(`"${path}"`);
}

function checkSpecVersion(specVersion: unknown): void {
  if (specVersion === SPEC_VERSION_MAX) return;
  const details = { operation: "create", specVersion: describe(specVersion) };
  if (specVersion === 1) {
    throw makeError("unimplemented", "create: repositories of spec 1 are not built yet", {
      details,
    });
  }
  throw makeError(
    "unsupported-spec-version",
    `create: expected spec version 1 or ${SPEC_VERSION_MAX}, got ${describe(specVersion)}`,
    { details },
  );
}

function settingsToCreate(
  config: RepositoryConfig,
  refuseForeignWriters: boolean,
): RepositoryConfig {
  if (!refuseForeignWriters) return config;
  return mergeConfig(config, { storage: { unsafeUseConditionalUpdate: true } });
}

/** Whether nothing needs to be persisted: every value is the default anyway. */
function isDefault(settings: RepositoryConfig): boolean {
  return JSON.stringify(resolveConfig(settings)) === JSON.stringify(resolveConfig({}));
}
