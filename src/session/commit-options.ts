/** Options of commit, amend and flush, and their checks: everything before anything is written. */
import { makeError } from "../base/errors.ts";
import { describe, isPlainObject } from "../base/options.ts";
import type { CommitEvent } from "./commit/commit.ts";
import type { ConflictSolver } from "./conflicts/conflict.ts";

const ATTEMPTS_MAX = 1000;

/** Options of `commit`. */
export interface CommitOptions {
  /** JSON values by name; merged over the repository's default commit metadata. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /** With a solver a lost race is rebased and tried again; without one it is a ConflictError. */
  readonly solver?: ConflictSolver | undefined;
  /** How often to try; default 1000. */
  readonly attemptsMax?: number | undefined;
  readonly allowEmpty?: boolean | undefined;
  readonly onProgress?: ((event: CommitEvent) => void) | undefined;
  /** Aborting before the conditional put leaves the session dirty; after it, abort is ignored. */
  readonly signal?: AbortSignal | undefined;
}

/** Options of `amend`. */
export type AmendOptions = Omit<CommitOptions, "solver" | "attemptsMax">;
/** Options of `flush`. */
export type FlushOptions = Pick<CommitOptions, "metadata" | "onProgress" | "signal">;

/** Throws `invalid-option` unless commit metadata is a plain object. */
export function checkMetadata(operation: string, metadata: unknown): void {
  if (metadata === undefined || isPlainObject(metadata)) return;
  throw makeError(
    "invalid-option",
    `${operation}: metadata must be a plain object, got ${describe(metadata)}`,
    { details: { option: "metadata" } },
  );
}

/** Throws `invalid-option` unless the message is a string. */
export function checkMessage(operation: string, message: unknown): void {
  if (typeof message === "string") return;
  throw makeError(
    "invalid-option",
    `${operation}: the message must be a string, got ${describe(message)}`,
    {
      details: { option: "message" },
    },
  );
}

/** How often to try; throws `invalid-option` unless it is a positive integer. */
export function checkAttempts(operation: string, attemptsMax: number | undefined): number {
  if (attemptsMax === undefined) return ATTEMPTS_MAX;
  if (Number.isSafeInteger(attemptsMax) && attemptsMax >= 1) return attemptsMax;
  throw makeError(
    "invalid-option",
    `${operation}: attemptsMax must be a positive integer, got ${describe(attemptsMax)}`,
    { details: { option: "attemptsMax", found: attemptsMax } },
  );
}
