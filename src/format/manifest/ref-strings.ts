/** Locations and etags in a manifest's bytes, by the keys that `ref-columns.ts` gives them. */
import { decodeIfUtf8 } from "../../base/bytes.ts";
import type { ManifestBuffer } from "./buffer.ts";
import { decodedLocation, vectorAt } from "./ref-fields.ts";
import { failManifest } from "./ref-vtables.ts";

/** The location whose position is half of `key`; of an odd one it is compressed. */
export function locationOfKey(buffer: ManifestBuffer, key: number): Uint8Array {
  const position = Math.floor(key / 2);
  const stored = vectorAt(buffer, position);
  return key % 2 === 0 ? stored : decodedLocation(buffer, stored, position);
}

/** The etag at `position`. */
export function etagOfKey(buffer: ManifestBuffer, position: number): Uint8Array {
  const bytes = vectorAt(buffer, position);
  if (decodeIfUtf8(bytes) === undefined)
    failManifest(buffer.object, position, "string is not UTF-8");
  return bytes;
}
