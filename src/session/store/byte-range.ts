/**
 * Byte ranges of values as callers ask for them. Strict like the official engine: a range that
 * leaves the value is an error, never clamped. Spec: docs/semantics.md "Byte ranges".
 */
import { makeError } from "../../base/errors.ts";
import type { Extent } from "../../base/extent.ts";
import { describe, isCount, isPlainObject } from "../../base/options.ts";

/** A part of a value. `{}` is all of it; `{ length }` starts at 0; `{ offset }` runs to the end. */
export type RangeRequest =
  | { readonly offset?: number | undefined; readonly length?: number | undefined }
  | { readonly suffixLength: number };

/**
 * The bytes of a value of `sizeBytes` that `range` asks for. `key` is for messages. An empty value
 * has the one range [0, 0).
 * @throws {invalid-byte-range} not a range, negative, fractional, unsafe, or outside the value
 */
export function resolveRange(range: RangeRequest, sizeBytes: number, key: string): Extent {
  const { offset, length, suffixLength } = parseRange(range, key);
  if (suffixLength !== undefined) {
    if (suffixLength > sizeBytes) throw outOfBounds(range, sizeBytes, key);
    return { start: sizeBytes - suffixLength, end: sizeBytes };
  }
  const start = offset ?? 0;
  const end = length === undefined ? sizeBytes : start + length;
  const isEmptyValue = sizeBytes === 0 && start === 0;
  if (end > sizeBytes || (start >= sizeBytes && !isEmptyValue)) {
    throw outOfBounds(range, sizeBytes, key);
  }
  return { start, end };
}

interface RangeNumbers {
  readonly offset?: number | undefined;
  readonly length?: number | undefined;
  readonly suffixLength?: number | undefined;
}

function parseRange(range: RangeRequest, key: string): RangeNumbers {
  if (!isPlainObject(range)) {
    throw invalidRange(key, `expected a byte range, found ${describe(range)}`, range);
  }
  for (const [name, value] of Object.entries(range)) {
    if (name !== "offset" && name !== "length" && name !== "suffixLength") {
      throw invalidRange(
        key,
        `unknown member "${name}" of a byte range; known: offset, length, suffixLength`,
        range,
      );
    }
    if (value !== undefined && !isCount(value)) {
      throw invalidRange(
        key,
        `${name} must be a whole number from 0 to 2^53 - 1, found ${describe(value)}`,
        range,
      );
    }
  }
  const numbers: RangeNumbers = range;
  const isMixed = numbers.offset !== undefined || numbers.length !== undefined;
  if (numbers.suffixLength !== undefined && isMixed) {
    throw invalidRange(key, "suffixLength stands alone, without offset and length", range);
  }
  return numbers;
}

function outOfBounds(range: RangeRequest, sizeBytes: number, key: string): Error {
  const members = Object.entries(range).filter(([, value]) => value !== undefined);
  const text = members.map(([name, value]) => `${name} ${value}`).join(", ");
  return invalidRange(key, `${text} is outside the value of ${sizeBytes} bytes`, range, sizeBytes);
}

function invalidRange(key: string, what: string, range: unknown, sizeBytes?: number): Error {
  return makeError("invalid-byte-range", `range of ${key}: ${what}`, {
    details: {
      key,
      range: isPlainObject(range) ? { ...range } : describe(range),
      ...(sizeBytes === undefined ? {} : { sizeBytes }),
    },
  });
}
