/** Answers of the JSON API, as far as they can be believed. */
import { decodeIfUtf8 } from "../../base/bytes.ts";
import { isPlainObject } from "../../base/options.ts";

/** The object that an answer's body is; `undefined` if it is something else. */
export function jsonOf({
  bytes,
}: {
  readonly bytes: Uint8Array;
}): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(decodeIfUtf8(bytes) ?? "");
    return isPlainObject(value) ? value : undefined;
  } catch {
    return undefined; // It is no JSON: the caller says what that means.
  }
}

/** A whole number as the JSON API writes it, as text; `undefined` if it is none. */
export function numberOf(value: unknown): number | undefined {
  const number = typeof value === "string" && /^\d{1,16}$/.test(value) ? Number(value) : undefined;
  return Number.isSafeInteger(number) ? number : undefined;
}

/** A generation, the name of one state of an object; `undefined` if it is none. 0 stands for no object. */
export function generationOf(value: unknown): string | undefined {
  return typeof value === "string" && /^[1-9]\d{0,19}$/.test(value) ? value : undefined;
}
