/** What fields of references hold, read where it stands in a manifest's bytes. */
import { isIcefloeError } from "../../base/errors.ts";
import type { ManifestBuffer } from "./buffer.ts";
import { failManifest } from "./ref-vtables.ts";

const UINT32_END = 2 ** 32;
const SAFE_HIGH_END = 2 ** 21; // High words of integers up to 2^53 - 1.
const POSITIONS_END = 2 ** 31; // FlatBuffers end there.

/** The integer at byte `at`. */
export function uint64At({ view, object }: ManifestBuffer, at: number): number {
  const high = view.getUint32(at + 4, true);
  if (high >= SAFE_HIGH_END) failManifest(object, at, "integer beyond 2^53");
  return high * UINT32_END + view.getUint32(at, true);
}

/** Where the vector or string is that the field at byte `field` points to. */
export function vectorPosition({ view, object }: ManifestBuffer, field: number): number {
  const position = field + view.getUint32(field, true);
  if (position + 4 > view.byteLength || position >= POSITIONS_END)
    failManifest(object, field, "vector starts behind the end");
  return position;
}

/** The byte count of the vector there, whose first bytes are made. */
export function vectorLength({ view, object }: ManifestBuffer, position: number): number {
  const length = view.getUint32(position, true);
  if (position + 4 + length > view.byteLength)
    failManifest(object, position, "vector reaches behind the end");
  return length;
}

/** The bytes of the vector there: a view. */
export function vectorAt(buffer: ManifestBuffer, position: number): Uint8Array {
  const { bytes, partial } = buffer;
  const start = position + 4;
  partial?.ensure(position, start);
  const end = start + vectorLength(buffer, position);
  partial?.ensure(start, end);
  return bytes.subarray(start, end);
}

/** The location that a compressed one says; `at` names it if it is damaged. */
export function decodedLocation(
  { decodeLocation, object }: ManifestBuffer,
  frame: Uint8Array,
  at: number,
): Uint8Array {
  if (decodeLocation === undefined)
    failManifest(object, at, "a compressed location, but no decompression dictionary");
  try {
    return decodeLocation(frame);
  } catch (cause) {
    if (!isIcefloeError(cause, "deserialization")) throw cause;
    return failManifest(object, at, `compressed location: ${cause.message}`, cause);
  }
}
