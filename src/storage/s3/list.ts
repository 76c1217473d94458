/** Listing a bucket, by pages of a thousand. S3 API "ListObjectsV2". */
import { httpError } from "../http/http-request.ts";
import { textIn, xmlElements } from "../http/xml.ts";
import type { ListEntry } from "../port.ts";
import type { S3Client } from "./client.ts";
import { failureIn, textOf } from "./put.ts";

/** A thousand entries with the longest keys, each byte of which may take three. */
const PAGE_BYTES_MAX = 16 * 1024 * 1024;

/** All objects whose key starts with `start`; paths are relative to `folder`. One request per 1,000. */
export async function* listObjects(
  client: S3Client,
  folder: string,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<ListEntry> {
  const start = `${folder}${prefix}`;
  let token: string | undefined;
  for (;;) {
    signal?.throwIfAborted();
    const answer = await client.request({
      method: "GET",
      query: {
        "list-type": "2",
        "encoding-type": "url",
        ...(start === "" ? {} : { prefix: start }),
        ...(token === undefined ? {} : { "continuation-token": token }),
      },
      signal,
      bytesMax: PAGE_BYTES_MAX,
      failureOf: failureIn("ListBucketResult", "IsTruncated"),
    });
    const xml = textOf(answer);
    const isEncoded = textIn(xml, "EncodingType") === "url";
    for (const entry of xmlElements(xml, "Contents")) {
      const found = entryOf(entry, isEncoded);
      if (found === undefined || !found.path.startsWith(start))
        throw refuse(client, "it lists what was not asked for");
      const path = found.path.slice(folder.length);
      // Consoles make objects that stand for folders; no path of ours ends so.
      if (path !== "" && !path.endsWith("/")) yield { ...found, path };
    }
    if (textIn(xml, "IsTruncated") !== "true") return;
    const next = textIn(xml, "NextContinuationToken");
    if (next === undefined || next === token) throw refuse(client, "it does not say how to go on");
    token = next;
  }
}

function refuse(client: S3Client, reason: string): Error {
  return httpError(
    "unexpected-response",
    client.url(undefined),
    `the server's list: ${reason}`,
    {},
  );
}

function entryOf(xml: string, isEncoded: boolean): ListEntry | undefined {
  const key = textIn(xml, "Key");
  const sizeBytes = Number(textIn(xml, "Size"));
  const lastModified = new Date(textIn(xml, "LastModified") ?? "");
  const etag = textIn(xml, "ETag");
  if (key === undefined || !Number.isSafeInteger(sizeBytes) || Number.isNaN(+lastModified))
    return undefined;
  const path = isEncoded ? decodeKey(key) : key;
  if (path === undefined) return undefined;
  return { path, sizeBytes, lastModified, ...(etag === undefined ? {} : { version: { etag } }) };
}

/** URL encoding as servers do it here: a space is a plus sign. */
function decodeKey(key: string): string | undefined {
  try {
    return decodeURIComponent(key.replaceAll("+", " "));
  } catch {
    return undefined; // No URL encoding: the caller refuses it.
  }
}
