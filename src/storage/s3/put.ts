/** Puts of S3: whole, or in parts that move side by side. */
import { mapStream } from "../../base/concurrent-stream.ts";
import { makeError } from "../../base/errors.ts";
import type { HttpAnswer } from "../http/http-request.ts";
import { encodeXml, textIn } from "../http/xml.ts";
import type { ObjectVersion, PutBody, PutCondition, PutOutcome } from "../port.ts";
import {
  type BodyFacts,
  type BodyPiece,
  bodyPieces,
  checkWhole,
  firstPiece,
  isWholeBody,
} from "../put-body.ts";
import { explainS3, type S3Client } from "./client.ts";

/** One object to be put. */
interface S3Put<Body extends PutBody = PutBody> extends BodyFacts {
  readonly key: string;
  readonly body: Body;
  readonly condition: PutCondition | undefined;
  /** Of the object itself: its type, metadata, storage class. */
  readonly headers: Readonly<Record<string, string>>;
}

/** How an object is cut. */
export interface S3PartSizes {
  /** Objects of this size and more are put in parts. */
  readonly multipartBytesMin: number;
  /** Bytes of a part, more where there would be too many of them. */
  readonly partBytes: number;
  /** Parts under way at once. */
  readonly partsMax: number;
}

/** S3 takes no smaller parts, but for the last, and no more of them. S3 "Multipart upload limits". */
const PART_BYTES_MIN = 5 * 1024 * 1024;
const PARTS_MAX = 10_000;

/** Status of a condition that does not hold: also of an `If-Match` where nothing is any more. */
const FAILED_CONDITIONS: readonly number[] = [404, 412];

/**
 * Puts an object: one request, or two and one for each part. A body that comes in parts is held one
 * part for each request under way.
 */
export async function putObject(
  client: S3Client,
  put: S3Put,
  sizes: S3PartSizes,
): Promise<PutOutcome> {
  const { body } = put;
  const sizeBytes = isWholeBody(body) ? body.length : (put.sizeBytes ?? 0);
  const partBytes = Math.max(sizes.partBytes, PART_BYTES_MIN, Math.ceil(sizeBytes / PARTS_MAX));
  const pieces = bodyPieces(body, partBytes, put);
  if (isWholeBody(body)) {
    checkWhole(body, put);
    if (body.length < sizes.multipartBytesMin) return putWhole(client, { ...put, body });
    return putInParts(client, put, pieces, sizes);
  }
  const { first, all } = await firstPiece(pieces);
  if (first.isLast) return putWhole(client, { ...put, body: first.bytes });
  return putInParts(client, put, all, sizes);
}

/** What `fetch` adds to a conditional request is stored with the object, unless something is there. */
const NO_CACHE_CONTROL = { "cache-control": "" };

function conditionHeaders(condition: PutCondition | undefined): Record<string, string> {
  if (condition === undefined) return {};
  if ("ifAbsent" in condition) return { ...NO_CACHE_CONTROL, "if-none-match": "*" };
  return { ...NO_CACHE_CONTROL, "if-match": condition.ifMatch.etag ?? "" };
}

/** Whether `status` answers a put with such a condition. */
function answersPut(condition: PutCondition | undefined): (status: number) => boolean {
  return (status) =>
    status === 200 ||
    (condition !== undefined && status === 412) ||
    (condition !== undefined && "ifMatch" in condition && status === 404);
}

async function putWhole(client: S3Client, put: S3Put<Uint8Array>): Promise<PutOutcome> {
  const { key, body, condition, headers, signal } = put;
  const answer = await client.request({
    key,
    method: "PUT",
    headers: { ...headers, ...conditionHeaders(condition) },
    body,
    signal,
    isRepeatable: condition === undefined,
    isExpected: answersPut(condition),
    failureOf: missingBucket,
  });
  if (FAILED_CONDITIONS.includes(answer.status)) return { outcome: "condition-failed" };
  return { outcome: "written", version: s3Version(answer.headers) };
}

/** A 404 may mean that the bucket is gone. */
export function missingBucket(answer: HttpAnswer): ReturnType<typeof explainS3> | undefined {
  const failure = answer.status === 404 ? explainS3(answer) : undefined;
  return failure?.code === "NoSuchBucket" ? failure : undefined;
}

async function putInParts(
  client: S3Client,
  put: S3Put,
  pieces: AsyncGenerator<BodyPiece>,
  sizes: S3PartSizes,
): Promise<PutOutcome> {
  const { key, signal } = put;
  const created = await client.request({
    key,
    method: "POST",
    query: { uploads: "" },
    headers: put.headers,
    signal,
    failureOf: failureIn("InitiateMultipartUploadResult", "UploadId"),
  });
  const uploadId = textIn(textOf(created), "UploadId") as string; // `failureOf` has seen it.
  // What is left of it costs storage. If this fails as well, the bucket's own rules clear it away.
  const giveUp = (): Promise<unknown> =>
    client
      .request({ key, method: "DELETE", query: { uploadId }, signal: undefined })
      .catch(() => undefined);
  try {
    const etags = await putParts(client, put, pieces, uploadId, sizes.partsMax);
    const done = await completeUpload(client, put, uploadId, etags);
    if (done.outcome === "condition-failed") await giveUp();
    return done;
  } catch (error) {
    await giveUp();
    throw error;
  }
}

/** Puts the parts; their etags in order. */
function putParts(
  client: S3Client,
  { key, path, signal }: S3Put,
  pieces: AsyncGenerator<BodyPiece>,
  uploadId: string,
  partsMax: number,
): Promise<string[]> {
  return mapStream(pieces, partsMax, async ({ bytes }, part) => {
    if (part === PARTS_MAX) {
      const reason = `the body has more than ${PARTS_MAX} parts: say its sizeBytes, or raise storage.concurrency.idealConcurrentRequestSize`;
      throw makeError("invalid-option", `put of ${path}: ${reason}`, {
        details: { operation: "put", option: "sizeBytes", path, partBytes: bytes.length },
      });
    }
    const { headers } = await client.request({
      key,
      method: "PUT",
      query: { partNumber: String(part + 1), uploadId },
      body: bytes,
      signal,
    });
    return headers.get("etag") ?? "";
  });
}

async function completeUpload(
  client: S3Client,
  { key, condition, signal }: S3Put,
  uploadId: string,
  etags: readonly string[],
): Promise<PutOutcome> {
  const parts = etags.map(
    (etag, part) =>
      `<Part><PartNumber>${part + 1}</PartNumber><ETag>${encodeXml(etag)}</ETag></Part>`,
  );
  const answersCondition = answersPut(condition);
  const failureOfResult = failureIn("CompleteMultipartUploadResult", "ETag");
  const answer = await client.request({
    key,
    method: "POST",
    query: { uploadId },
    headers: conditionHeaders(condition),
    body: new TextEncoder().encode(
      `<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`,
    ),
    signal,
    isRepeatable: false, // After a success there is no such upload.
    isExpected: answersCondition,
    failureOf: (found) => (found.status === 200 ? failureOfResult(found) : failureOfUpload(found)),
  });
  if (FAILED_CONDITIONS.includes(answer.status)) return { outcome: "condition-failed" };
  return { outcome: "written", version: { etag: textIn(textOf(answer), "ETag") as string } };
}

/** A 404 to the end of an upload: the upload may be gone, rather than the object. */
function failureOfUpload(answer: HttpAnswer): ReturnType<typeof explainS3> | undefined {
  const failure = answer.status === 404 ? explainS3(answer) : undefined;
  return failure?.code === "NoSuchKey" ? undefined : failure;
}

/**
 * Finds the failure that S3 tells in the body of a 200: headers leave before the work is done. What
 * holds no `element` in a `root` is one as well.
 */
export function failureIn(
  root: string,
  element: string,
): (answer: HttpAnswer) => ReturnType<typeof explainS3> | undefined {
  return (answer) => {
    const xml = textOf(answer);
    const isResult = xml.includes(`<${root}`) && xml.includes(`</${root}>`);
    if (isResult && textIn(xml, element) !== undefined) return undefined;
    const failure = explainS3(answer);
    return failure.code === undefined ? { reason: `no ${element} in its answer` } : failure;
  };
}

/** An answer's body as text. */
export function textOf({ bytes }: HttpAnswer): string {
  return new TextDecoder().decode(bytes);
}

/** The version that an answer names. */
export function s3Version(headers: Headers): ObjectVersion {
  const etag = headers.get("etag");
  return etag === null ? {} : { etag };
}
