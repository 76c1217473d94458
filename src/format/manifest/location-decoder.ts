/**
 * Locations that the official engine compressed with a dictionary: read one by one, when asked for.
 * Spec: v2 "Chunk Manifest Files" › ChunkRef; docs/format.md "Location compression".
 */
import { decompressWithDictionary } from "../../codec/zstd/zstd.ts";

/** Longer ones are refused by the official reader too. */
const LOCATION_BYTES_MAX = 1024;

/** Decompresses one `compressed_location`. @throws {deserialization} also above 1,024 bytes */
export type LocationDecoder = (frame: Uint8Array) => Uint8Array;

/** A decoder for a manifest's `location_dictionary`. The dictionary is looked at on first use. */
export function locationDecoder(dictionary: Uint8Array): LocationDecoder {
  return (frame) => decompressWithDictionary(frame, dictionary, LOCATION_BYTES_MAX);
}
