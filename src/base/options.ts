/** Checks what callers pass: known options, each of its kind; and what else a value is. */
import { makeError } from "./errors.ts";
import { describeBytes, describeDate } from "./plain-value.ts";

/** What an option may be: answers `undefined`, or what is wrong with the value, as a clause. */
export type OptionKind = (value: unknown) => string | undefined;

/** A kind for each option that an operation knows. */
export type OptionKinds = Readonly<Record<string, OptionKind>>;

/** Options of operations that take a signal, alone or beside others. */
export interface Abortable {
  readonly signal?: AbortSignal | undefined;
}

/** Of operations that take nothing but a signal. */
export const SIGNAL: OptionKinds = { signal: abortSignal };

/**
 * Checks options; `operation` names the call in the message.
 * @throws {invalid-option} unless `options` is undefined or a plain object with only `known` keys,
 *   each undefined or of its kind
 */
export function checkOptions(operation: string, options: unknown, known: OptionKinds): void {
  if (options === undefined) return;
  checkOption(operation, "options", options, plainObject);
  const given = options as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(given)) {
    if (Object.hasOwn(known, key)) continue;
    const names = Object.keys(known);
    throw makeError(
      "invalid-option",
      `${operation}: unknown option "${key}"; known: ${names.join(", ")}`,
      { details: { operation, option: key, known: names } },
    );
  }
  for (const [name, kind] of Object.entries(known)) {
    if (given[name] !== undefined) checkOption(operation, name, given[name], kind);
  }
}

/**
 * Checks one option or argument. Leave out the operation where `option` says enough.
 * @throws {invalid-option} unless `value` is of the kind
 */
export function checkOption(
  operation: string | undefined,
  option: string,
  value: unknown,
  kind: OptionKind,
): void {
  const fault = kind(value);
  if (fault === undefined) return;
  const [prefix, details] = operation === undefined ? ["", {}] : [`${operation}: `, { operation }];
  throw makeError("invalid-option", `${prefix}${option} ${fault}`, {
    details: { ...details, option, found: describe(value) },
  });
}

/** The clause of a kind: what was expected, and what is there instead. */
export function mustBe(expected: string, value: unknown): string {
  return `must be ${expected}, got ${describe(value)}`;
}

/** Checked elsewhere, or not at all. */
export function anything(): undefined {
  return undefined;
}

export function trueOrFalse(value: unknown): string | undefined {
  return typeof value === "boolean" ? undefined : mustBe("true or false", value);
}

export function functionKind(value: unknown): string | undefined {
  return typeof value === "function" ? undefined : mustBe("a function", value);
}

export function plainObject(value: unknown): string | undefined {
  return isPlainObject(value) ? undefined : mustBe("a plain object", value);
}

export function abortSignal(value: unknown): string | undefined {
  return isAbortSignal(value) ? undefined : mustBe("an AbortSignal", value);
}

export function positiveInteger(value: unknown): string | undefined {
  return isCount(value) && value > 0 ? undefined : mustBe("a positive integer", value);
}

/** An object with that method. */
export function objectWith(method: string, expected: string): OptionKind {
  return (value) => {
    const found = (value as Readonly<Record<string, unknown>> | null | undefined)?.[method];
    return typeof found === "function" ? undefined : mustBe(expected, value);
  };
}

/** An integer in [least, most]. */
export function integerFrom(least: number, most: number): OptionKind {
  return (value) =>
    Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most
      ? undefined
      : mustBe(`an integer from ${least} to ${most}`, value);
}

/** One of two or more texts. */
export function oneOf(texts: readonly string[]): OptionKind {
  return (value) => {
    if (texts.includes(value as string)) return undefined;
    const quoted = texts.map((text) => `"${text}"`);
    const last = quoted.pop();
    return mustBe(`${quoted.join(", ")} or ${last}`, value);
  };
}

/** Whether `value` is an abort signal, also one of another realm. */
function isAbortSignal(value: unknown): value is AbortSignal {
  const signal = value as Partial<AbortSignal> | null | undefined;
  return typeof signal?.aborted === "boolean" && typeof signal.addEventListener === "function";
}

/** Whether `value` is an object literal (or has no prototype). */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  // Objects of another realm (a worker's vm, an iframe) have another Object.prototype.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Whether `value` is a whole number from 0, and exact. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** A short text that names what was found instead: for messages. */
export function describe(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "string")
    return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
  if (value instanceof Date) return describeDate(value);
  if (value instanceof Uint8Array) return describeBytes(value);
  if (typeof value === "object")
    return Array.isArray(value) ? "an array" : `a ${value.constructor?.name ?? "object"}`;
  return typeof value === "function" ? "a function" : String(value);
}

/** Checks that an argument is a list. @throws {invalid-option} */
export function checkList(owner: string, name: string, list: unknown): void {
  checkOption(owner, name, list, (value) =>
    Array.isArray(value) ? undefined : mustBe("a list", value),
  );
}
