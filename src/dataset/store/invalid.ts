import { makeError } from "../../base/errors.ts";

/** `invalid-option` of `toZarr`. */
export function invalid(option: string, what: string): Error {
  return makeError("invalid-option", `toZarr: ${what}`, { details: { option } });
}
