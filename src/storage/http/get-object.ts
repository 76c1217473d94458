/**
 * `get` over HTTP: ranges as requests, and answers measured against what was asked. A server that
 * ignores a range is cut to it, one that sends another is refused. RFC 9110 "Range Requests".
 */
import type { ErrorKind } from "../../base/error-kinds.ts";
import { describe } from "../../base/options.ts";
import { type ByteSpan, checkByteRange, resolveByteRange } from "../byte-range.ts";
import type { ByteRange, GetOptions, ObjectInfo, ObjectVersion, StoredObject } from "../port.ts";
import type { HttpAnswer } from "./http-request.ts";

/** How a kind of server is asked. */
export interface ObjectReader {
  /**
   * The answer to a GET, with the header `range` if there is one: of status 200, 206 or 416, or
   * `undefined` for what is absent.
   */
  ask(
    path: string,
    range: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<HttpAnswer | undefined>;
  head(path: string, signal: AbortSignal | undefined): Promise<ObjectInfo | undefined>;
  versionOf(headers: Headers): ObjectVersion;
  /** Throws, naming the object. */
  refuse(path: string, reason: string, details: object, kind?: ErrorKind): never;
}

/** The object at `path`, or a part of it. One request; two for a part without bytes. */
export async function getObject(
  reader: ObjectReader,
  path: string,
  options: GetOptions = {},
): Promise<StoredObject | undefined> {
  const { range, objectBytes, signal } = options;
  if (range === undefined) {
    const whole = await reader.ask(path, undefined, signal);
    return whole && { bytes: whole.bytes, version: reader.versionOf(whole.headers) };
  }
  checkByteRange(range, path);
  // HTTP has no empty ranges: the object's size decides what they mean.
  const isEmpty = "suffix" in range ? range.suffix === 0 : range.start === range.end;
  if (isEmpty) return getNothing(reader, path, range, signal);
  const value =
    "suffix" in range ? `bytes=-${range.suffix}` : `bytes=${range.start}-${range.end - 1}`;
  const answer = await reader.ask(path, value, signal);
  if (answer === undefined) return undefined;
  const { status, headers, bytes } = answer;
  if (status === 416) return getNothing(reader, path, range, signal);
  const version = reader.versionOf(headers);
  if (status === 206) return { bytes: checkPart(reader, path, range, answer), version };
  if (status !== 200) {
    const reason = `the server answered ${status} to a range`;
    reader.refuse(path, reason, { status, range: { ...range } });
  }
  // The whole object, or what the server has for all that it does not know.
  if (objectBytes !== undefined && objectBytes !== bytes.length) {
    const reason = `the server sent all ${bytes.length} bytes of an object of ${objectBytes}`;
    const details = { status, expectedBytes: objectBytes, foundBytes: bytes.length };
    reader.refuse(path, reason, details, "invalid-object-size");
  }
  const { start, end } = resolveByteRange(range, bytes.length, path);
  return { bytes: bytes.slice(start, end), version, whole: bytes };
}

/** An empty part: what is left to learn is whether the object is there and how long it is. */
async function getNothing(
  reader: ObjectReader,
  path: string,
  range: ByteRange,
  signal: AbortSignal | undefined,
): Promise<StoredObject | undefined> {
  const info = await reader.head(path, signal);
  if (info === undefined) return undefined;
  const { start, end } = resolveByteRange(range, info.sizeBytes, path);
  if (start === end) return { bytes: new Uint8Array(0), version: info.version };
  return reader.refuse(path, `the server refused bytes [${start}, ${end})`, { status: 416 });
}

/** The bytes of a 206 answer, if they are the ones asked for. */
function checkPart(
  reader: ObjectReader,
  path: string,
  range: ByteRange,
  { headers, bytes }: HttpAnswer,
): Uint8Array {
  const header = headers.get("content-range");
  const match = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(header ?? "");
  // Servers of other origins may hide the header from browsers: then the length must do.
  const [, first, last, size] = match?.map(Number) ?? [];
  const start = first ?? ("start" in range ? range.start : 0);
  const end = last === undefined ? start + bytes.length : last + 1;
  let expected: ByteSpan;
  if ("suffix" in range) {
    const sizeBytes = size || start + Math.min(range.suffix, bytes.length);
    expected = size ? resolveByteRange(range, sizeBytes, path) : { start, end: sizeBytes };
  } else {
    // A server may end early where the object does; then the range reached past its end.
    expected = end < range.end ? resolveByteRange(range, size || end, path) : range;
  }
  // MinIO has a part of an object without bytes.
  if (bytes.length === 0 && header === "bytes 0--1/0" && "suffix" in range) return bytes;
  const isUnderstood = header === null || match !== null;
  const isWhole = bytes.length === end - start;
  if (isUnderstood && isWhole && start === expected.start && end === expected.end) return bytes;
  return reader.refuse(path, `the server sent ${bytes.length} bytes as ${describe(header)}`, {
    range: { ...range },
    contentRange: header,
    foundBytes: bytes.length,
  });
}
