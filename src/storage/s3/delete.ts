/** Deleting objects, a thousand at a time. S3 API "DeleteObjects". */
import { mapConcurrent } from "../../base/concurrency.ts";
import { makeError } from "../../base/errors.ts";
import { encodeXml, fitsXml, textIn, xmlElements } from "../http/xml.ts";
import type { DeleteOutcome } from "../port.ts";
import { type S3Client, sha256 } from "./client.ts";
import { failureIn, textOf } from "./put.ts";

const BATCH_SIZE = 1000;
const BATCHES_AT_ONCE = 4;

/** Deletes objects; what is absent is deleted. One request per 1,000. */
export async function deleteObjects(
  client: S3Client,
  folder: string,
  paths: readonly string[],
  signal: AbortSignal | undefined,
): Promise<DeleteOutcome[]> {
  const isOne = paths.length === 1;
  const single = paths.filter((path) => isOne || !fitsXml(path));
  const listed = paths.filter((path) => !isOne && fitsXml(path));
  const batches: (readonly string[])[] = single.map((path) => [path]);
  for (let at = 0; at < listed.length; at += BATCH_SIZE)
    batches.push(listed.slice(at, at + BATCH_SIZE));
  const outcomes = await mapConcurrent(batches, BATCHES_AT_ONCE, async (batch, index) => {
    signal?.throwIfAborted();
    try {
      return index < single.length
        ? await deleteOne(client, folder, batch[0] as string, signal)
        : await deleteBatch(client, folder, batch, signal);
    } catch (error) {
      signal?.throwIfAborted();
      return batch.map((path): DeleteOutcome => ({ path, outcome: "failed", error }));
    }
  });
  return outcomes.flat();
}

async function deleteOne(
  client: S3Client,
  folder: string,
  path: string,
  signal: AbortSignal | undefined,
): Promise<DeleteOutcome[]> {
  await client.request({
    key: `${folder}${path}`,
    method: "DELETE",
    signal,
    isExpected: (status) => status === 204 || status === 200 || status === 404,
  });
  return [{ path, outcome: "deleted" }];
}

async function deleteBatch(
  client: S3Client,
  folder: string,
  paths: readonly string[],
  signal: AbortSignal | undefined,
): Promise<DeleteOutcome[]> {
  const objects = paths.map(
    (path) => `<Object><Key>${encodeXml(`${folder}${path}`)}</Key></Object>`,
  );
  const body = new TextEncoder().encode(
    `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Quiet>true</Quiet>${objects.join("")}</Delete>`,
  );
  const checksum = btoa(String.fromCharCode(...(await sha256(body))));
  const answer = await client.request({
    method: "POST",
    query: { delete: "" },
    // S3 wants one, and this is what all servers know.
    headers: { "x-amz-sdk-checksum-algorithm": "SHA256", "x-amz-checksum-sha256": checksum },
    body,
    signal,
    failureOf: (found) => {
      const xml = textOf(found);
      const isResult = /<DeleteResult[\s/>]/.test(xml);
      return isResult ? undefined : failureIn("DeleteResult", "Deleted")(found);
    },
  });
  const failures = new Map<string, string>();
  for (const error of xmlElements(textOf(answer), "Error")) {
    const code = textIn(error, "Code") ?? "unknown";
    if (code !== "NoSuchKey") failures.set(textIn(error, "Key") ?? "", code);
  }
  return paths.map((path): DeleteOutcome => {
    const code = failures.get(`${folder}${path}`);
    if (code === undefined) return { path, outcome: "deleted" };
    const shown = /^[A-Za-z0-9]{1,64}$/.test(code) ? code : "unknown";
    const error = makeError("object-store", `delete of ${path}: the server answered ${shown}`, {
      details: { path, code: shown },
    });
    return { path, outcome: "failed", error };
  });
}
