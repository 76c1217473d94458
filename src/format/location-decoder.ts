/**
 * Locations that the official engine compressed with a dictionary.
 * Spec: v2 "Chunk Manifest Files" › compressed_location; format.md §7.2.
 */
import { makeError } from "../base/errors.ts";

/** Longer ones are refused by the official reader too. */
export const LOCATION_BYTES_MAX = 1024;

/** Decompresses one `compressed_location`. Throws on damage, and beyond `LOCATION_BYTES_MAX`. */
export type LocationDecoder = (frame: Uint8Array) => Uint8Array;

/** A decoder for a manifest's `location_dictionary`. */
export async function loadLocationDecoder(_dictionary: Uint8Array): Promise<LocationDecoder> {
  return () => {
    throw makeError("unimplemented", "compressed locations cannot be read yet");
  };
}
