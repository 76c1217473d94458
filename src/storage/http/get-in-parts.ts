/** Large ranges as several requests side by side: one connection carries a part of what a line can. */
import { mapConcurrent } from "../../base/concurrency.ts";
import { makeError } from "../../base/errors.ts";
import { type ByteSpan, checkByteRange } from "../byte-range.ts";
import { type GetOptions, type StoredObject, sameVersion } from "../port.ts";

/** How an object is cut. */
export interface PartLimits {
  /** Bytes of a part. What has less than two of them stays whole. */
  readonly partBytes: number;
  /** Parts of one object under way at once. */
  readonly partsMax: number;
}

/** Longer ranges are for the server to refuse before there is room for them. */
const SPAN_BYTES_MAX = 2 ** 31;
const PARTS_PER_OBJECT_MAX = 10_000;

/**
 * As `get` with `options`, in parts where that is known to be long. All parts are of one version of
 * the object, else it is `unexpected-response`.
 */
export async function getInParts(
  get: (options: GetOptions) => Promise<StoredObject | undefined>,
  path: string,
  options: GetOptions = {},
  { partBytes, partsMax }: PartLimits,
): Promise<StoredObject | undefined> {
  const span = spanOf(options, path);
  if (span === undefined || span.end - span.start < 2 * partBytes) return get(options);
  const { signal } = options;
  const bytes = new Uint8Array(span.end - span.start);
  const step = Math.max(partBytes, Math.ceil(bytes.length / PARTS_PER_OBJECT_MAX));
  const starts: number[] = [];
  for (let start = span.start; start < span.end; start += step) starts.push(start);
  const parts = await mapConcurrent(starts, partsMax, async (start) => {
    const range = { start, end: Math.min(start + step, span.end) };
    const part = await get({ range, objectBytes: options.objectBytes, signal });
    if (part !== undefined) bytes.set(part.bytes, start - span.start);
    return part?.version;
  });
  const [version] = parts;
  if (version === undefined) return undefined;
  if (parts.every((part) => part !== undefined && sameVersion(part, version)))
    return { bytes, version };
  throw makeError("unexpected-response", `${path} was replaced while its parts were read`, {
    details: { path },
  });
}

/** The bytes that are asked for, if that is known and can be true. */
function spanOf({ range, objectBytes }: GetOptions, path: string): ByteSpan | undefined {
  if (range === undefined) return undefined;
  checkByteRange(range, path);
  if ("suffix" in range || range.end - range.start > SPAN_BYTES_MAX) return undefined;
  return range.end <= (objectBytes ?? range.end) ? range : undefined;
}
