/** Refuses options that an operation does not know, by name, and signals that are none. */
import { makeError } from "./errors.ts";

/**
 * Throws `invalid-option` unless `options` is undefined or a plain object with only `known` keys;
 * the option `signal`, if known and given, must be an AbortSignal. `operation` names the call in
 * the message.
 */
export function checkOptions(operation: string, options: unknown, known: readonly string[]): void {
  if (options === undefined) return;
  if (!isPlainObject(options)) {
    throw makeError(
      "invalid-option",
      `${operation}: options must be a plain object, got ${describe(options)}`,
      {
        details: { operation, found: describe(options) },
      },
    );
  }
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue;
    throw makeError(
      "invalid-option",
      `${operation}: unknown option "${key}"; known: ${known.join(", ")}`,
      {
        details: { operation, option: key, known },
      },
    );
  }
  const signal = options["signal"];
  if (signal === undefined || isAbortSignal(signal)) return;
  const found = describe(signal);
  throw makeError("invalid-option", `${operation}: signal must be an AbortSignal, got ${found}`, {
    details: { operation, option: "signal", found },
  });
}

/** Whether `value` is an abort signal, also one of another realm. */
export function isAbortSignal(value: unknown): value is AbortSignal {
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
  if (typeof value === "object")
    return Array.isArray(value) ? "an array" : `a ${value.constructor?.name ?? "object"}`;
  return typeof value === "function" ? "a function" : String(value);
}
