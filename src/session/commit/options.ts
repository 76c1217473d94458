/** Options of commit, amend and flush, and their checks: everything before anything is written. */
import {
  abortSignal,
  anything,
  checkOption,
  checkOptions,
  functionKind,
  type OptionKinds,
  positiveInteger,
  trueOrFalse,
} from "../../base/options.ts";
import type { ConflictSolver } from "../rebase/conflict.ts";
import { copyCommitMetadata, wellFormedText } from "./metadata.ts";
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

/** Options of a commit with the defaults filled in; the metadata is a copy. */
export interface CheckedCommitOptions {
  readonly message: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly solver: ConflictSolver | undefined;
  readonly attemptsMax: number;
  readonly allowEmpty: boolean;
  readonly onProgress: ((event: CommitEvent) => void) | undefined;
  readonly signal: AbortSignal | undefined;
}

const FLUSH = { onProgress: functionKind, signal: abortSignal };
const KNOWN: Readonly<Record<"commit" | "amend" | "flush", OptionKinds>> = {
  commit: {
    metadata: anything,
    solver: functionKind,
    attemptsMax: positiveInteger,
    allowEmpty: trueOrFalse,
    ...FLUSH,
  },
  amend: { metadata: anything, allowEmpty: trueOrFalse, ...FLUSH },
  flush: { metadata: anything, ...FLUSH },
};

/** Checks message and options of a commit, amend or flush. @throws {invalid-option} */
export function checkCommitOptions(
  operation: "commit" | "amend" | "flush",
  message: string,
  options: CommitOptions | undefined,
): CheckedCommitOptions {
  checkOptions(operation, options, KNOWN[operation]);
  const { metadata, solver, attemptsMax = ATTEMPTS_MAX, onProgress, signal } = options ?? {};
  const allowEmpty = options?.allowEmpty ?? false;
  checkOption(operation, "message", message, wellFormedText);
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
