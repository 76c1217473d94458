/** How repositories are opened, and what every session of theirs starts with. */
import type { EngineOptions } from "../assets/engine.ts";
import { makeError } from "../base/errors.ts";
import { describe, isPlainObject } from "../base/options.ts";

/** How a repository is opened. */
export interface RepositoryOptions extends EngineOptions {
  /** JSON values by name for every commit of sessions made later; a commit's own go first. */
  readonly defaultCommitMetadata?: Readonly<Record<string, unknown>> | undefined;
}

/** Keys of `RepositoryOptions` that are not for the engine. */
export const REPOSITORY_KEYS: readonly string[] = ["defaultCommitMetadata"];

/** A copy of default commit metadata given by a user. @throws {invalid-option} */
export function copyCommitMetadata(operation: string, metadata: unknown): Record<string, unknown> {
  if (metadata === undefined) return {};
  if (isPlainObject(metadata)) return { ...metadata };
  const found = describe(metadata);
  throw makeError(
    "invalid-option",
    `${operation}: defaultCommitMetadata must be a plain object, got ${found}`,
    { details: { operation, option: "defaultCommitMetadata", found } },
  );
}
