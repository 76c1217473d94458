/**
 * Ids of those who write: sessions and forks. Forks made in one process share most of their id with
 * the session they come from and are numbered, so that a thousand of them that were merged take a
 * few bytes in the bytes of the next one; whoever is opened from bytes begins anew, since others may
 * open the same.
 */
import type { Runtime } from "../../base/runtime.ts";
import { OBJECT_ID_BYTES, objectIdFromBytes } from "../../format/ids.ts";

/** Bytes of an origin that number its family; the others are random. */
export const ORIGIN_NUMBER_BYTES = 3;
/** The end of those numbers. */
export const NUMBERS_END: number = 2 ** (8 * ORIGIN_NUMBER_BYTES);

/** Where a session and all its forks in this process get their ids. */
export interface OriginFamily {
  /** An id that nobody else has. */
  next(): string;
}

/** A family of its own; after every `size` ids it begins anew. */
export function originFamily(runtime: Runtime, size: number = NUMBERS_END): OriginFamily {
  let bytes = new Uint8Array(0);
  let number = size;
  return {
    next() {
      if (number === size) {
        bytes = runtime.randomBytes(OBJECT_ID_BYTES).slice();
        number = 0;
      }
      for (let at = 1, rest = number++; at <= ORIGIN_NUMBER_BYTES; at++, rest >>>= 8)
        bytes[OBJECT_ID_BYTES - at] = rest & 0xff;
      return objectIdFromBytes(bytes);
    },
  };
}
