/** What Google Cloud Storage says of an object, without its bytes. */
import { isPlainObject } from "../../base/options.ts";
import { httpError } from "../http/http-request.ts";
import type { ObjectInfo } from "../port.ts";
import { bucketFailure, type GcsClient } from "./client.ts";
import { generationOf, jsonOf, numberOf } from "./json-answer.ts";

/** Facts about an object, its type among them. */
interface GcsObjectInfo extends ObjectInfo {
  readonly contentType: string | undefined;
}

/** Facts about an object; `undefined` if there is none. One request. */
export async function lookUp(
  client: GcsClient,
  name: string,
  signal: AbortSignal | undefined,
): Promise<GcsObjectInfo | undefined> {
  const url = client.objectUrl(name);
  const answer = await client.request({
    url,
    method: "GET",
    query: { fields: "generation,size,updated,metadata,contentType" },
    cache: "no-store",
    signal,
    isExpected: (status) => status === 200 || status === 404,
    failureOf: bucketFailure,
  });
  if (answer.status === 404) return undefined;
  const resource = jsonOf(answer) ?? {};
  const generation = generationOf(resource["generation"]);
  const sizeBytes = numberOf(resource["size"]);
  const lastModified = timeOf(resource["updated"]);
  if (generation === undefined || sizeBytes === undefined)
    throw httpError("unexpected-response", url, "the server does not say what the object is", {});
  const { contentType, metadata } = resource;
  return {
    version: { generation },
    sizeBytes,
    metadata: textsOf(metadata),
    contentType: typeof contentType === "string" ? contentType : undefined,
    ...(lastModified === undefined ? {} : { lastModified }),
  };
}

/** The members that are texts. */
function textsOf(value: unknown): Record<string, string> {
  const entries = isPlainObject(value) ? Object.entries(value) : [];
  const texts = entries.filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return Object.fromEntries(texts);
}

/** A time of the JSON API; `undefined` if it is none. */
export function timeOf(value: unknown): Date | undefined {
  const date = new Date(typeof value === "string" ? value : "");
  return Number.isNaN(+date) ? undefined : date;
}
