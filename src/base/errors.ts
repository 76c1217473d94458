/**
 * Errors as values: one class with `kind`, `category`, `details` and `cause`, and the subclasses
 * that users catch. They survive `postMessage`, `structuredClone` and JSON through
 * `toJSON` / `fromJSON`, and are recognised across bundles by a registered symbol.
 */

import { ERROR_KINDS, type ErrorCategory, type ErrorKind } from "./error-kinds.ts";
import { plainValue } from "./plain-value.ts";

const MARK = Symbol.for("icefloe.error");

/** Node, Deno and Bun print an error's properties; the console of a browser may print the stack alone. */
const PRINTS_PROPERTIES = (globalThis as { readonly process?: unknown }).process !== undefined;

/** Facts about an error that a program can read; plain JSON values. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/** An error's plain form: what crosses a worker boundary. */
export interface ErrorJson {
  readonly name: string;
  readonly kind: ErrorKind;
  readonly message: string;
  readonly details: ErrorDetails;
  readonly cause?: ErrorJson | { readonly name: string; readonly message: string } | undefined;
}

/** What an error may carry beside kind and message. */
export interface IcefloeErrorOptions {
  readonly details?: ErrorDetails;
  readonly cause?: unknown;
}

/**
 * How an operation that failed may be tried again as it was called: never (something must change
 * first, or be looked at), at once, or after a pause in milliseconds.
 */
export type Retry = "never" | "at-once" | { readonly afterMs: number };

/** The pause where a server that is overloaded, or a crowd of writers, names none. */
const CALM_MS = 1000;

/** The base of every error that icefloe throws on purpose. */
export class IcefloeError extends Error {
  /** Says what went wrong, stable across versions. */
  readonly kind: ErrorKind;
  /** Says what to do about it, coarsely. */
  readonly category: ErrorCategory;
  /** What a caller can do about it, one clause. A property: printing an error prints it. */
  readonly advice: string;
  /** Facts: paths, ids, expected and found values. */
  readonly details: ErrorDetails;

  constructor(kind: ErrorKind, message: string, options: IcefloeErrorOptions = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.name = new.target.name;
    this.kind = kind;
    this.category = ERROR_KINDS[kind].category;
    this.advice = ERROR_KINDS[kind].advice;
    this.details = Object.freeze({ ...options.details });
    Object.defineProperty(this, MARK, { value: true });
    if (!PRINTS_PROPERTIES) addToStack(this);
  }

  /**
   * How the operation may be tried again. What icefloe repeats by itself it has repeated before. A
   * lost race may be run again at once, on a fresh session; `unknown-outcome` never, before it has
   * been read back.
   */
  get retry(): Retry {
    const { retryable, retryAfterMs, status } = this.details;
    // A rebase that failed, or cannot be done, fails again.
    const isLost = this.category === "conflict" && !/^(re)?base-/.test(this.kind);
    if (!isLost && !(retryable && this.kind === "object-store")) return "never";
    const isBusy = status === 429 || status === 503 || this.kind === "update-attempts-exhausted";
    const afterMs = Number(retryAfterMs ?? (isBusy ? CALM_MS : 0));
    return afterMs > 0 ? { afterMs } : "at-once";
  }

  /**
   * A plain value that `fromJSON` turns back into an equal error. Details that JSON has no form for
   * become text, and of long lists the first 1,000 items are kept.
   */
  toJSON(): ErrorJson {
    return {
      name: this.name,
      kind: this.kind,
      message: this.message,
      details: plainValue(this.details) as ErrorDetails,
      ...(this.cause === undefined ? {} : { cause: errorToJson(this.cause) }),
    };
  }

  /** Rebuilds an error, of the same class, from its plain form. */
  static fromJSON(json: ErrorJson): IcefloeError {
    const options = {
      details: json.details,
      ...(json.cause === undefined ? {} : { cause: errorFromJson(json.cause) }),
    };
    return makeError(json.kind, json.message, options);
  }
}

/** Puts the advice below the message of a stack that tells the message. */
function addToStack(error: IcefloeError): void {
  const { stack, message, advice } = error;
  if (stack === undefined || !stack.includes(message)) return;
  const value = stack.replace(message, () => `${message}\n  ${advice}`);
  Object.defineProperty(error, "stack", { value, configurable: true, writable: true });
}

/** Any error's plain form: of those that are not ours, name and message. */
type AnyErrorJson = NonNullable<ErrorJson["cause"]>;

/** The plain form of whatever was thrown. */
function errorToJson(error: unknown): AnyErrorJson {
  if (isIcefloeError(error)) return error.toJSON();
  if (error instanceof Error) return { name: error.name, message: error.message };
  return { name: "Error", message: String(error) };
}

/** The error from which `errorToJson` made this. */
function errorFromJson(json: AnyErrorJson): Error {
  if ("kind" in json && json.kind in ERROR_KINDS) return IcefloeError.fromJSON(json);
  const error = new Error(json.message);
  error.name = json.name;
  return error;
}

/** Another writer moved the branch: expected and actual tip are in the fields. */
export class ConflictError extends IcefloeError {
  /** The tip that this session was based on. */
  get expectedParent(): string | undefined {
    return this.details["expectedParent"] as string | undefined;
  }
  /** The tip that was found. */
  get actualParent(): string | undefined {
    return this.details["actualParent"] as string | undefined;
  }
}

/** One conflict that a rebase found. */
export interface ConflictInfo {
  readonly type: string;
  readonly path: string;
  readonly chunkCoordinates?: unknown;
}

/** A rebase found conflicts that its solver did not accept. */
export class RebaseFailedError extends ConflictError {
  /** The snapshot, committed by others, on which the rebase failed. */
  get snapshotId(): string {
    return this.details["snapshotId"] as string;
  }
  /** Every conflict found there. */
  get conflicts(): readonly ConflictInfo[] {
    return (this.details["conflicts"] ?? []) as readonly ConflictInfo[];
  }
}

/** Something looked up by name or id does not exist. */
export class NotFoundError extends IcefloeError {}
/** A name is taken. */
export class AlreadyExistsError extends IcefloeError {}
/** The session, store, storage or repository takes no writes. */
export class ReadOnlyError extends IcefloeError {}
/** An argument is wrong; nothing was done. */
export class InvalidInputError extends IcefloeError {}
/** The operation does not fit the state of the session. */
export class SessionStateError extends IcefloeError {}
/** The storage failed. */
export class StorageError extends IcefloeError {}
/** Whether a write landed could not be learnt. */
export class UnknownOutcomeError extends StorageError {}
/** Stored bytes are damaged, foreign, or from a newer version. */
export class FormatError extends IcefloeError {}

/** Forks wrote the same chunks; one entry per array. */
export class MergeOverlapError extends SessionStateError {
  /** One entry per path, with at most 1,000 coordinates each and the total. */
  get overlaps(): readonly { path: string; chunkCoordinates: unknown; total: number }[] {
    return (this.details["overlaps"] ?? []) as never;
  }
}

type ErrorClass = new (
  kind: ErrorKind,
  message: string,
  options?: IcefloeErrorOptions,
) => IcefloeError;

const CLASS_OF_KIND: Partial<Record<ErrorKind, ErrorClass>> = {
  "rebase-failed": RebaseFailedError,
  "merge-overlap": MergeOverlapError,
};

const CLASS_OF_CATEGORY: Record<ErrorCategory, ErrorClass> = {
  conflict: ConflictError,
  "not-found": NotFoundError,
  "already-exists": AlreadyExistsError,
  "read-only": ReadOnlyError,
  "invalid-input": InvalidInputError,
  "session-state": SessionStateError,
  storage: StorageError,
  "unknown-outcome": UnknownOutcomeError,
  format: FormatError,
  unsupported: IcefloeError,
  internal: IcefloeError,
};

/** Builds the error of the class that belongs to `kind`. The one way to make errors. */
export function makeError(
  kind: ErrorKind,
  message: string,
  options?: IcefloeErrorOptions,
): IcefloeError {
  const Class = CLASS_OF_KIND[kind] ?? CLASS_OF_CATEGORY[ERROR_KINDS[kind].category];
  return new Class(kind, message, options);
}

/** Whether `value` is an icefloe error (of one of `kinds`, if any are given); works across bundles. */
export function isIcefloeError(
  value: unknown,
  ...kinds: readonly ErrorKind[]
): value is IcefloeError {
  if (typeof value !== "object" || value === null || !(MARK in value)) return false;
  return kinds.length === 0 || kinds.includes((value as unknown as IcefloeError).kind);
}

/** @throws {internal} unless `condition` holds: for what only a bug in icefloe can break */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw makeError("internal", message);
}
