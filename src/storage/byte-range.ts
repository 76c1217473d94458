/** Byte ranges of a `get`: checked before any I/O, resolved against the object's size. */
import { makeError } from "../base/errors.ts";
import type { Extent } from "../base/extent.ts";
import { isCount } from "../base/options.ts";
import type { ByteRange } from "./port.ts";

/** Bytes [start, end) of an object. */
export type ByteSpan = Extent;

function refuse(range: ByteRange, path: string, reason: string): never {
  throw makeError("invalid-byte-range", `byte range of ${path} ${reason}`, {
    details: { path, range: { ...range } },
  });
}

/** @throws {invalid-byte-range} unless the range could fit some object */
export function checkByteRange(range: ByteRange, path: string): void {
  if ("suffix" in range) {
    if (!isCount(range.suffix)) refuse(range, path, `has suffix ${String(range.suffix)}`);
    return;
  }
  if (!isCount(range.start) || !isCount(range.end) || range.start > range.end)
    refuse(range, path, `is [${String(range.start)}, ${String(range.end)})`);
}

/**
 * The bytes that a checked `range` names in an object of `sizeBytes`; all of them without a range.
 * @throws {invalid-byte-range} where it reaches past the end
 */
export function resolveByteRange(
  range: ByteRange | undefined,
  sizeBytes: number,
  path: string,
): ByteSpan {
  if (range === undefined) return { start: 0, end: sizeBytes };
  if ("suffix" in range) return { start: Math.max(0, sizeBytes - range.suffix), end: sizeBytes };
  if (range.end > sizeBytes)
    refuse(range, path, `is [${range.start}, ${range.end}), but it holds ${sizeBytes} bytes`);
  return range;
}
