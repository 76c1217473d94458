/**
 * Errors as JSON values, so that what a worker throws arrives whole: name, message, stack, the
 * chain of causes, the errors of an aggregate, kind and details of icefloe's own.
 */
import { ERROR_KINDS, type ErrorKind } from "../base/error-kinds.ts";
import { type ErrorDetails, isIcefloeError, makeError } from "../base/errors.ts";
import { describe } from "../base/options.ts";
import { plainValue } from "../base/plain-value.ts";

/** An error as a JSON value, or another thing that was thrown. */
export type ErrorValue =
  | {
      readonly name: string;
      readonly message: string;
      readonly stack?: string | undefined;
      /** Of icefloe's errors. */
      readonly kind?: ErrorKind | undefined;
      readonly details?: ErrorDetails | undefined;
      /** Own fields that are texts, numbers or booleans: `code`, `path`, `status`. */
      readonly fields?: Readonly<Record<string, unknown>> | undefined;
      readonly cause?: ErrorValue | undefined;
      /** Of an `AggregateError`. */
      readonly errors?: readonly ErrorValue[] | undefined;
    }
  | { readonly thrown: unknown };

const DEPTH_MAX = 16;
const ERRORS_MAX = 200; // In all: aggregates may hold each other.
const CLASSES = { TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError };

/**
 * What was thrown as a JSON value. Causes more than 16 deep, and after 200 errors, are left out. What
 * throws when it is looked at is a text.
 */
export function encodeError(error: unknown): ErrorValue {
  let left = ERRORS_MAX;
  const encode = (thrown: unknown, depth: number): ErrorValue | undefined => {
    if (depth > DEPTH_MAX || left-- <= 0) return undefined;
    if (!isError(thrown))
      return { thrown: thrown === undefined ? "undefined" : plainValue(thrown) };
    const { name, message, stack, cause } = thrown;
    const { errors } = thrown as { errors?: unknown };
    const isOurs = isIcefloeError(thrown);
    return {
      name: asText(name),
      message: asText(message),
      stack: stack === undefined ? undefined : asText(stack),
      ...(isOurs
        ? { kind: thrown.kind, details: plainValue(thrown.details) as ErrorDetails }
        : { fields: fieldsOf(thrown) }),
      ...(cause === undefined ? {} : { cause: encode(cause, depth + 1) }),
      ...(Array.isArray(errors)
        ? { errors: errors.flatMap((one) => encode(one, depth + 1) ?? []) }
        : {}),
    };
  };
  try {
    return encode(error, 0) as ErrorValue;
  } catch {
    return { thrown: "an error that can't be read" };
  }
}

/** What was thrown, from `encodeError`'s answer: errors of the same class, where it is a known one. */
export function decodeError(value: ErrorValue): unknown {
  if ("thrown" in value) return value.thrown;
  const { name, message, stack, kind, details, fields, cause, errors } = value;
  const options = cause === undefined ? {} : { cause: decodeError(cause) };
  if (kind !== undefined && kind in ERROR_KINDS) {
    return withStack(makeError(kind, message, { ...options, ...(details && { details }) }), stack);
  }
  const Class = CLASSES[name as keyof typeof CLASSES] ?? Error;
  const error =
    errors === undefined
      ? new Class(message, options)
      : new AggregateError(errors.map(decodeError), message, options);
  if (error.name !== name) {
    Object.defineProperty(error, "name", { value: name, configurable: true, writable: true });
  }
  return withStack(Object.assign(error, fields), stack);
}

/** Whether it is an error, also one of another realm. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === "[object Error]";
}

/** Nothing keeps a program from giving an error another kind of name or message. */
function asText(value: unknown): string {
  return typeof value === "string" ? value : describe(value);
}

function withStack(error: Error, stack: string | undefined): Error {
  // As an own field that is not listed, like every stack.
  Object.defineProperty(error, "stack", { value: stack, configurable: true, writable: true });
  return error;
}

function fieldsOf(error: Error): Record<string, unknown> {
  const isPlain = ([, value]: [string, unknown]): boolean =>
    ["string", "number", "boolean"].includes(typeof value);
  return Object.fromEntries(Object.entries(error).filter(isPlain));
}
