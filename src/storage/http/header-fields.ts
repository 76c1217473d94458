/** What may stand in the header of a request. RFC 9110 "Field Values", without what is not ASCII. */
import { isPlainObject, type OptionKind } from "../../base/options.ts";

/** Names and values that users add to requests. Never shows what was given: it may be a secret. */
export const headerRecord: OptionKind = (value) =>
  isPlainObject(value) &&
  Object.entries(value).every(
    ([name, field]) => /^[\w!#$%&'*+.^`|~-]+$/.test(name) && isFieldValue(field),
  )
    ? undefined
    : "must be a plain object of header fields: names and texts of visible ASCII letters";

/** A text that fits a header. */
export function isFieldValue(value: unknown): value is string {
  return typeof value === "string" && /^[\t\x20-\x7e]*$/.test(value);
}

/** A text without spaces that fits a header, as keys and tokens are. */
export function isSecretText(value: unknown): value is string {
  return typeof value === "string" && /^[\x21-\x7e]+$/.test(value);
}
