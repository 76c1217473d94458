/** Puts of Google Cloud Storage: in one request, or piece by piece (resumable.ts). */
import { concatBytes, encodeUtf8, hexOf } from "../../base/bytes.ts";
import { makeError } from "../../base/errors.ts";
import type { Runtime } from "../../base/runtime.ts";
import { crc32c } from "../../codec/crc32c.ts";
import type { HttpAnswer } from "../http/http-request.ts";
import type { Failure } from "../http/object-requests.ts";
import type { ObjectVersion, PutBody, PutCondition, PutOutcome } from "../port.ts";
import { type BodyFacts, isWholeBody } from "../put-body.ts";
import { bucketFailure, type GcsClient } from "./client.ts";
import { generationOf, jsonOf, numberOf } from "./json-answer.ts";

/** One object to be put. */
export interface GcsPut<Body extends PutBody = PutBody> extends BodyFacts {
  readonly name: string;
  readonly body: Body;
  readonly condition: PutCondition | undefined;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly storageClass: string | undefined;
}

/** What servers need to say of an object that was put. */
export const PUT_FIELDS = "generation,size";

/**
 * The parameters of a condition.
 * @throws {condition-not-supported} for a version that is not of this store: it names no generation
 */
export function conditionQuery(
  condition: PutCondition | undefined,
  path: string,
): Record<string, string> {
  if (condition === undefined) return {};
  if ("ifAbsent" in condition) return { ifGenerationMatch: "0" };
  return { ifGenerationMatch: generationIn(condition.ifMatch, path) };
}

/** The generation that `version` names. @throws {condition-not-supported} it names none */
export function generationIn({ generation }: ObjectVersion, path: string): string {
  const found = generationOf(generation);
  if (found !== undefined) return found;
  throw makeError("condition-not-supported", `ifMatch of ${path} names no generation`, {
    details: { path },
  });
}

/** What is said of an object beside its bytes; servers compare the checksum, where it is known before. */
export function resourceOf({ name, body, contentType, metadata, storageClass }: GcsPut): object {
  return {
    name,
    contentType,
    ...(isWholeBody(body) ? { crc32c: base64Of32(crc32c(body)) } : {}),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    ...(storageClass === undefined ? {} : { storageClass }),
  };
}

/** Four bytes, the highest first. */
function base64Of32(value: number): string {
  return btoa(
    String.fromCharCode(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255),
  );
}

/** Puts an object whole. One request. */
export async function putWhole(
  client: GcsClient,
  put: GcsPut<Uint8Array>,
  runtime: Runtime,
): Promise<PutOutcome> {
  const { name, body, condition, contentType, signal } = put;
  const boundary = hexOf(runtime.randomBytes(16));
  const head =
    `--${boundary}\r\ncontent-type: application/json; charset=UTF-8\r\n\r\n` +
    `${JSON.stringify(resourceOf(put))}\r\n` +
    `--${boundary}\r\ncontent-type: ${contentType}\r\n\r\n`;
  const answer = await client.request({
    url: client.uploadUrl,
    method: "POST",
    query: {
      uploadType: "multipart",
      name,
      fields: PUT_FIELDS,
      ...conditionQuery(condition, name),
    },
    headers: { "content-type": `multipart/related; boundary=${boundary}` },
    body: concatBytes([encodeUtf8(head), body, encodeUtf8(`\r\n--${boundary}--\r\n`)]),
    signal,
    isRepeatable: condition === undefined,
    isExpected: answersPut(condition),
    failureOf: failureOfPut(body.length),
  });
  return outcomeOf(answer);
}

/** Whether `status` answers a put with such a condition. */
export function answersPut(condition: PutCondition | undefined): (status: number) => boolean {
  return (status) =>
    status === 200 ||
    status === 201 ||
    (condition !== undefined && status === 412) ||
    // No object, no generation.
    (condition !== undefined && "ifMatch" in condition && status === 404);
}

/** Finds what an answer to a put of so many bytes lacks, though its status is a good one. */
export function failureOfPut(bodyBytes: number): (answer: HttpAnswer) => Failure | undefined {
  return (answer) => {
    if (answer.status >= 300) return bucketFailure(answer);
    const { generation, size } = jsonOf(answer) ?? {};
    if (generationOf(generation) === undefined) return { reason: "no generation in its answer" };
    if (size === undefined || numberOf(size) === bodyBytes) return undefined;
    return { reason: "it has stored another number of bytes" };
  };
}

/** What an answer to a put says, once it has been looked at. */
export function outcomeOf(answer: HttpAnswer): PutOutcome {
  if (answer.status >= 300) return { outcome: "condition-failed" };
  return { outcome: "written", version: gcsVersion(jsonOf(answer)?.["generation"]) };
}

/** The version that a generation is. */
export function gcsVersion(value: unknown): ObjectVersion {
  const generation = generationOf(value);
  return generation === undefined ? {} : { generation };
}
