/** Copies inside a bucket, made by the server. Google Cloud Storage "Objects: rewrite". */
import { encodeUtf8 } from "../../base/bytes.ts";
import { httpError } from "../http/http-request.ts";
import type { GcsClient } from "./client.ts";
import { bucketFailure } from "./client.ts";
import { jsonOf } from "./json-answer.ts";
import { lookUp } from "./look-up.ts";

/** One copy. */
interface GcsCopy {
  readonly from: string;
  readonly to: string;
  /** The state that is copied; left out: the newest. */
  readonly generation: string | undefined;
  /** Left out: the bucket's own. */
  readonly storageClass: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Large objects that change their storage class are copied in steps. */
const STEPS_MAX = 10_000;

/** Whether the object was there, in that state. One request; two with a storage class. */
export async function copyObject(client: GcsClient, copy: GcsCopy): Promise<boolean> {
  const { from, to, generation, storageClass, signal } = copy;
  let body: object = {};
  if (storageClass !== undefined) {
    // What is said of a copy replaces all that was said of the object.
    const found = await lookUp(client, from, signal);
    if (found === undefined) return false;
    body = { contentType: found.contentType, metadata: found.metadata, storageClass };
  }
  // Named twice: servers that do not know the condition have no other state of an object.
  const source: Record<string, string> =
    generation === undefined
      ? {}
      : { sourceGeneration: generation, ifSourceGenerationMatch: generation };
  const { pathname } = client.objectUrl(to);
  const url = client.objectUrl(from);
  url.pathname += `/rewriteTo${pathname.slice(pathname.lastIndexOf("/b/"))}`;
  let rewriteToken: string | undefined;
  for (let step = 0; step < STEPS_MAX; step++) {
    signal?.throwIfAborted();
    const answer = await client.request({
      url,
      method: "POST",
      query: {
        fields: "done,rewriteToken",
        ...source,
        ...(rewriteToken === undefined ? {} : { rewriteToken }),
      },
      headers: { "content-type": "application/json; charset=UTF-8" },
      body: encodeUtf8(JSON.stringify(body)),
      signal,
      isExpected: (status) => status === 200 || status === 404 || status === 412,
      failureOf: (found) =>
        found.status === 200 && typeof jsonOf(found)?.["done"] !== "boolean"
          ? { reason: "no end of the copy in its answer" }
          : bucketFailure(found),
    });
    if (answer.status !== 200) return false;
    const found = jsonOf(answer) ?? {};
    if (found["done"] === true) return true;
    if (typeof found["rewriteToken"] !== "string") break;
    rewriteToken = found["rewriteToken"];
  }
  throw httpError("unexpected-response", url, "the server does not say how to go on", {});
}
