/** Refuses options that an operation does not know, by name. */
import { makeError } from "./errors.ts";

/**
 * Throws `invalid-option` unless `options` is undefined or a plain object with only `known` keys.
 * `operation` names the call in the message.
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
}

/** Whether `value` is an object literal (or has no prototype). */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  // Objects of another realm (a worker's vm, an iframe) have another Object.prototype.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
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
