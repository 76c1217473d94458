/** Options of commit, amend and flush, and their checks: everything before anything is written. */
import { makeError } from "../../base/errors.ts";
import { checkOptions, describe } from "../../base/options.ts";
import type { ConflictSolver } from "../rebase/conflict.ts";
import { copyCommitMetadata, isWellFormed } from "./metadata.ts";
import type { CommitEvent } from "./report.ts";

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

/** Options of a commit with what is always needed filled in; the metadata is a copy. */
export interface CheckedCommitOptions {
  readonly message: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly solver: ConflictSolver | undefined;
  readonly attemptsMax: number;
  readonly allowEmpty: boolean;
  readonly onProgress: ((event: CommitEvent) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

const KNOWN: Readonly<Record<"commit" | "amend" | "flush", readonly string[]>> = {
  commit: ["metadata", "solver", "attemptsMax", "allowEmpty", "onProgress", "signal"],
  amend: ["metadata", "allowEmpty", "onProgress", "signal"],
  flush: ["metadata", "onProgress", "signal"],
};

/** Checks message and options of a commit, amend or flush. @throws {invalid-option} */
export function checkCommitOptions(
  operation: "commit" | "amend" | "flush",
  message: unknown,
  options: CommitOptions | undefined,
): CheckedCommitOptions {
  checkOptions(operation, options, KNOWN[operation]);
  const { metadata, solver, attemptsMax = ATTEMPTS_MAX, onProgress, signal } = options ?? {};
  const allowEmpty: unknown = options?.allowEmpty ?? false;
  if (typeof message !== "string" || !isWellFormed(message)) {
    throw wrongOption(operation, "message", "a string of well-formed Unicode", message);
  }
  if (!(Number.isSafeInteger(attemptsMax) && attemptsMax >= 1)) {
    throw wrongOption(operation, "attemptsMax", "a positive integer", attemptsMax);
  }
  if (typeof allowEmpty !== "boolean") {
    throw wrongOption(operation, "allowEmpty", "true or false", allowEmpty);
  }
  if (onProgress !== undefined && typeof onProgress !== "function") {
    throw wrongOption(operation, "onProgress", "a function", onProgress);
  }
  checkSolver(operation, solver);
  return {
    message,
    metadata: copyCommitMetadata(operation, "metadata", metadata),
    solver,
    attemptsMax,
    allowEmpty,
    onProgress,
    signal,
  };
}

/** Throws `invalid-option` unless a solver is a function, or not given. */
export function checkSolver(operation: string, solver: unknown): void {
  if (solver === undefined || typeof solver === "function") return;
  throw wrongOption(operation, "solver", "a function", solver);
}

function wrongOption(operation: string, option: string, expected: string, value: unknown): Error {
  const found = describe(value);
  return makeError("invalid-option", `${operation}: ${option} must be ${expected}, got ${found}`, {
    details: { operation, option, found },
  });
}
