/** How repositories are opened, and what every session of theirs starts with. */
import type { EngineOptions } from "../assets/engine.ts";
import { anything, type OptionKinds, trueOrFalse } from "../base/options.ts";

/** How a repository is opened. */
export interface RepositoryOptions extends EngineOptions {
  /** JSON values by name for every commit of sessions made later; a commit's own go first. */
  readonly defaultCommitMetadata?: Readonly<Record<string, unknown>> | undefined;
}

/** Members of `RepositoryOptions` that are not for the engine. */
export const REPOSITORY_KINDS: OptionKinds = { defaultCommitMetadata: anything };

/** How a repository is created. */
export interface CreateOptions extends RepositoryOptions {
  /** Default 2. Repositories of spec 1 cannot be created yet. */
  readonly specVersion?: 1 | 2 | undefined;
  /** Whether the place must be empty; default true. An existing repository is always refused. */
  readonly checkCleanRoot?: boolean | undefined;
  /**
   * Persists a setting that makes official clients fail their commits on storages where they
   * would overwrite blindly (a local folder). They can still read. Default false.
   */
  readonly refuseForeignWriters?: boolean | undefined;
}

/** Members of `CreateOptions` that are not for the engine; creating checks the spec version. */
export const CREATE_KINDS: OptionKinds = {
  ...REPOSITORY_KINDS,
  specVersion: anything,
  checkCleanRoot: trueOrFalse,
  refuseForeignWriters: trueOrFalse,
};
