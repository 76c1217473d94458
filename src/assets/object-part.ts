/** An immutable object whose size is known, or a part of it. */
import { isIcefloeError, makeError } from "../base/errors.ts";
import type { Extent } from "../base/extent.ts";
import { abortable } from "../base/on-abort.ts";
import type { Storage, StoredObject } from "../storage/port.ts";

/**
 * Bytes `range` of the object of `objectBytes` at `path`; all of them if left out. One GET.
 * @throws {object-not-found}
 * @throws {invalid-object-size} if they are not all there, or the whole object is longer
 */
export async function getPart(
  storage: Storage,
  path: string,
  objectBytes: number,
  range: Extent | undefined,
  signal: AbortSignal | undefined,
): Promise<StoredObject> {
  const { start, end } = range ?? { start: 0, end: objectBytes };
  const details = { path, offset: start, expectedBytes: end - start };
  let part: StoredObject | undefined;
  try {
    part = await abortable(storage.get(path, { range, objectBytes, signal }), signal);
  } catch (error) {
    if (!isIcefloeError(error, "invalid-byte-range")) throw error;
    const message = `${path}: shorter than the ${objectBytes} bytes that its reference says`;
    throw makeError("invalid-object-size", message, { details, cause: error });
  }
  if (part === undefined)
    throw makeError("object-not-found", `${path} does not exist`, { details });
  if (part.bytes.length === end - start) return part;
  throw makeError(
    "invalid-object-size",
    `${path}: expected ${end - start} bytes at offset ${start}, got ${part.bytes.length}`,
    { details: { ...details, foundBytes: part.bytes.length } },
  );
}
