/** Listing a bucket, by pages of a thousand. Google Cloud Storage "Objects: list". */
import { isPlainObject } from "../../base/options.ts";
import { httpError } from "../http/http-request.ts";
import type { ListEntry } from "../port.ts";
import { bucketFailure, type GcsClient } from "./client.ts";
import { generationOf, jsonOf, numberOf } from "./json-answer.ts";
import { timeOf } from "./look-up.ts";

/** A thousand entries with the longest names, each character of which may take six. */
const PAGE_BYTES_MAX = 16 * 1024 * 1024;

/** Pages without an entry, one after another: servers pass over what was deleted. */
const EMPTY_PAGES_MAX = 10_000;

/** All objects whose name starts so; paths are relative to `folder`. One request per 1,000. */
export async function* listBucket(
  client: GcsClient,
  folder: string,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<ListEntry> {
  const start = `${folder}${prefix}`;
  let pageToken: string | undefined;
  for (let empty = 0; empty < EMPTY_PAGES_MAX; ) {
    signal?.throwIfAborted();
    const answer = await client.request({
      url: client.objectUrl(),
      method: "GET",
      query: {
        maxResults: "1000",
        fields: "items(name,size,updated,generation),nextPageToken",
        ...(start === "" ? {} : { prefix: start }),
        ...(pageToken === undefined ? {} : { pageToken }),
      },
      cache: "no-store",
      signal,
      bytesMax: PAGE_BYTES_MAX,
      failureOf: (found) =>
        jsonOf(found) === undefined ? { reason: "no list in its answer" } : bucketFailure(found),
    });
    const { items = [], nextPageToken: next } = jsonOf(answer) ?? {};
    if (!Array.isArray(items)) throw refuse(client, "it has no entries");
    empty = items.length === 0 ? empty + 1 : 0;
    for (const item of items) {
      const found = entryOf(item);
      if (found === undefined || !found.path.startsWith(start))
        throw refuse(client, "it names what was not asked for");
      const path = found.path.slice(folder.length);
      // Consoles make objects that stand for folders; no path of ours ends so.
      if (path !== "" && !path.endsWith("/")) yield { ...found, path };
    }
    if (next === undefined || next === "") return;
    if (typeof next !== "string" || next === pageToken) break;
    pageToken = next;
  }
  throw refuse(client, "it does not end");
}

function refuse(client: GcsClient, reason: string): Error {
  return httpError("unexpected-response", client.objectUrl(), `the server's list: ${reason}`, {});
}

function entryOf(item: unknown): ListEntry | undefined {
  if (!isPlainObject(item)) return undefined;
  const { name } = item;
  const sizeBytes = numberOf(item["size"]);
  const lastModified = timeOf(item["updated"]);
  const generation = generationOf(item["generation"]);
  if (typeof name !== "string" || sizeBytes === undefined || lastModified === undefined)
    return undefined;
  return {
    path: name,
    sizeBytes,
    lastModified,
    ...(generation === undefined ? {} : { version: { generation } }),
  };
}
