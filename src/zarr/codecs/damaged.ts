/** How all codecs refuse bytes that nobody can have encoded. */
import { makeError } from "../../base/errors.ts";

/** `deserialization` for a chunk. */
export function damaged(chunk: string, what: string, cause?: unknown): Error {
  return makeError("deserialization", `chunk ${chunk} is damaged: ${what}`, {
    details: { chunk },
    ...(cause === undefined ? {} : { cause }),
  });
}
